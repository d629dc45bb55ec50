"""The store's tables, derived from the record of one call."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from usage_core.buckets import COLUMNS as BUCKET_COLUMNS
from usage_core.schema import COLUMNS, EXPORT_COLUMNS, Form
from usage_core.store import bill_tables as _bill_tables  # noqa: F401 - METADATA has them once it is loaded
from usage_core.store import price_tables, table_parts
from usage_core.store.measures import COMMON, COUNT, MEASURES, Measure

METADATA, TYPES = table_parts.METADATA, table_parts.TYPES
_texts, _moments = table_parts.texts, table_parts.moments

VIEWS = sa.MetaData()
"""What a step of the schema makes as views of the tables."""


CALLS = sa.Table(
    "calls",
    METADATA,
    *(sa.Column(column.name, TYPES[column.form], nullable=not column.required) for column in COLUMNS),
    sa.Column("provider_name", sa.String()),
    sa.Column("model_name", sa.String(), nullable=False),
    sa.Column("replaced", price_tables.REPLACED),
)
"""One row per call. `provider_name` and `model_name` are the canonical spellings to group by; `replaced` are
the costs and prices it had before it was priced anew, the oldest first, NULL where it never was."""

IMPORTS = sa.Table(
    "imports",
    METADATA,
    sa.Column("import_id", sa.String(), nullable=False),
    sa.Column("imported_at", sa.DateTime(), nullable=False),
    sa.Column("file_name", sa.String(), nullable=False),
    sa.Column("file_bytes", sa.BigInteger(), nullable=False),
    sa.Column("source", sa.String(), nullable=False),
    *(
        sa.Column(f"rows_{part}", sa.BigInteger(), nullable=False)
        for part in ("read", "stored", "duplicate", "rejected")
    ),
    *_moments("first_call_at", "last_call_at"),
    sa.Column("catalogue_version", sa.String(), nullable=False),
    sa.Column("undone_at", sa.DateTime()),
    sa.Column("rows_skipped", sa.BigInteger()),
    *_texts("skipped_reasons", "columns_dropped", "headings"),
    *_moments("first_period_start", "last_period_end"),
    sa.Column("rows_doubted", sa.BigInteger()),
    *_texts("checksum"),
)
"""One receipt per imported file: rows_read = rows_stored + rows_duplicate + rows_rejected + rows_skipped. Of
an import that was undone it is all that is left. A file of calls has times of calls, one of sums of periods.

`rows_doubted` are those stored whose cost contradicts their tokens and prices.
`skipped_reasons` is a JSON object of reasons and rows, `columns_dropped` a JSON list of headings,
`headings` one of those that were kept; each NULL where unknown. `checksum` is of a file whose
calls are all in the store (see `intake.known_files`)."""

BUCKETS = sa.Table(
    "usage_buckets",
    METADATA,
    *(sa.Column(column.name, TYPES[column.form]) for column in BUCKET_COLUMNS),
    *_texts("provider_name", "model_name", "cost_basis", "source", "import_id"),
    sa.Column("rank", sa.BigInteger()),
    sa.Column("imported_at", sa.DateTime()),
)
"""One row per version of a bucket (see `buckets`). Of those that differ in nothing but what adds up the one
imported last counts; the others stay, so that undoing an import brings back what was before."""


def _rows_listed(name: str) -> sa.Table:
    return sa.Table(
        name,
        METADATA,
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        *_texts("field", "value"),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("original", sa.String()),
    )


REJECTED = _rows_listed("rejected_rows")
"""One row per row set aside, with its line in the file (the header is line 1). `original` is the row as it
came: a JSON object of headings and texts, or a JSON list of texts where they are not as many as headings."""

DOUBTED = _rows_listed("doubted_rows")
"""The same of rows that were stored though their cost contradicts their tokens and prices; the first of an
import, if they are many."""

LISTED_ROWS = (REJECTED, DOUBTED)

LIMITS = sa.Table(
    "limits",
    METADATA,
    sa.Column("provider", sa.String()),
    sa.Column("model", sa.String(), nullable=False),
    *(sa.Column(name, sa.BigInteger()) for name in ("calls_per_minute", "tokens_per_minute")),
    sa.Column("calls_in_flight", sa.BigInteger()),
    sa.Column("set_at", sa.DateTime(), nullable=False),
)
"""What the administrator says a provider allows of a model, by their canonical names; one row each, and
empty where there is no limit."""

WORKSPACE = sa.Table(
    "workspace",
    METADATA,
    *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "value")),
)
"""The workspace's settings; the reporting zone is among them."""


def _rollup(name: str, measures: Iterable[Measure], *groups: sa.Column[Any]) -> sa.Table:
    return sa.Table(name, METADATA, *groups, *(sa.Column(each.name, each.type) for each in measures))


DAYS = _rollup(
    "rollup_days",
    MEASURES,
    sa.Column("day", sa.DateTime(), nullable=False),
    *_texts("api_key_id", "provider_name", "model_name", "kind"),
)
"""Sums by local day of the workspace's zone (its midnight, naive), key, provider, model and kind."""

KEY_HOURS = _rollup(
    "rollup_key_hours", COMMON, sa.Column("hour", sa.DateTime(), nullable=False), *_texts("api_key_id")
)
"""Sums by UTC hour and key."""

MODEL_HOURS = _rollup(
    "rollup_model_hours",
    COMMON,
    sa.Column("hour", sa.DateTime(), nullable=False),
    *_texts("provider_name", "model_name", "kind"),
)
"""Sums by UTC hour, provider, model and kind."""

PRICES = sa.Table(
    "rollup_prices",
    METADATA,
    sa.Column("day", sa.DateTime(), nullable=False),
    *_texts("provider_name", "model_name", "kind", "cost_basis"),
    sa.Column("input_price", TYPES[Form.PRICE]),
    sa.Column("output_price", TYPES[Form.PRICE]),
    *(sa.Column(measure.name, measure.type) for measure in COMMON),
)
"""Sums by local day, provider, model, kind, where the cost comes from, and the prices of the calls."""

KEY_NAMES = sa.Table(
    "rollup_key_names",
    METADATA,
    sa.Column("api_key_id", sa.String(), nullable=False),
    sa.Column("api_key_name", sa.String()),
    sa.Column("last_called_at", sa.DateTime(), nullable=False),
)
"""The names each key was seen with, and when last."""


def _times(name: str, *groups: str) -> sa.Table:
    return sa.Table(
        name,
        METADATA,
        sa.Column("day", sa.DateTime(), nullable=False),
        *_texts(*groups),
        sa.Column("time_bin", sa.BigInteger()),
        sa.Column("calls", sa.BigInteger(), nullable=False),
    )


TIMES = _times("rollup_times", "provider_name", "model_name", "kind")
"""Calls by local day, provider, model, kind and bin of their completion time (NULL where unknown)."""

KEY_TIMES = _times("rollup_key_times", "api_key_id", "kind")
"""Calls by local day, key, kind and bin of their completion time (NULL where unknown)."""

DAY_TIMES = _times("rollup_day_times", "kind")
"""Calls by local day, kind and bin of their completion time (NULL where unknown)."""


def _lists(of: sa.Table) -> sa.Table:
    groups = [sa.Column(column.name, column.type) for column in of.columns[:-2]]
    return sa.Table(
        f"{of.name}_lists",
        VIEWS,
        sa.Column("whole_month", sa.Boolean()),
        *groups,
        sa.Column("bins", sa.ARRAY(sa.SmallInteger())),
        sa.Column("counts", sa.ARRAY(COUNT)),
    )


LISTS = {table: _lists(table) for table in (TIMES, KEY_TIMES, DAY_TIMES)}
"""The same, a row for each day and group: its bins, and the calls in each of them. Where `whole_month`,
the row is of the whole month (of the rollup's zone) that begins with its day."""

HELD = sa.Table(
    "held",
    VIEWS,
    sa.Column("calls", COUNT),
    sa.Column("first_call_at", sa.DateTime()),
    sa.Column("last_call_at", sa.DateTime()),
)
"""One row: how many calls there are, and when the first and the last were made."""

HOURS = sa.Table("hours", VIEWS, sa.Column("hour", sa.DateTime()), sa.Column("calls", COUNT))
"""How many calls each hour (UTC) has; none has no row."""

SOME_CALLS = sa.Table("some_calls", VIEWS, *(sa.Column(c.name, TYPES[c.form]) for c in EXPORT_COLUMNS))
"""A few calls, as an example."""

KEPT_BY = ("api_key_id", "api_key_name", "provider_name", "model_name", "kind")
KEPT_MONTHS = _rollup("kept_months", COMMON, sa.Column("month", sa.DateTime()), *_texts(*KEPT_BY))
"""Sums of calls that are no longer kept, by month (its first day, in the workspace's zone then) and more."""
