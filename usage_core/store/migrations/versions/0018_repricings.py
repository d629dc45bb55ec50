"""Calls keep the prices that pricing anew replaced, and every repricing is recorded."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

REPLACED = (
    "STRUCT(repricing BIGINT, cost_pico BIGINT, cost_basis VARCHAR, "
    "input_price DECIMAL(12, 6), output_price DECIMAL(12, 6))[]"
)


def _sums() -> list[sa.Column[Any]]:
    return [
        sa.Column("calls", sa.BigInteger()),
        *(sa.Column(name, sa.Numeric(38, 0)) for name in ("cost_before", "cost_after")),
        *(sa.Column(name, sa.BigInteger()) for name in ("unpriced_before", "unpriced_after")),
    ]


def upgrade() -> None:
    """Add the column and the tables; of repricings before nothing is known."""
    op.execute(f"ALTER TABLE calls ADD COLUMN replaced {REPLACED}")
    op.create_table(
        "repricings",
        sa.Column("number", sa.BigInteger()),
        sa.Column("applied_at", sa.DateTime()),
        *(sa.Column(name, sa.String()) for name in ("applied_by", "catalogue_version", "catalogues_before")),
        *(sa.Column(name, sa.DateTime()) for name in ("first_call_at", "last_call_at")),
        *_sums(),
        sa.Column("undone_at", sa.DateTime()),
        sa.Column("undone_by", sa.String()),
        sa.Column("calls_undone", sa.BigInteger()),
    )
    op.create_table(
        "repricing_sums",
        sa.Column("number", sa.BigInteger()),
        sa.Column("month", sa.DateTime()),
        sa.Column("api_key_id", sa.String()),
        *_sums(),
    )
