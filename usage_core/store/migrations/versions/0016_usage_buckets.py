"""Usage that sources have added up already, and the period of the files that it came in."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

TEXTS = ("meter", "api_key_id", "api_key_name", "project", "provider", "model", "kind", "service_tier")
COUNTS = ("calls", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "cost_pico")


def upgrade() -> None:
    """Make the table, and let receipts say which period sums are of."""
    made = ("provider_name", "model_name", "cost_basis", "source", "import_id")
    op.create_table(
        "usage_buckets",
        sa.Column("period_start", sa.DateTime()),
        sa.Column("period_end", sa.DateTime()),
        *(sa.Column(name, sa.String()) for name in TEXTS),
        *(sa.Column(name, sa.BigInteger()) for name in COUNTS),
        *(sa.Column(name, sa.String()) for name in made),
        sa.Column("rank", sa.BigInteger()),
        sa.Column("imported_at", sa.DateTime()),
    )
    op.add_column("imports", sa.Column("first_period_start", sa.DateTime()))
    op.add_column("imports", sa.Column("last_period_end", sa.DateTime()))
