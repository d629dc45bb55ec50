"""Rows set aside are kept as they came."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns; of rows set aside before, only what was refused is known."""
    op.add_column("rejected_rows", sa.Column("original", sa.String()))
    op.add_column("imports", sa.Column("headings", sa.String()))
