"""Calls are sorted by whoever stores them, where they are not in order already."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Have the store sort them no more: it would sort those of a file that is in order, too."""
    op.execute("ALTER TABLE calls RESET SORTED BY")
