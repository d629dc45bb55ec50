"""The calls of a selection in order of time, slice by slice, from one consistent state of the store."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pyarrow as pa
import sqlalchemy as sa

from usage_core.export.aside import one_thread
from usage_core.export.coded import coded
from usage_core.export.content import Content
from usage_core.export.formats import File, file
from usage_core.metrics.answer import coverage
from usage_core.metrics.question import conditions
from usage_core.metrics.slices import slices
from usage_core.schema import EXPORT_COLUMNS, Column
from usage_core.selection import Selection
from usage_core.store.lake import Lake
from usage_core.store.tables import CALLS

SLICE_ROWS, FIRST_ROWS = 500_000, 10_000
"""Of ten columns; where there are more of them, memory holds fewer rows."""


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
            for table in _ahead(content.tables(connection, selection)):
                yield from filter(None, writer.rows(table))
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


def _ahead(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Tables, each read while the one before it is written."""
    with one_thread() as reader:
        coming = reader.submit(next, tables, None)
        while (table := coming.result()) is not None:
            coming = reader.submit(next, tables, None)
            yield table


def calls(columns: Sequence[Column]) -> Content:
    """Calls with these columns."""
    return Content(columns, partial(tables, columns=columns))


def tables(
    connection: sa.Connection, selection: Selection, columns: Sequence[Column] = EXPORT_COLUMNS
) -> Iterator[pa.Table]:
    """The selection's calls as Arrow tables of these columns, in order of time.

    All columns take part in the order, so that calls of one instant have one order in every export.
    """
    size = max(SLICE_ROWS * len(EXPORT_COLUMNS) // len(columns), 1)
    for start, end in slices(connection, selection, size, coverage(connection), FIRST_ROWS):
        within = (CALLS.c.called_at >= start, CALLS.c.called_at < end)
        yield coded(connection, columns, (*conditions(selection), *within))
