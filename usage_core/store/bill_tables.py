"""The tables of bills: what providers charge, what its names stand for, and what was said of their months."""

import sqlalchemy as sa

from usage_core.schema import Form
from usage_core.store.table_parts import METADATA, TYPES, moments, texts

AMOUNT = sa.Numeric(38, 18)
"""An amount as a bill prints it, in the bill's currency; computed costs beside it in USD."""

BILLS = sa.Table(
    "bills",
    METADATA,
    *texts("bill_id", "file_hash", "file_name", "source", "provider", "account", "currency", "zone"),
    *moments("first_day", "until_day"),
    sa.Column("decimals", sa.BigInteger()),
    *(sa.Column(name, sa.BigInteger()) for name in ("rows_read", "rows_stored", "rows_skipped")),
    sa.Column("taken_at", sa.DateTime()),
    *texts("taken_by", "replaced_by"),
    sa.Column("withdrawn_at", sa.DateTime()),
    *texts("withdrawn_by"),
    sa.Column("usd_rate", sa.Numeric(18, 9)),
    sa.Column("rated_at", sa.DateTime()),
    *texts("rated_by"),
)
"""One row per provider, account and currency of a file; rows_read = rows_stored + rows_skipped of the file.

Days are the provider's, [first_day, until_day), naive, in `zone`. A bill is in force until another
replaces it or it is withdrawn; it is never deleted. `usd_rate` is USD for one unit of its currency."""

BILL_LINES = sa.Table(
    "bill_lines",
    METADATA,
    *texts("bill_id"),
    sa.Column("line", sa.BigInteger()),
    *moments("first_day", "until_day"),
    *texts("charge", "model", "api_key", "key_name", "project", "token_class"),
    *(sa.Column(name, sa.BigInteger()) for name in ("quantity", "requests")),
    sa.Column("amount", AMOUNT),
    *texts("description"),
)
"""What a bill charges; `quantity` is tokens. See `bills.format.Line`."""

BILL_ALIASES = sa.Table(
    "bill_aliases",
    METADATA,
    *texts("alias_id", "kind", "provider", "billed_as", "stands_for"),
    sa.Column("entered_at", sa.DateTime()),
    *texts("entered_by"),
    sa.Column("withdrawn_at", sa.DateTime()),
    *texts("withdrawn_by"),
)
"""Which model or key of the log a name on a provider's bills stands for."""

BILL_SIGNOFFS = sa.Table(
    "bill_signoffs",
    METADATA,
    *texts("signoff_id", "provider"),
    sa.Column("month", sa.DateTime()),
    *(sa.Column(name, AMOUNT) for name in ("billed", "computed")),
    sa.Column("calls", sa.BigInteger()),
    *texts("bills", "note"),
    sa.Column("signed_at", sa.DateTime()),
    *texts("signed_by"),
    sa.Column("withdrawn_at", sa.DateTime()),
    *texts("withdrawn_by"),
)
"""What was found right of a provider's month, with the figures and bills it was said of."""

BILL_TOLERANCES = sa.Table(
    "bill_tolerances",
    METADATA,
    *texts("provider"),
    *(sa.Column(name, TYPES[Form.PRICE]) for name in ("percent", "usd")),
    sa.Column("set_at", sa.DateTime()),
    *texts("set_by"),
)
"""How large a difference of a provider's month is let pass; the newest row of a provider counts."""
