"""Receipts say what was skipped, and which columns were not kept."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns; nothing was skipped before."""
    op.add_column("imports", sa.Column("rows_skipped", sa.BigInteger()))
    op.add_column("imports", sa.Column("skipped_reasons", sa.String()))
    op.add_column("imports", sa.Column("columns_dropped", sa.String()))
    op.execute("UPDATE imports SET rows_skipped = 0")
