"""Price rules, and sums by price."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def _prices(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Numeric(12, 6)) for name in names]


def upgrade() -> None:
    """Create both, empty: whoever runs the steps fills empty rollups afterwards."""
    op.create_table(
        "price_rules",
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("provider", sa.String()),
        sa.Column("model", sa.String()),
        sa.Column("since", sa.DateTime()),
        sa.Column("until", sa.DateTime()),
        *_prices("input_price", "output_price", "cache_read_price", "cache_write_price", "percent"),
        sa.Column("stands_for", sa.String()),
        sa.Column("note", sa.String()),
        sa.Column("entered_at", sa.DateTime(), nullable=False),
        sa.Column("entered_by", sa.String()),
        sa.Column("withdrawn_at", sa.DateTime()),
        sa.Column("withdrawn_by", sa.String()),
    )
    op.create_table(
        "rollup_prices",
        sa.Column("day", sa.DateTime(), nullable=False),
        sa.Column("provider_name", sa.String()),
        sa.Column("model_name", sa.String()),
        sa.Column("kind", sa.String()),
        sa.Column("cost_basis", sa.String()),
        *_prices("input_price", "output_price"),
        sa.Column("calls", sa.BigInteger()),
        sa.Column("input_tokens", sa.Numeric(38, 0)),
        sa.Column("output_tokens", sa.Numeric(38, 0)),
        sa.Column("cost_pico", sa.Numeric(38, 0)),
        sa.Column("unpriced_calls", sa.BigInteger()),
        sa.Column("untimed_calls", sa.BigInteger()),
    )
