"""The rows an import set aside, as a CSV file."""

from collections.abc import Iterator

import sqlalchemy as sa

from usage_core.errors import SelectionError
from usage_core.export.csv_lines import lines
from usage_core.schema import BY_NAME, Column, Form
from usage_core.store.lake import Lake, arrow
from usage_core.store.tables import IMPORTS, REJECTED

COLUMNS = (
    Column(Form.WHOLE, "Line", "Its line in the file; the header is line 1", name="line"),
    Column(Form.TEXT, "Field", "The field that was refused", name="field"),
    Column(Form.TEXT, "Value", "What the field held", name="value"),
    Column(Form.TEXT, "Reason", "Why the row was set aside", name="reason"),
)
ROWS_AT_ONCE = 100_000

_FIELD = sa.case({name: column.label for name, column in BY_NAME.items()}, value=REJECTED.c.field)


def rows(import_id: str) -> sa.Select[int, str | None, str | None, str]:
    """The rows set aside by an import, in the order of the file, with fields as the export names them."""
    r = REJECTED.c
    return (
        sa.select(r.line, _FIELD.label("field"), r.value, r.reason)
        .where(r.import_id == import_id)
        .order_by(r.line, r.reason)
    )


def is_import(lake: Lake, import_id: str) -> bool:
    """Whether the store has a receipt of this import."""
    known = sa.select(sa.literal(1)).where(IMPORTS.c.import_id == import_id)
    with lake.reading() as connection:
        return connection.execute(known.limit(1)).first() is not None


def csv_stream(lake: Lake, import_id: str) -> Iterator[bytes]:
    """The rows set aside by an import as CSV, in pieces, the header first.

    Raises:
        SelectionError: there is no such import; before the first piece.
    """
    if not is_import(lake, import_id):
        raise SelectionError(f"There is no import {import_id[:60]!r}. Its receipt shows its id.")
    yield ",".join(column.label for column in COLUMNS).encode() + b"\n"
    with lake.reading() as connection:
        start = 0
        while (table := arrow(connection, rows(import_id).limit(ROWS_AT_ONCE).offset(start))).num_rows:
            yield lines(table, COLUMNS)
            start += table.num_rows
