"""Calls are no longer told apart by their month where they are stored: files say how far they go."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Have the store take files of calls as they are written (see `store.call_files`).

    Until this transaction is over, DuckLake breaks down where a row is put into the table.
    """
    op.execute("ALTER TABLE calls RESET PARTITIONED BY")
