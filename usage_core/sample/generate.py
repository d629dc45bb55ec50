"""The sample as Arrow record batches, in order of time."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from usage_core.sample.cast import KEYS, MODELS
from usage_core.sample.draw import UNKNOWN_TIME, Rows, day_rows
from usage_core.sample.plan import PAIR_KEY, PAIR_MODEL, Ints, Span, day_counts, shape, stream, volumes
from usage_core.sample.prices import Price, model_prices
from usage_core.sample.story import check, key_uuid, story
from usage_core.schema import EXPORT_COLUMNS, PRICE_DIGITS, PRICE_PLACES, Form

BATCH_ROWS = 131_072
"""The most calls one batch holds; the calls do not depend on it."""

_TYPES = {
    Form.INSTANT: pa.timestamp("us"),
    Form.TEXT: pa.dictionary(pa.int8(), pa.string()),
    Form.WHOLE: pa.int64(),
    Form.PRICE: pa.decimal128(PRICE_DIGITS, PRICE_PLACES),
}
SCHEMA = pa.schema([(column.name, _TYPES[column.form]) for column in EXPORT_COLUMNS])
"""Every batch's schema: the ten export fields; times naive UTC, texts dictionary-encoded."""


def batches(calls: int, days: int, seed: int, until: datetime) -> Iterator[pa.RecordBatch]:
    """A log of exactly `calls` calls over the `days` full days before `until`, in order of time.

    The same arguments always give the same calls. Memory is bounded however many there are.

    Args:
        until: an aware UTC midnight; the log ends before it.

    Raises:
        UsageError: the arguments make no sense, or a model's price is gone. At once, not when
            the first batch is asked for.
    """
    span = Span(check(calls, days, seed, until), days, seed, story(until))
    return _batches(calls, span, model_prices(until))


def _batches(calls: int, span: Span, now: tuple[Price, ...]) -> Iterator[pa.RecordBatch]:
    volume = volumes(span)
    cut = [model.name == span.story.price_cut_model for model in MODELS]
    before = tuple(
        price.times(span.story.price_before) if is_cut else price
        for price, is_cut in zip(now, cut, strict=True)
    )
    old, new = _Columns(span.seed, before), _Columns(span.seed, now)
    for index, count in enumerate(day_counts(calls, volume)):
        if not count:
            continue
        today, busy = span.day(index), volume[index][PAIR_KEY]
        columns = old if today < span.story.price_cut_on else new
        for rows in day_rows(stream(span.seed, index + 1), count, busy, shape(span, index), BATCH_ROWS):
            yield columns.batch(today, rows)


class _Columns:
    """The values that a call's pair decides, ready to be picked from."""

    def __init__(self, seed: int, prices: Iterable[Price]) -> None:
        listed = list(prices)
        self._ids = pa.array([str(key_uuid(seed, index)) for index in range(len(KEYS))])
        self._names = pa.array([key.name for key in KEYS])
        self._models = pa.array([model.name for model in MODELS])
        spelled = list(dict.fromkeys(model.provider for model in MODELS))
        self._providers = pa.array(spelled)
        self._provider_of: Ints = np.array([spelled.index(model.provider) for model in MODELS])
        self._input_prices = _price_array(price.input for price in listed)
        self._output_prices = _price_array(price.output for price in listed)
        self._embeds = np.array([model.is_embedding for model in MODELS])

    def batch(self, day: date, rows: Rows) -> pa.RecordBatch:
        """The calls of one day as a batch."""
        key, model = PAIR_KEY[rows.pair], PAIR_MODEL[rows.pair]
        at = np.datetime64(day, "us") + rows.ms.astype("timedelta64[ms]")
        columns = {
            "called_at": pa.array(at),
            "api_key_id": _encoded(key, self._ids),
            "api_key_name": _encoded(key, self._names),
            "provider": _encoded(self._provider_of[model], self._providers),
            "model": _encoded(model, self._models),
            "input_tokens": pa.array(rows.input_tokens),
            "output_tokens": pa.array(rows.output_tokens, mask=self._embeds[model]),
            "completion_time_ms": pa.array(rows.duration_ms, mask=rows.duration_ms == UNKNOWN_TIME),
            "input_price": self._input_prices.take(pa.array(model)),
            "output_price": self._output_prices.take(pa.array(model)),
        }
        return pa.RecordBatch.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _price_array(prices: Iterable[Decimal | None]) -> Any:
    return pa.array(list(prices), type=_TYPES[Form.PRICE])


def _encoded(codes: Ints, values: Any) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), values)
