"""Calls as Arrow tables for programs: names without spaces, times in UTC, money as decimals."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from usage_core.export.json_lines import name
from usage_core.schema import PRICE_DIGITS, PRICE_PLACES, Column, Form

_USD = pa.decimal128(38, 12)

_TYPES = {
    Form.INSTANT: pa.timestamp("us", "UTC"),
    Form.TEXT: pa.string(),
    Form.WHOLE: pa.int64(),
    Form.PRICE: pa.decimal128(PRICE_DIGITS, PRICE_PLACES),
    Form.PICO: _USD,
}


def schema(columns: Sequence[Column]) -> pa.Schema:
    """The types of these columns in files for programs."""
    return pa.schema([(name(column), _TYPES[column.form]) for column in columns])


def typed(table: pa.Table, columns: Sequence[Column]) -> pa.Table:
    """A table of the store's columns as `schema` has them."""
    arrays = [
        _usd(table[column.name].combine_chunks())
        if column.form is Form.PICO
        else _plain(table[column.name].combine_chunks()).cast(_TYPES[column.form])
        for column in columns
    ]
    return pa.table(arrays, schema=schema(columns))


def _plain(values: pa.Array) -> pa.Array:
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _usd(pico: pa.Array) -> pa.Array:
    """Pico-USD as USD: the same digits, their point moved by the type."""
    digits = pc.cast(pico, pa.decimal128(38, 0))
    return pa.Array.from_buffers(_USD, len(digits), digits.buffers(), offset=digits.offset)
