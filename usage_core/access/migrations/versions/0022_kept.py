"""No entry of the audit log takes the place of another, and no sign-in that ended comes back.

`INSERT OR REPLACE` removes a row without a word to the triggers on removing one.
"""

from alembic import op

revision = "0022"
down_revision = "0002"

KEPT = "sign-ins that ended stay ended"


def upgrade() -> None:
    """Create the triggers."""
    op.execute(
        "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit WHERE entry = NEW.entry) "
        "BEGIN SELECT RAISE(ABORT, 'entries of the audit log are only ever added'); END"
    )
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER ended_no_{change.lower()} BEFORE {change} ON ended_sign_ins "
            f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
        )
