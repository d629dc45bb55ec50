"""Sums instead of calls: a row for each API key, or key and model, of a timeframe or of each of its periods.

They are the figures of the query layer, from the rollups where those answer exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import pyarrow as pa
import sqlalchemy as sa

from usage_core.errors import SelectionError
from usage_core.export.content import Content
from usage_core.metrics.answer import coverage
from usage_core.metrics.covers import Coverage
from usage_core.metrics.plan import plan
from usage_core.metrics.question import Question
from usage_core.schema import Column, Form
from usage_core.selection import Selection
from usage_core.store.rows import pieces
from usage_core.store.tables import KEY_NAMES
from usage_core.timeframe import Grain

ROWS_AT_ONCE = 100_000
_COUNT = "whole number, 0 or more"

PERIOD = Column(
    Form.TEXT, "Period", "The first day of the period, in the file's time zone", "`2026-08-03`", name="period"
)
KEY = (
    Column(Form.TEXT, "API Key ID", "The key that made the calls", name="api_key_id"),
    Column(Form.TEXT, "API Key Name", "The key's name at the time of its last call", name="api_key_name"),
)
MODEL = (
    Column(Form.TEXT, "Provider", "Who served the model", name="provider"),
    Column(Form.TEXT, "Model", "The model", name="model"),
)
SUMS = {
    "calls": Column(Form.WHOLE, "Calls", "Number of calls", _COUNT, "never", name="calls"),
    "input_tokens": Column(
        Form.WHOLE, "Input Tokens", "Tokens sent, all classes together", _COUNT, name="input_tokens"
    ),
    "output_tokens": Column(Form.WHOLE, "Output Tokens", "Tokens received", _COUNT, name="output_tokens"),
    "cache_read_tokens": Column(
        Form.WHOLE, "Cache Read Tokens", "Input tokens read from a cache", _COUNT, name="cache_read_tokens"
    ),
    "cache_write_tokens": Column(
        Form.WHOLE, "Cache Write Tokens", "Input tokens written to a cache", _COUNT, name="cache_write_tokens"
    ),
    "cache_write_1h_tokens": Column(
        Form.WHOLE,
        "Cache Write 1h Tokens",
        "Of these, kept for an hour",
        _COUNT,
        name="cache_write_1h_tokens",
    ),
    "cost_usd": Column(
        Form.PICO,
        "Cost (USD)",
        "What the calls with a known price cost, exact",
        "plain decimal, exact",
        name="cost_pico",
    ),
    "unpriced_calls": Column(
        Form.WHOLE,
        "Calls Without a Price",
        "Calls whose cost is unknown and not in the sum",
        _COUNT,
        "never",
        name="unpriced_calls",
    ),
}
"""Figure -> its column."""

PERIODS: tuple[Grain, ...] = tuple(each for each in get_args(Grain) if each != "hour")


@dataclass(frozen=True, slots=True)
class Summed:
    """What a row is of: a key, or a key and a model; of the whole timeframe, or of each of its periods."""

    by_model: bool = False
    per: Grain | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, in order."""
        period, model = (PERIOD,) if self.per else (), MODEL if self.by_model else ()
        return (*period, *KEY, *model, *SUMS.values())

    @property
    def by(self) -> str:
        """What a row is of, as `summed` takes it."""
        return "key-model" if self.by_model else "key"

    @property
    def name(self) -> str:
        """What stands in a file's name."""
        return "by-key" + ("-and-model" if self.by_model else "") + (f"-per-{self.per}" if self.per else "")

    @property
    def content(self) -> Content:
        """What a file of them holds."""
        return Content(self.columns, self.tables)

    def tables(self, connection: sa.Connection, selection: Selection) -> Iterator[pa.Table]:
        """The sums of a selection as Arrow tables, in order of time, key, provider and model."""
        yield from pieces(connection, self.statement(selection, coverage(connection)), ROWS_AT_ONCE)

    def statement(self, selection: Selection, covered: Coverage | None) -> sa.Select[*tuple[object, ...]]:
        """The statement that finds them, with a column of each column's name."""
        by = (*([self.per] if self.per else []), "key", *(("provider", "model") if self.by_model else ()))
        found = (
            plan(Question(selection, tuple(SUMS), by), covered)
            .first.whole.order_by(None)
            .limit(None)
            .subquery("sums")
        )
        period = sa.cast(sa.cast(found.c[f"by_{self.per}"], sa.Date()), sa.String()) if self.per else None
        named = newest_names()
        columns = [
            *([period.label("period")] if period is not None else []),
            found.c.by_key.label("api_key_id"),
            named.c.api_key_name,
            *([found.c[f"by_{name}"].label(name) for name in ("provider", "model")] if self.by_model else []),
            *(found.c[f"of_{name}"].label(column.name) for name, column in SUMS.items()),
        ]
        joined = found.outerjoin(named, found.c.by_key == named.c.api_key_id)
        order = (found.c[f"by_{name}"].nulls_first() for name in by)
        return sa.select(*columns).select_from(joined).order_by(*order)


def newest_names() -> sa.Subquery:
    """The name that each key had last: `api_key_id`, `api_key_name`."""
    k = KEY_NAMES.c
    newest = sa.func.arg_max(k.api_key_name, k.last_called_at).label("api_key_name")
    return sa.select(k.api_key_id, newest).group_by(k.api_key_id).subquery("named")


def summed(by: str, per: str = "") -> Summed:
    """What is asked for by `key` or `key-model`, and by a period or nothing.

    Raises:
        SelectionError: it is none of them.
    """
    if by not in BY:
        raise SelectionError(f"{by[:60]!r} is not what sums can be of. Use one of: {', '.join(BY)}.")
    grain = next((each for each in PERIODS if each == per), None)
    if per and grain is None:
        raise SelectionError(f"{per[:60]!r} is not a period. Use one of: {', '.join(PERIODS)}.")
    return Summed(by == "key-model", grain)


BY = {"key": "an API key", "key-model": "an API key and model"}
"""What a row of sums can be of -> the same in words."""
