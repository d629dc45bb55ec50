"""Calls as CSV text, column by column in Arrow: no row ever becomes a Python object."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from usage_core.export.aside import one_thread
from usage_core.schema import EXPORT_COLUMNS, EXPORT_HEADER, Column, Form
from usage_core.text_guard import GUARD_WHEN

HEADER = EXPORT_HEADER.encode() + b"\n"
"""The first line of an export of calls."""

PIECE_ROWS = 50_000

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


def coded_values(values: pa.Array) -> pa.DictionaryArray:
    """Values with each distinct one once, unknown among them."""
    return values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values, "encode")


def _ended(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(texts, "", "\n", null_handling="replace")


def _text(values: pa.Array, form: Form) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        return pc.take(values.dictionary, values.indices)
    return instants(values) if form is Form.INSTANT else plain_number(values, form)


def plain_number(values: pa.Array, form: Form) -> pa.Array:
    """Numbers in full, without exponent: whole ones, prices and amounts with two places or more."""
    if form is Form.WHOLE:
        return pc.cast(values, pa.string())
    return _amounts(values) if form is Form.PICO else by_distinct_value(values, _prices)


def by_distinct_value(values: pa.Array, write: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Write each distinct value once: keys, models and prices repeat by the million."""
    coded = coded_values(values)
    return pc.take(write(coded.dictionary), coded.indices)


def _texts(values: pa.Array) -> pa.Array:
    guarded = pc.if_else(
        pc.match_substring_regex(values, GUARD_WHEN),
        pc.binary_join_element_wise("'", values, ""),
        values,
    )
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(guarded, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(guarded, _NEEDS_QUOTES), quoted, guarded)


def _prices(values: pa.Array) -> pa.Array:
    return _without_zeros(pc.cast(values, pa.string()))


def _amounts(values: pa.Array) -> pa.Array:
    """Pico-USD as USD, exactly."""
    digits = pc.utf8_lpad(pc.cast(values, pa.string()), 13, "0")
    whole, fraction = (pc.utf8_slice_codeunits(digits, *edges) for edges in ((0, -12), (-12, None)))
    return _without_zeros(pc.binary_join_element_wise(whole, fraction, "."))


def _without_zeros(plain: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(plain, r"(\.\d\d\d*?)0+$", r"\1")


_BY_VALUE = {Form.TEXT: _texts, Form.PRICE: _prices}
"""What repeats by the million, and how a value of it is written."""


def instants(values: pa.Array) -> pa.Array:
    """UTC instants without a NULL, as `2026-08-03T09:14:07.412Z`; in order, each minute is cast once."""
    micros = values.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    minutes, millis, finer = micros // 60_000_000, micros // 1000 % 60_000, micros % 1000
    others = np.diff(minutes, prepend=minutes[:1] - 1) != 0
    begun = pc.cast(pa.array(minutes[others] * 60).cast(pa.timestamp("s")), pa.string())
    prefixes = pc.utf8_slice_codeunits(pc.binary_replace_slice(begun, 10, 11, "T"), 0, 17)
    parts = [
        pc.take(prefixes, pa.array(np.cumsum(others, dtype=np.int32) - 1)),
        pc.take(_seconds(), pa.array(millis + 60_000 * (finer > 0))),
    ]
    if finer.any():
        parts.append(pc.take(_micros(), pa.array(finer)))
    return pc.binary_join_element_wise(*parts, "")


@cache
def _seconds() -> pa.Array:
    """By milliseconds of a minute: `07Z`, `07.412Z`; and again as `07.412`, for micros to follow."""
    begun = [f"{milli // 1000:02}.{milli % 1000:03}" for milli in range(60_000)]
    return pa.array([*(f"{text.removesuffix('.000')}Z" for text in begun), *begun], pa.string())


@cache
def _micros() -> pa.Array:
    """By microseconds of a millisecond: nothing, or `009Z`."""
    return pa.array(["", *(f"{micro:03}Z" for micro in range(1, 1000))], pa.string())


def contents(text: pa.Array) -> bytes:
    """The characters of all strings of an array, which lie one behind the other in memory."""
    if isinstance(text, pa.ChunkedArray):
        return b"".join(contents(chunk) for chunk in text.chunks)
    _, offsets, data = text.buffers()
    width = 8 if pa.types.is_large_string(text.type) else 4
    edges = memoryview(offsets).cast("q" if width == 8 else "i")
    return bytes(memoryview(data)[edges[text.offset] : edges[text.offset + len(text)]])
