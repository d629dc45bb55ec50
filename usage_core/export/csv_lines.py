"""Calls as CSV text, column by column in Arrow: no row ever becomes a Python object."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from usage_core.schema import EXPORT_COLUMNS, EXPORT_HEADER, Column, Form
from usage_core.text_guard import GUARD_WHEN

HEADER = EXPORT_HEADER.encode() + b"\n"
"""The first line of an export of calls."""

_NEEDS_QUOTES = r'[",\r\n]'


def lines(table: "pa.Table | pa.RecordBatch", columns: Sequence[Column] = EXPORT_COLUMNS) -> bytes:
    """The rows of a table, one line each, as UTF-8.

    The table has a column of each of `columns`' names, in any order. Times are UTC with a Z and no, three
    or six fractional digits; unknown is empty; text is safe to open in a spreadsheet.
    """
    if not table.num_rows:
        return b""
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    fields = [_field(table[column.name].combine_chunks(), column.form) for column in columns]
    fields[-1] = pc.binary_join_element_wise(fields[-1], "", "\n", null_handling="replace")
    text = pc.binary_join_element_wise(*fields, ",", null_handling="replace")
    return contents(text)


def _field(values: pa.Array, form: Form) -> pa.Array:
    if form is Form.INSTANT:
        return instants(values)
    return by_distinct_value(values, _texts) if form is Form.TEXT else plain_number(values, form)


def plain_number(values: pa.Array, form: Form) -> pa.Array:
    """Numbers in full, without exponent: whole ones, prices and amounts with two places or more."""
    if form is Form.WHOLE:
        return pc.cast(values, pa.string())
    return _amounts(values) if form is Form.PICO else by_distinct_value(values, _prices)


def by_distinct_value(values: pa.Array, write: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Write each distinct value once: keys, models and prices repeat by the million."""
    coded = values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)
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


def instants(values: pa.Array) -> pa.Array:
    """UTC instants without a NULL, as `2026-08-03T09:14:07.412Z`."""
    micros = values.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    finer = micros % 1000 != 0
    unit = pa.timestamp("us" if finer.any() else "ms")
    text = pc.binary_replace_slice(pc.cast(values.cast(unit), pa.string()), 10, 11, "T")
    if finer.any() and not finer.all():
        text = pc.if_else(pa.array(finer), text, pc.utf8_slice_codeunits(text, 0, 23))
    whole = micros % 1_000_000 == 0
    if whole.any():
        text = pc.if_else(pa.array(whole), pc.utf8_slice_codeunits(text, 0, 19), text)
    return pc.binary_join_element_wise(text, "Z", "")


def contents(text: pa.Array) -> bytes:
    """The characters of all strings of an array, which lie one behind the other in memory."""
    if isinstance(text, pa.ChunkedArray):
        return b"".join(contents(chunk) for chunk in text.chunks)
    _, offsets, data = text.buffers()
    width = 8 if pa.types.is_large_string(text.type) else 4
    edges = memoryview(offsets).cast("q" if width == 8 else "i")
    return bytes(memoryview(data)[edges[text.offset] : edges[text.offset + len(text)]])
