"""The audit log, which refuses that anything in it be changed, and sign-ins ended before their time."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables, and what keeps entries as they are."""
    op.create_table(
        "audit",
        sa.Column("entry", sa.Integer(), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("who", sa.String()),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("rows", sa.BigInteger()),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ended_sign_ins",
        sa.Column("sign_in", sa.String()),
        sa.Column("email", sa.String()),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_index("ended_by_sign_in", "ended_sign_ins", ["sign_in"])
    op.create_index("ended_by_email", "ended_sign_ins", ["email"])
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'entries of the audit log are only ever added'); END"
        )
