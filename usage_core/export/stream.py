"""The calls of a selection in order of time, slice by slice, from one consistent state of the store.

Sorting a whole year before the first byte would keep a reader waiting and fill the memory. The calls
are counted per hour instead, hours are joined or cut into slices of like size, and each slice is
sorted by itself: together they are sorted, and memory holds one slice.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pyarrow as pa
import sqlalchemy as sa

from usage_core.export import csv_lines
from usage_core.metrics.question import conditions
from usage_core.schema import EXPORT_COLUMNS
from usage_core.selection import Selection
from usage_core.store.lake import Lake, arrow
from usage_core.store.tables import CALLS

SLICE_ROWS = 200_000
CUTS = {"hour": timedelta(hours=1), "minute": timedelta(minutes=1), "second": timedelta(seconds=1)}

# Every column takes part, so that calls of one instant have one order in every export.
_COLUMNS = [CALLS.c[column.name] for column in EXPORT_COLUMNS]

Slice = tuple[datetime, datetime]


def csv_stream(lake: Lake, selection: Selection) -> Iterator[bytes]:
    """The selection's calls as CSV, in pieces, the header first.

    Holds one reading transaction until it is exhausted or closed. An error ends it in the middle,
    and whoever writes the pieces must not make a whole file of them.
    """
    yield csv_lines.HEADER
    with lake.reading() as connection:
        for table in tables(connection, selection):
            yield csv_lines.lines(table)


def tables(connection: sa.Connection, selection: Selection) -> Iterator[pa.Table]:
    """The selection's calls as Arrow tables of the ten export columns, in order of time."""
    frame = selection.timeframe
    whole = (frame.start.replace(tzinfo=None), frame.end.replace(tzinfo=None))
    for start, end in _slices(connection, selection, whole, *CUTS):
        within = (CALLS.c.called_at >= start, CALLS.c.called_at < end)
        statement = sa.select(*_COLUMNS).where(*conditions(selection), *within)
        yield arrow(connection, statement.order_by(*_COLUMNS))


def _slices(
    connection: sa.Connection, selection: Selection, within: Slice, unit: str, *finer: str
) -> Iterator[Slice]:
    """Cut a range into slices of about SLICE_ROWS calls, in order; ranges without calls are left out."""
    period = sa.func.date_trunc(sa.literal_column(f"'{unit}'"), CALLS.c.called_at).label("period")
    counted = (
        sa.select(period, sa.func.count())
        .where(*conditions(selection), CALLS.c.called_at >= within[0], CALLS.c.called_at < within[1])
        .group_by(period)
        .order_by(period)
    )
    start: datetime | None = None
    end, rows = within[0], 0
    for at, count in connection.execute(counted).all():
        if start is not None and rows + count > SLICE_ROWS:
            yield start, end
            start, rows = None, 0
        stop = min(at + CUTS[unit], within[1])
        if count > SLICE_ROWS and finer:
            yield from _slices(connection, selection, (max(at, within[0]), stop), *finer)
            continue
        start, end, rows = start or max(at, within[0]), stop, rows + count
    if start is not None:
        yield start, end
