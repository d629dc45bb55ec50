"""Hours without a call where there usually are many: logs that are missing, or a time nothing worked.

An hour is held against the same hour of the WEEKS weeks before it: their median is usual. The first and
the last hour of a silence count no more than the hours beside them usually bring, because clocks are put
forward and back, and all that is done by them comes an hour earlier or later. Hours in a row make a gap
where together they would usually have brought MANY calls: fewer may be missing by chance. Only gaps that
ended are gaps; what is missing since the last call was not brought in yet.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from usage_core.metrics.answer import ask
from usage_core.metrics.covers import Coverage, in_utc
from usage_core.metrics.question import Question
from usage_core.selection import Selection
from usage_core.store.rows import arrow
from usage_core.store.tables import HOURS
from usage_core.timeframe import Timeframe

WEEKS, LEAST_WEEKS = 8, 4
"""How far back, and how many of these weeks have to be known."""

MANY = 20
"""Where so many calls come by chance, none at all comes once in 500 million times."""

MOST_DAYS = 150
"""With these, an answer has at most (150 + 56) x 24 rows and one."""

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


class Hours(NamedTuple):
    """Hours (naive UTC) that have calls, in any order, and how many."""

    starts: "np.ndarray[Any, Any]"
    calls: "np.ndarray[Any, Any]"


@dataclass(frozen=True, slots=True)
class Gap:
    """From when to when (aware UTC) no call was made, and how many there usually are."""

    start: datetime
    end: datetime
    usual_calls: int


def looked_at(frame: Timeframe) -> Selection:
    """What has to be known: calls by UTC hour, whatever is filtered; of a long timeframe, its end."""
    return Selection(Timeframe(_first_judged(frame) - WEEKS * WEEK, frame.end))


def hours(connection: sa.Connection, selection: Selection, coverage: Coverage | None = None) -> Hours:
    """The calls of each hour of a selection without filters; `coverage` as for `answer.ask`.

    The last hour may be counted whole, of which the selection has a part.
    """
    if selection.only is not None:
        frame = ask(connection, Question(selection, ("calls",), ("hour",)), coverage)
        return Hours(frame["hour"].to_numpy(), frame["calls"].to_numpy())
    start, end = in_utc(selection.timeframe.start, selection.timeframe.end)
    within = sa.select(HOURS.c.hour, HOURS.c.calls).where(HOURS.c.hour >= start, HOURS.c.hour < end)
    found = arrow(connection, within)
    return Hours(*(column.to_numpy() for column in found.columns))


def _first_judged(frame: Timeframe) -> datetime:
    first = max(frame.start, frame.end - timedelta(days=MOST_DAYS))
    return first.replace(minute=0)


def find(answer: Hours, frame: Timeframe, first: datetime, last: datetime) -> tuple[Gap, ...]:
    """The gaps of a timeframe, in order, from the `hours` that are `looked_at`.

    `first` and `last` are when the first and the last call of the store were made (aware).
    """
    usual, found = _usual(answer, first), []
    for run in _silent(answer, *in_utc(_first_judged(frame), min(frame.end, last))):
        awaited = {hour: number for hour in run if (number := _expected(usual, hour, run))}
        if sum(awaited.values()) >= MANY:
            start, end = (edge.replace(tzinfo=UTC) for edge in (min(awaited), max(awaited) + HOUR))
            found.append(Gap(start, end, int(sum(awaited.values()))))
    return tuple(found)


def awaited(answer: Hours, first: datetime, last: datetime, until: datetime) -> int:
    """How many calls there usually are from the hour after the last call until an hour; 0 for few."""
    usual = _usual(answer, first)
    last, until = in_utc(last, until)
    start = last.replace(minute=0, second=0, microsecond=0) + HOUR
    until = min(until, start + timedelta(days=MOST_DAYS))
    run = [start + number * HOUR for number in range((until - start) // HOUR)]
    calls = sum(_expected(usual, hour, run) for hour in run)
    return int(calls) if calls >= MANY else 0


def _usual(answer: Hours, first: datetime) -> Callable[[datetime], float]:
    """How many calls an hour (naive UTC) usually has; 0 where too little is known."""
    calls: dict[datetime, int] = dict(zip(_microseconds(answer).tolist(), answer.calls.tolist(), strict=True))
    known_from = in_utc(first, first)[0].replace(minute=0, second=0, microsecond=0) + HOUR

    @cache
    def median(hour: datetime) -> float:
        before = [hour - n * WEEK for n in range(1, WEEKS + 1)]
        known = [calls.get(then, 0) for then in before if then >= known_from]
        return statistics.median(known) if len(known) >= LEAST_WEEKS else 0

    return median


def _expected(usual: Callable[[datetime], float], hour: datetime, run: Sequence[datetime]) -> float:
    """How many calls are missing in an hour of a silence, whatever was done to the clocks."""
    beside = (hour - HOUR, hour, hour + HOUR) if hour in (run[0], run[-1]) else (hour,)
    return min(map(usual, beside))


def _silent(answer: Hours, start: datetime, end: datetime) -> Iterator[list[datetime]]:
    """Whole hours (naive UTC) in a row without a call; after the end, there are calls."""
    every = np.datetime64(start, "us") + np.arange((end - start) // HOUR) * np.timedelta64(HOUR)
    silent = every[~np.isin(every, _microseconds(answer))]
    for run in np.split(silent, np.flatnonzero(np.diff(silent) > np.timedelta64(HOUR)) + 1):
        if run.size:
            yield run.tolist()


def _microseconds(answer: Hours) -> "np.ndarray[Any, Any]":
    return answer.starts.astype("datetime64[us]")
