"""Rollups, and the workspace's settings."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the rollups, empty: whoever runs the steps fills them afterwards."""
    op.create_table(
        "workspace",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
    )
    op.execute("INSERT INTO workspace VALUES ('reporting_zone', 'UTC')")
    _sums("rollup_days", "day", "api_key_id", "provider_name", "model_name", "kind")
    _sums("rollup_key_hours", "hour", "api_key_id")
    _sums("rollup_model_hours", "hour", "provider_name", "model_name", "kind")
    op.create_table(
        "rollup_key_names",
        sa.Column("api_key_id", sa.String(), nullable=False),
        sa.Column("api_key_name", sa.String()),
        sa.Column("last_called_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "rollup_times",
        sa.Column("day", sa.DateTime(), nullable=False),
        sa.Column("provider_name", sa.String()),
        sa.Column("model_name", sa.String()),
        sa.Column("kind", sa.String()),
        sa.Column("time_bin", sa.BigInteger()),
        sa.Column("calls", sa.BigInteger(), nullable=False),
    )


def _sums(name: str, period: str, *groups: str) -> None:
    op.create_table(
        name,
        sa.Column(period, sa.DateTime(), nullable=False),
        *(sa.Column(group, sa.String()) for group in groups),
        sa.Column("calls", sa.BigInteger()),
        sa.Column("input_tokens", sa.Numeric(38, 0)),
        sa.Column("output_tokens", sa.Numeric(38, 0)),
        sa.Column("cost_pico", sa.Numeric(38, 0)),
        sa.Column("unpriced_calls", sa.BigInteger()),
        sa.Column("untimed_calls", sa.BigInteger()),
    )
