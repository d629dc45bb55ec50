"""Rows whose cost contradicts their tokens and prices are counted and listed."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the count and the list; of imports before neither is known."""
    op.add_column("imports", sa.Column("rows_doubted", sa.BigInteger()))
    op.create_table(
        "doubted_rows",
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String()),
        sa.Column("value", sa.String()),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("original", sa.String()),
    )
