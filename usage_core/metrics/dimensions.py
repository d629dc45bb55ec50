"""What figures can be broken down by, one definition each."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import sqlalchemy as sa

from usage_core.store.local_time import truncated
from usage_core.store.time_bins import BINS_PER_DOUBLING as FINE_PER_DOUBLING
from usage_core.store.time_bins import EXACT_BINS

Expression: TypeAlias = sa.ColumnElement[Any]


class Row(NamedTuple):
    """What a breakdown is made from: a row's local time, and its columns by name."""

    local: Expression
    columns: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Dimension:
    """A breakdown: its name in code and links, label, expression, and the time it depends on.

    Periods are naive local times of their first instant; local hours that a clock change repeats
    are one period. `column` is the one column it reads, if any.
    """

    name: str
    label: str
    expression: Callable[[Row], Expression]
    grain: Literal["day", "hour"] | None = None
    column: str | None = None
    is_period: bool = False


def _of(name: str, label: str, column: str) -> Dimension:
    return Dimension(name, label, lambda row: row.columns[column], column=column)


def _period(unit: str, grain: Literal["day", "hour"]) -> Dimension:
    return Dimension(
        unit, unit.capitalize(), lambda row: truncated(unit, row.local), grain=grain, is_period=True
    )


SHOWN_PER_DOUBLING = 4
"""Completion times are shown in bins, four of them for each doubling; each is made of whole fine ones."""


def _shown_bin(row: Row) -> Expression:
    fine = row.columns["time_bin"]
    exact = sa.func.floor(sa.func.log2(fine) * SHOWN_PER_DOUBLING)
    first_wide = round(math.log2(EXACT_BINS)) * SHOWN_PER_DOUBLING
    wide = first_wide + sa.func.floor(
        (fine - EXACT_BINS - 1) / float(FINE_PER_DOUBLING // SHOWN_PER_DOUBLING)
    )
    return sa.cast(sa.case((fine < 1, 0), (fine <= EXACT_BINS, exact), else_=wide), sa.Integer())


def time_bin_edges(number: int) -> tuple[float, float]:
    """The shortest time in a shown bin and the first beyond it, in ms."""
    lower, upper = (2 ** ((number + step) / SHOWN_PER_DOUBLING) for step in (0, 1))
    return lower, upper


_ALL = (
    _of("key", "API key", "api_key_id"),
    _of("provider", "Provider", "provider_name"),
    _of("model", "Model", "model_name"),
    _of("kind", "Call kind", "kind"),
    _period("hour", "hour"),
    _period("day", "day"),
    _period("week", "day"),
    _period("month", "day"),
    Dimension("weekday", "Weekday", lambda row: sa.extract("isodow", row.local), grain="day"),
    Dimension("hour_of_day", "Hour of day", lambda row: sa.extract("hour", row.local), grain="hour"),
    Dimension("time_bin", "Completion time", _shown_bin, column="time_bin"),
)

DIMENSIONS = {dimension.name: dimension for dimension in _ALL}
"""Every breakdown, by name."""
