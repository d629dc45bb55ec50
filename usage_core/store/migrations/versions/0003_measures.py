"""More measures by day, and completion times by key."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add what is missing; whoever runs the steps fills empty rollups afterwards."""
    op.execute("DELETE FROM rollup_days")
    for name in (
        "input_cost_pico",
        "output_cost_pico",
        "cache_read_tokens",
        "cache_write_tokens",
        "priced_tokens",
        "timed_output_tokens",
        "timed_output_ms",
    ):
        op.add_column("rollup_days", sa.Column(name, sa.Numeric(38, 0)))
    op.add_column("rollup_days", sa.Column("longest_ms", sa.BigInteger()))
    op.create_table(
        "rollup_key_times",
        sa.Column("day", sa.DateTime(), nullable=False),
        sa.Column("api_key_id", sa.String()),
        sa.Column("kind", sa.String()),
        sa.Column("time_bin", sa.BigInteger()),
        sa.Column("calls", sa.BigInteger(), nullable=False),
    )
