"""Calls say how they were served, and prices for which calls they are."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the columns; calls before were served as usual, as far as is known."""
    op.add_column("calls", sa.Column("service_tier", sa.String()))
    op.add_column("price_rules", sa.Column("service_tier", sa.String()))
