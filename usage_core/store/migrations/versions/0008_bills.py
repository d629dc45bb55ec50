"""Providers' bills, what names on them stand for, and what an administrator said of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.String()) for name in names]


def upgrade() -> None:
    """Create the tables, empty."""
    _create_bills()
    _create_what_is_said()


def _create_bills() -> None:
    op.create_table(
        "bills",
        *_texts("bill_id", "file_hash", "file_name", "source", "provider", "account", "currency", "zone"),
        sa.Column("first_day", sa.DateTime()),
        sa.Column("until_day", sa.DateTime()),
        sa.Column("decimals", sa.BigInteger()),
        sa.Column("rows_read", sa.BigInteger()),
        sa.Column("rows_stored", sa.BigInteger()),
        sa.Column("rows_skipped", sa.BigInteger()),
        sa.Column("taken_at", sa.DateTime()),
        sa.Column("taken_by", sa.String()),
        sa.Column("replaced_by", sa.String()),
        sa.Column("withdrawn_at", sa.DateTime()),
        sa.Column("withdrawn_by", sa.String()),
        sa.Column("usd_rate", sa.Numeric(18, 9)),
        sa.Column("rated_at", sa.DateTime()),
        sa.Column("rated_by", sa.String()),
    )
    op.create_table(
        "bill_lines",
        sa.Column("bill_id", sa.String()),
        sa.Column("line", sa.BigInteger()),
        sa.Column("first_day", sa.DateTime()),
        sa.Column("until_day", sa.DateTime()),
        *_texts("charge", "model", "api_key", "key_name", "project", "token_class"),
        sa.Column("quantity", sa.BigInteger()),
        sa.Column("requests", sa.BigInteger()),
        sa.Column("amount", sa.Numeric(38, 18)),
        sa.Column("description", sa.String()),
    )


def _create_what_is_said() -> None:
    op.create_table(
        "bill_aliases",
        *_texts("alias_id", "kind", "provider", "billed_as", "stands_for"),
        sa.Column("entered_at", sa.DateTime()),
        sa.Column("entered_by", sa.String()),
        sa.Column("withdrawn_at", sa.DateTime()),
        sa.Column("withdrawn_by", sa.String()),
    )
    op.create_table(
        "bill_signoffs",
        *_texts("signoff_id", "provider"),
        sa.Column("month", sa.DateTime()),
        sa.Column("billed", sa.Numeric(38, 18)),
        sa.Column("computed", sa.Numeric(38, 18)),
        sa.Column("calls", sa.BigInteger()),
        *_texts("bills", "note"),
        sa.Column("signed_at", sa.DateTime()),
        sa.Column("signed_by", sa.String()),
        sa.Column("withdrawn_at", sa.DateTime()),
        sa.Column("withdrawn_by", sa.String()),
    )
    op.create_table(
        "bill_tolerances",
        sa.Column("provider", sa.String()),
        sa.Column("percent", sa.Numeric(12, 6)),
        sa.Column("usd", sa.Numeric(12, 6)),
        sa.Column("set_at", sa.DateTime()),
        sa.Column("set_by", sa.String()),
    )
