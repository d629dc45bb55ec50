"""Sums by month of calls that are no longer kept."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the table."""
    texts = ("api_key_id", "api_key_name", "provider_name", "model_name", "kind")
    totals = ("input_tokens", "output_tokens", "cost_pico")
    others = ("unpriced_calls", "untimed_calls")
    op.create_table(
        "kept_months",
        sa.Column("month", sa.DateTime()),
        *(sa.Column(name, sa.String()) for name in texts),
        sa.Column("calls", sa.BigInteger()),
        *(sa.Column(name, sa.Numeric(38, 0)) for name in totals),
        *(sa.Column(name, sa.BigInteger()) for name in others),
    )
