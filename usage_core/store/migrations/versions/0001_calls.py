"""Calls, import receipts and rows set aside."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    _calls()
    _imports()


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("called_at", sa.DateTime(), nullable=False),
        sa.Column("api_key_id", sa.String(), nullable=False),
        sa.Column("api_key_name", sa.String()),
        sa.Column("provider", sa.String()),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger()),
        sa.Column("output_tokens", sa.BigInteger()),
        sa.Column("completion_time_ms", sa.BigInteger()),
        sa.Column("input_price", sa.Numeric(12, 6)),
        sa.Column("output_price", sa.Numeric(12, 6)),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cost_pico", sa.BigInteger()),
        sa.Column("cost_basis", sa.String(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger()),
        sa.Column("cache_write_tokens", sa.BigInteger()),
        sa.Column("reasoning_tokens", sa.BigInteger()),
        sa.Column("time_to_first_token_ms", sa.BigInteger()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_call_id", sa.String()),
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("provider_name", sa.String()),
        sa.Column("model_name", sa.String(), nullable=False),
    )
    op.execute("ALTER TABLE calls SET PARTITIONED BY (year(called_at), month(called_at))")
    op.execute("ALTER TABLE calls SET SORTED BY (called_at)")


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_stored", sa.BigInteger(), nullable=False),
        sa.Column("rows_duplicate", sa.BigInteger(), nullable=False),
        sa.Column("rows_rejected", sa.BigInteger(), nullable=False),
        sa.Column("first_call_at", sa.DateTime()),
        sa.Column("last_call_at", sa.DateTime()),
        sa.Column("catalogue_version", sa.String(), nullable=False),
    )
    op.create_table(
        "rejected_rows",
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String()),
        sa.Column("value", sa.String()),
        sa.Column("reason", sa.String(), nullable=False),
    )
