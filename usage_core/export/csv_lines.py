"""Calls as CSV text, column by column in Arrow: no row ever becomes a Python object."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from usage_core.export.aside import one_thread
from usage_core.export.column_text import PIECE_ROWS, coded_values, contents, instants, plain_number, prices
from usage_core.schema import EXPORT_COLUMNS, Column, Form
from usage_core.text_guard import GUARD_WHEN


def header(columns: Sequence[Column] = EXPORT_COLUMNS) -> bytes:
    """The first line of a file with these columns; our own labels need no quotes."""
    return ",".join(column.label for column in columns).encode() + b"\n"


HEADER = header()
"""The first line of an export of calls."""

_BESIDE = one_thread()
"""For all exports: what a thread has held of memory is not given back when it ends."""

_NEEDS_QUOTES = r'[",\r\n]'


def lines(table: "pa.Table | pa.RecordBatch", columns: Sequence[Column] = EXPORT_COLUMNS) -> bytes:
    """The rows of a table, one line each, as UTF-8.

    The table has a column of each of `columns`' names, in any order. Times are UTC with a Z and no, three
    or six fractional digits; unknown is empty; text is safe to open in a spreadsheet.
    """
    return b"".join(pieces(table, columns))


def pieces(
    table: "pa.Table | pa.RecordBatch", columns: Sequence[Column] = EXPORT_COLUMNS, rows: int = PIECE_ROWS
) -> Iterator[bytes]:
    """The same in pieces of so many lines, every other one made by a further thread: memory holds the text of
    two."""
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    if table.num_rows <= rows:
        yield from [_piece(_fields(table, columns), 0, rows)] if table.num_rows else []
        return
    fields = _fields(table, columns)
    for start in range(0, table.num_rows, 2 * rows):
        following = _BESIDE.submit(_piece, fields, start + rows, rows)
        yield _piece(fields, start, rows)
        if piece := following.result():
            yield piece


def _piece(fields: Sequence[tuple[pa.Array, Form]], start: int, rows: int) -> bytes:
    texts = [_text(values.slice(start, rows), form) for values, form in fields]
    if not pa.types.is_dictionary(fields[-1][0].type):
        texts[-1] = _ended(texts[-1])
    return contents(pc.binary_join_element_wise(*texts, ",", null_handling="replace"))


def _fields(table: pa.Table, columns: Sequence[Column]) -> list[tuple[pa.Array, Form]]:
    """The columns, what repeats as dictionaries of finished text, with the line's end if they are last.

    Neighbours that share their codes become one, whose texts have the comma in them.
    """
    arrays = enumerate((_one(table[column.name]), column.form) for column in columns)
    runs = (list(run) for _, run in groupby(arrays, lambda each: _codes(each[1][0]) or each[0]))
    fields = [_finished([values for _, (values, _) in run], [form for _, (_, form) in run]) for run in runs]
    last, form = fields[-1]
    if pa.types.is_dictionary(last.type):
        fields[-1] = pa.DictionaryArray.from_arrays(last.indices, _ended(last.dictionary)), form
    return fields


def _finished(side: list[pa.Array], forms: list[Form]) -> tuple[pa.Array, Form]:
    """Columns side by side as one: of what repeats, each value is written once."""
    if forms[0] not in _BY_VALUE:
        return side[0], forms[0]
    coded = [coded_values(values) for values in side]
    written = [_BY_VALUE[form](each.dictionary) for each, form in zip(coded, forms, strict=True)]
    texts = pc.binary_join_element_wise(*written, ",", null_handling="replace")
    return pa.DictionaryArray.from_arrays(coded[0].indices, texts), forms[0]


def _one(values: pa.ChunkedArray) -> pa.Array:
    """A column as one array: the very array that it is, where it is one."""
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def _codes(values: pa.Array) -> tuple[int, int] | None:
    """Where in memory the codes of a column are."""
    if not pa.types.is_dictionary(values.type):
        return None
    return values.indices.buffers()[1].address, values.indices.offset


def _ended(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(texts, "", "\n", null_handling="replace")


def _text(values: pa.Array, form: Form) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        return pc.take(values.dictionary, values.indices)
    return instants(values) if form is Form.INSTANT else plain_number(values, form)


def _texts(values: pa.Array) -> pa.Array:
    guarded = pc.if_else(
        pc.match_substring_regex(values, GUARD_WHEN),
        pc.binary_join_element_wise("'", values, ""),
        values,
    )
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(guarded, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(guarded, _NEEDS_QUOTES), quoted, guarded)


_BY_VALUE = {Form.TEXT: _texts, Form.PRICE: prices}
"""What repeats by the million, and how a value of it is written."""
