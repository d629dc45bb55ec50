"""The calls of a selection in order of time, slice by slice, from one consistent state of the store."""

from collections.abc import Iterator

import pyarrow as pa
import sqlalchemy as sa

from usage_core.export import csv_lines
from usage_core.metrics.question import conditions
from usage_core.metrics.slices import slices
from usage_core.schema import EXPORT_COLUMNS
from usage_core.selection import Selection
from usage_core.store.lake import Lake, arrow
from usage_core.store.tables import CALLS

SLICE_ROWS = 200_000

# Every column takes part, so that calls of one instant have one order in every export.
_COLUMNS = [CALLS.c[column.name] for column in EXPORT_COLUMNS]


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
    for start, end in slices(connection, selection, SLICE_ROWS):
        within = (CALLS.c.called_at >= start, CALLS.c.called_at < end)
        statement = sa.select(*_COLUMNS).where(*conditions(selection), *within)
        yield arrow(connection, statement.order_by(*_COLUMNS))
