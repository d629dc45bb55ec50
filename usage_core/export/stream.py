"""The calls of a selection in order of time, slice by slice, from one consistent state of the store."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pyarrow as pa
import sqlalchemy as sa

from usage_core.export.content import Content
from usage_core.export.formats import File, file
from usage_core.metrics.answer import coverage
from usage_core.metrics.question import conditions
from usage_core.metrics.slices import slices
from usage_core.schema import COLUMNS, EXPORT_COLUMNS, Column
from usage_core.selection import Selection
from usage_core.store.lake import Lake, arrow
from usage_core.store.tables import CALLS

SLICE_ROWS, FIRST_ROWS = 200_000, 10_000

# Every column takes part, so that calls of one instant have one order in every export.
ORDER = [CALLS.c[column.name] for column in COLUMNS]


def file_stream(
    lake: Lake,
    selection: Selection,
    kind: File,
    sent: Callable[[int], None] = lambda _rows: None,
    content: Content | None = None,
) -> Iterator[bytes]:
    """The selection's calls, or other content of it, as a file, in pieces; at its end, also an early one,
    `sent` is told how many rows they held.

    Holds one reading transaction until it is exhausted or closed. An error ends it in the middle,
    and whoever writes the pieces must not make a whole file of them.
    """
    content = content or kind.format.content or calls(kind.format.columns)
    writer, rows = kind.writer(content.columns), 0
    try:
        yield from _whole(writer.begin())
        with lake.reading() as connection:
            for table in content.tables(connection, selection):
                yield from _whole(writer.rows(table))
                rows += table.num_rows
        yield from _whole(writer.end())
    finally:
        sent(rows)


def csv_stream(lake: Lake, selection: Selection) -> Iterator[bytes]:
    """The selection's calls as CSV of the ten columns, in pieces, the header first; see `file_stream`."""
    return file_stream(lake, selection, file())


def _whole(piece: bytes) -> Iterator[bytes]:
    if piece:
        yield piece


def calls(columns: Sequence[Column]) -> Content:
    """Calls with these columns."""
    return Content(columns, partial(tables, columns=columns))


def tables(
    connection: sa.Connection, selection: Selection, columns: Sequence[Column] = EXPORT_COLUMNS
) -> Iterator[pa.Table]:
    """The selection's calls as Arrow tables of these columns, in order of time."""
    asked = [CALLS.c[column.name] for column in columns]
    order = ORDER[: len(asked)] if len(asked) == len(EXPORT_COLUMNS) else ORDER
    for start, end in slices(connection, selection, SLICE_ROWS, coverage(connection), FIRST_ROWS):
        within = (CALLS.c.called_at >= start, CALLS.c.called_at < end)
        statement = sa.select(*asked).where(*conditions(selection), *within)
        yield arrow(connection, statement.order_by(*order))
