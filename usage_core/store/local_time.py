"""Local time of a stored instant, as an expression."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from usage_core.periods import offsets
from usage_core.timeframe import Timeframe


def local_time(column: sa.ColumnElement[Any], frame: Timeframe) -> sa.ColumnElement[Any]:
    """A UTC column as local time in the timeframe's zone, exact for every instant within it.

    A zone's offset is constant between two changes, so this is a CASE over a few instants: the same
    in every engine, and far cheaper than their own time-zone arithmetic.
    """
    (_, offset), *changes = offsets(frame)
    if not changes:
        return column + _interval(offset) if offset else column
    steps = []
    for moment, following in changes:
        steps.append((column < moment.replace(tzinfo=None), _interval(offset)))
        offset = following
    return column + sa.case(*steps, else_=_interval(offset))


def _interval(offset: timedelta) -> sa.BindParameter[timedelta]:
    return sa.literal(offset, sa.Interval())


def truncated(unit: str, moment: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A moment cut down to the start of its hour, day, week (Monday) or month."""
    return sa.func.date_trunc(sa.literal_column(f"'{unit}'"), moment)
