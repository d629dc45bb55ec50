"""When an import was undone."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; nothing was undone so far."""
    op.add_column("imports", sa.Column("undone_at", sa.DateTime()))
