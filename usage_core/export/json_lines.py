"""Calls as JSON Lines, column by column in Arrow: no row ever becomes a Python object.

One object a line, its names those of the store's columns, all of them in every line. Numbers have all
their digits; unknown is null; times are UTC with a Z.
"""

import json
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from usage_core.export.column_text import PIECE_ROWS, by_distinct_value, contents, instants, plain_number
from usage_core.schema import Column, Form

_NEEDS_CARE = "[\\x00-\\x1f\\x7f]"


def name(column: Column) -> str:
    """A column's name in files for programs."""
    return "cost_usd" if column.form is Form.PICO else column.name


def lines(table: pa.Table, columns: Sequence[Column]) -> bytes:
    """The rows of a table, one object a line, as UTF-8."""
    if not table.num_rows:
        return b""
    parts: list[pa.Array | str] = []
    for place, column in enumerate(columns):
        parts.append(f'{"," if place else "{"}"{name(column)}":')
        parts.append(_value(table[column.name].combine_chunks(), column.form))
    joined = pc.binary_join_element_wise(*parts, "}\n", "", null_handling="replace", null_replacement="null")
    return contents(joined)


def pieces(table: pa.Table, columns: Sequence[Column]) -> Iterator[bytes]:
    """The same in pieces: memory holds the text of one."""
    for start in range(0, table.num_rows, PIECE_ROWS):
        yield lines(table.slice(start, PIECE_ROWS), columns)


def _value(values: pa.Array, form: Form) -> pa.Array:
    if form is Form.TEXT:
        return by_distinct_value(values, _quoted)
    if form is Form.INSTANT:
        return pc.binary_join_element_wise('"', instants(values), '"', "")
    return plain_number(values, form)


def _quoted(texts: pa.Array) -> pa.Array:
    escaped = pc.replace_substring(pc.replace_substring(texts, "\\", "\\\\"), '"', '\\"')
    quoted = pc.binary_join_element_wise('"', escaped, '"', "")
    care = pc.fill_null(pc.match_substring_regex(texts, _NEEDS_CARE), fill_value=False)
    if not pc.any(care).as_py():
        return quoted
    by_hand = [
        json.dumps(text, ensure_ascii=False) if text is not None else None for text in texts.to_pylist()
    ]
    return pc.if_else(care, pa.array(by_hand, texts.type), quoted)
