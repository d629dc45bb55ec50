"""What figures can be broken down by, one definition each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from usage_core.store.tables import CALLS
from usage_core.timeframe import Timeframe, offsets

c = CALLS.c
Expression = sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Dimension:
    """A breakdown: its name in code and links, label, and expression for a timeframe's zone.

    Periods are naive local times of their first instant; local hours that a clock change repeats
    are one period.
    """

    name: str
    label: str
    expression: Callable[[Timeframe], Expression]
    is_period: bool = False


def local_time(frame: Timeframe) -> Expression:
    """A call's local time in the timeframe's zone, exact for every call within the timeframe."""
    (_, offset), *changes = offsets(frame)
    if not changes:
        return c.called_at + _interval(offset) if offset else sa.type_coerce(c.called_at, sa.DateTime())
    steps = []
    for moment, following in changes:
        steps.append((c.called_at < moment.replace(tzinfo=None), _interval(offset)))
        offset = following
    return c.called_at + sa.case(*steps, else_=_interval(offset))


def _interval(offset: timedelta) -> sa.BindParameter[timedelta]:
    return sa.literal(offset, sa.Interval())


def _truncated(unit: str) -> Callable[[Timeframe], Expression]:
    return lambda frame: sa.func.date_trunc(sa.literal_column(f"'{unit}'"), local_time(frame))


def _part(unit: str) -> Callable[[Timeframe], Expression]:
    return lambda frame: sa.extract(unit, local_time(frame))


def _column(column: Expression) -> Callable[[Timeframe], Expression]:
    return lambda _frame: column


TIMES_PER_DOUBLING = 4
"""Completion times are put into bins, four of them for each doubling."""


def _time_bin(_frame: Timeframe) -> Expression:
    time = sa.case((c.completion_time_ms < 1, 1), else_=c.completion_time_ms)
    return sa.func.floor(sa.func.log2(time) * sa.literal_column(str(TIMES_PER_DOUBLING)))


def time_bin_edges(number: int) -> tuple[float, float]:
    """The shortest time in a bin and the first beyond it, in ms."""
    lower, upper = (2 ** ((number + step) / TIMES_PER_DOUBLING) for step in (0, 1))
    return lower, upper


_ALL = (
    Dimension("key", "API key", _column(c.api_key_id)),
    Dimension("provider", "Provider", _column(c.provider_name)),
    Dimension("model", "Model", _column(c.model_name)),
    Dimension("kind", "Call kind", _column(c.kind)),
    Dimension("hour", "Hour", _truncated("hour"), is_period=True),
    Dimension("day", "Day", _truncated("day"), is_period=True),
    Dimension("week", "Week", _truncated("week"), is_period=True),
    Dimension("month", "Month", _truncated("month"), is_period=True),
    Dimension("weekday", "Weekday", _part("isodow")),
    Dimension("hour_of_day", "Hour of day", _part("hour")),
    Dimension("time_bin", "Completion time", _time_bin),
)

DIMENSIONS = {dimension.name: dimension for dimension in _ALL}
"""Every breakdown, by name."""
