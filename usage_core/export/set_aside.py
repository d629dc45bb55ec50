"""The rows an import set aside, or stored with a doubt, as a CSV file: why, and then each as it came.

The columns of the file come last, under their own headings, so that this file can be corrected and
imported in place of the first; the columns in front are not read.
"""

import json
from collections.abc import Iterator, Sequence

import pyarrow as pa
import sqlalchemy as sa

from usage_core import buckets
from usage_core.errors import SelectionError
from usage_core.export.csv_lines import lines
from usage_core.schema import BY_NAME, Column, Form
from usage_core.store.lake import Lake
from usage_core.store.rows import arrow
from usage_core.store.tables import IMPORTS, REJECTED

COLUMNS = (
    Column(Form.WHOLE, "Line", "Its line in the file; the header is line 1", name="line"),
    Column(Form.TEXT, "Field", "The field that was refused", name="field"),
    Column(Form.TEXT, "Value", "What the field held", name="value"),
    Column(Form.TEXT, "Reason", "Why the row was set aside", name="reason"),
)
ROWS_AT_ONCE = 100_000

_LABELS = {name: column.label for name, column in (buckets.BY_NAME | BY_NAME).items()}


def rows(import_id: str, of: sa.Table = REJECTED) -> sa.Select[int, str | None, str | None, str]:
    """The rows set aside by an import, in the order of the file, with fields as the export names them; or
    those of another table of such rows."""
    r = of.c
    return (
        sa.select(r.line, sa.case(_LABELS, value=r.field).label("field"), r.value, r.reason)
        .where(r.import_id == import_id)
        .order_by(r.line, r.reason)
    )


def is_import(lake: Lake, import_id: str) -> bool:
    """Whether the store has a receipt of this import."""
    known = sa.select(sa.literal(1)).where(IMPORTS.c.import_id == import_id)
    with lake.reading() as connection:
        return connection.execute(known.limit(1)).first() is not None


def csv_stream(lake: Lake, import_id: str, of: sa.Table = REJECTED) -> Iterator[bytes]:
    """The rows set aside by an import, or those of another table, as CSV, in pieces, the header first.

    Raises:
        SelectionError: there is no such import; before the first piece.
    """
    if not is_import(lake, import_id):
        raise SelectionError(f"There is no import {import_id[:60]!r}. Its receipt shows its id.")
    with lake.reading() as connection:
        headings = _headings(connection, import_id)
        columns = [*COLUMNS, *(_column(place, heading) for place, heading in enumerate(headings))]
        yield _header(columns)
        original = of.c.original
        texts = [
            _text(original, place, heading).label(f"text_{place}") for place, heading in enumerate(headings)
        ]
        statement, start = rows(import_id, of).add_columns(*texts), 0
        while (table := arrow(connection, statement.limit(ROWS_AT_ONCE).offset(start))).num_rows:
            yield lines(table, columns)
            start += table.num_rows


def _headings(connection: sa.Connection, import_id: str) -> list[str]:
    found = connection.execute(sa.select(IMPORTS.c.headings).where(IMPORTS.c.import_id == import_id)).scalar()
    return [str(heading) for heading in json.loads(found or "[]")]


def _column(place: int, heading: str) -> Column:
    return Column(Form.TEXT, heading, "As it came", name=f"text_{place}")


def _text(original: sa.Column[str], place: int, heading: str) -> sa.ColumnElement[str | None]:
    """What a row held under a heading; of one with more or fewer fields than headings, what it held there."""
    pointer = "/" + heading.replace("~", "~0").replace("/", "~1")
    under = sa.func.json_extract_string(original, pointer)
    at = sa.func.json_extract_string(original, f"$[{place}]")
    return sa.case((sa.func.starts_with(original, "["), at), else_=under)


def _header(columns: Sequence[Column]) -> bytes:
    names = pa.table({f"text_{place}": [column.label] for place, column in enumerate(columns)})
    return lines(names, [_column(place, "") for place in range(len(columns))])
