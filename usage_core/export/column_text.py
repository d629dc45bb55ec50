"""A column's values as text, in Arrow: no value ever becomes a Python object."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from usage_core.schema import Form

PIECE_ROWS = 50_000
"""So many rows are made text at a time."""


def plain_number(values: pa.Array, form: Form) -> pa.Array:
    """Numbers in full, without exponent: whole ones, prices and amounts with two places or more."""
    if form is Form.WHOLE:
        return pc.cast(values, pa.string())
    return _amounts(values) if form is Form.PICO else by_distinct_value(values, prices)


def _amounts(values: pa.Array) -> pa.Array:
    """Pico-USD as USD, exactly."""
    digits = pc.utf8_lpad(pc.cast(values, pa.string()), 13, "0")
    whole, fraction = (pc.utf8_slice_codeunits(digits, *edges) for edges in ((0, -12), (-12, None)))
    return _without_zeros(pc.binary_join_element_wise(whole, fraction, "."))


def prices(values: pa.Array) -> pa.Array:
    """Decimals without the zeros at their end beyond two places."""
    return _without_zeros(pc.cast(values, pa.string()))


def _without_zeros(plain: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(plain, r"(\.\d\d\d*?)0+$", r"\1")


def by_distinct_value(values: pa.Array, write: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Write each distinct value once: keys, models and prices repeat by the million."""
    coded = coded_values(values)
    return pc.take(write(coded.dictionary), coded.indices)


def coded_values(values: pa.Array) -> pa.DictionaryArray:
    """Values with each distinct one once, unknown among them."""
    return values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values, "encode")


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
