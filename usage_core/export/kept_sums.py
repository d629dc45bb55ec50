"""The sums by month of calls that are no longer kept, as a table and as a file."""

import pyarrow as pa
import sqlalchemy as sa

from usage_core.export import csv_lines
from usage_core.export.sums import KEY, MODEL, PERIOD, SUMS
from usage_core.store.rows import arrow
from usage_core.store.tables import KEPT_MONTHS

k = KEPT_MONTHS.c

COLUMNS = (
    PERIOD,
    *KEY,
    *MODEL,
    *(SUMS[name] for name in ("calls", "input_tokens", "output_tokens", "cost_usd", "unpriced_calls")),
)


def kept_months(connection: sa.Connection) -> pa.Table:
    """The sums, the newest month first; a column of each of `COLUMNS`' names, amounts in pico-USD."""
    by = (k.api_key_id, k.api_key_name, k.provider_name, k.model_name)
    period = sa.cast(sa.cast(k.month, sa.Date()), sa.String()).label(PERIOD.name)
    groups = [column.label(each.name) for column, each in zip(by, (*KEY, *MODEL), strict=True)]
    sums = [sa.func.sum(k[each.name]).label(each.name) for each in COLUMNS[len(by) + 1 :]]
    chosen = sa.select(period, *groups, *sums).group_by(k.month, *by)
    return arrow(connection, chosen.order_by(k.month.desc(), *by))


def kept_csv(kept: pa.Table) -> bytes:
    """The sums as CSV, safe to open as a table."""
    return csv_lines.header(COLUMNS) + csv_lines.lines(kept, COLUMNS)
