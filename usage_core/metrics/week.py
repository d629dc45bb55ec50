"""An hour of the week: what it brings on average, and the most it ever brought.

An hour is what the zone's clocks show between two full hours. One that the clocks skip did not occur, one
that they repeat occurred twice, and each of the two is an hour of its own. Where clocks change by half an
hour, so much of an hour occurred.
"""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any, TypeAlias

import pandas as pd
import sqlalchemy as sa

from usage_core.errors import SelectionError
from usage_core.metrics.covers import HOUR, Coverage, Wanted, choose
from usage_core.metrics.definitions import METRICS, Unit
from usage_core.metrics.sources import rows
from usage_core.periods import following, offsets, start_of
from usage_core.schema import usd
from usage_core.selection import Selection
from usage_core.timeframe import MINUTE, SECOND, Timeframe

SUMS = ("calls", "tokens", "cost_usd")
"""Figures that add up, and can be asked for by hour of the week."""

HoursOfWeek: TypeAlias = dict[tuple[int, int], timedelta]
"""(weekday, 1 is Monday; hour of the day) -> for how long it was so."""

_WEEK = timedelta(days=7)


def occurred(frame: Timeframe) -> HoursOfWeek:
    """For how long it was each hour of the week within a timeframe; hours it never was are missing."""
    found: defaultdict[tuple[int, int], timedelta] = defaultdict(timedelta)
    for (start, offset), (end, _) in pairwise((*offsets(frame), (frame.end, timedelta()))):
        at, until = (start + offset).replace(tzinfo=None), (end + offset).replace(tzinfo=None)
        if whole_weeks := (until - at) // _WEEK:
            for hour in product(range(1, 8), range(24)):
                found[hour] += whole_weeks * HOUR
            at += whole_weeks * _WEEK
        while at < until:
            over = min(following(start_of(at, "hour"), "hour"), until)
            found[at.isoweekday(), at.hour] += over - at
            at = over
    return dict(found)


def times(elapsed: timedelta) -> Decimal:
    """How often an hour occurred that was for so long: 1.5 where the second one is half over.

    What was never a whole hour counts as one, so that a minute is not taken for sixty.
    """
    return Decimal(max(elapsed, HOUR) // SECOND) / (HOUR // SECOND)


def week(
    connection: sa.Connection, selection: Selection, metric: str, coverage: Coverage | None = None
) -> pd.DataFrame:
    """A row for each hour of the week with calls, from Monday on: weekday (1 is Monday), hour, calls,
    total, peak (the most of a single hour), peak_at (the first such hour, its naive local start).

    Totals and peaks are whole numbers or Decimal USD, None where nothing is known of them. `coverage` as
    for `answer.ask`.

    Raises:
        SelectionError: the figure does not add up.
    """
    if metric not in SUMS:
        raise SelectionError(f"{metric[:60]!r} does not add up by hour. Use one of: {', '.join(SUMS)}.")
    hours = _ranked(_single_hours(selection, metric, coverage))
    c = hours.c
    statement = sa.select(
        c.weekday,
        c.hour_of_day,
        sa.func.sum(c.calls),
        sa.func.sum(c.amount),
        sa.func.max(c.amount),
        sa.func.min(c.hour).filter(c.place == 1),
    )
    found = connection.execute(
        statement.group_by(c.weekday, c.hour_of_day).order_by(c.weekday, c.hour_of_day)
    )
    return _frame(found.all(), metric)


def _frame(found: Any, metric: str) -> pd.DataFrame:
    def amount(value: Any) -> int | Decimal | None:
        if value is None:
            return None
        return usd(int(value)) if METRICS[metric].unit is Unit.USD else int(value)

    return pd.DataFrame(
        {
            "weekday": pd.Series([int(row[0]) for row in found], dtype="int64"),
            "hour": pd.Series([int(row[1]) for row in found], dtype="int64"),
            "calls": pd.Series([int(row[2]) for row in found], dtype="int64"),
            "total": pd.Series([amount(row[3]) for row in found], dtype=object),
            "peak": pd.Series([amount(row[4]) for row in found], dtype=object),
            "peak_at": pd.Series([row[5] for row in found], dtype="datetime64[us]"),
        }
    )


def _single_hours(selection: Selection, metric: str, coverage: Coverage | None) -> sa.Subquery:
    """Each hour with its calls and the amount. Between two clock changes no hour is there twice."""
    parts = []
    for number, part in enumerate(_between_changes(selection.timeframe)):
        within, wanted = selection.over(part), Wanted(("hour",))
        source = rows(within, wanted, choose(within, wanted, coverage))
        amount = METRICS[metric].expression(dict(source.c))
        calls = METRICS["calls"].expression(dict(source.c))
        hour = source.c.by_hour
        columns = (hour.label("hour"), sa.literal(number).label("part"), calls.label("calls"))
        parts.append(sa.select(*columns, amount.label("amount")).group_by(hour))
    return (sa.union_all(*parts) if len(parts) > 1 else parts[0]).subquery("hours")


def _between_changes(frame: Timeframe) -> list[Timeframe]:
    # A timeframe starts on a whole minute, and so did every change of clocks but Liberia's of 1972.
    edges = [frame.start, *(at.replace(second=0) for at, _ in offsets(frame)[1:]), frame.end]
    return [Timeframe(start, end, frame.zone) for start, end in pairwise(edges) if end - start >= MINUTE]


def _ranked(hours: sa.Subquery) -> sa.Subquery:
    """The hours with their weekday and hour of the day, and their place among those: 1 is the most."""
    weekday, hour_of_day = sa.extract("isodow", hours.c.hour), sa.extract("hour", hours.c.hour)
    most_first = (hours.c.amount.desc().nulls_last(), hours.c.hour, hours.c.part)
    place = sa.func.row_number().over(partition_by=(weekday, hour_of_day), order_by=most_first)
    return sa.select(
        *hours.c, weekday.label("weekday"), hour_of_day.label("hour_of_day"), place.label("place")
    ).subquery("ranked")
