"""What is kept in a cache for an hour is told apart from other writes to it, and has a price of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"


def upgrade() -> None:
    """Add the columns; of calls and sums before it is not known, so that their costs stay."""
    for table in ("calls", "usage_buckets"):
        op.add_column(table, sa.Column("cache_write_1h_tokens", sa.BigInteger()))
    op.add_column("rollup_days", sa.Column("cache_write_1h_tokens", sa.Numeric(38, 0)))
    op.add_column("price_rules", sa.Column("cache_write_1h_price", sa.Numeric(12, 6)))
