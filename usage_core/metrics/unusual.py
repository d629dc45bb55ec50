"""Days on which the cost was not what it usually is, of all calls and of the costliest keys.

A day is held against the same weekday of the WEEKS weeks before it: their median, and their median
absolute deviation as the usual spread, so that one odd day among them changes nothing. It is unusual
where it is further from the median than LIMIT spreads, and by an amount that matters. A spread is at
least LEAST_SPREAD of the median, because a few days may be equal by chance.

Only what is known counts: days before the first call (of the key), days without any call and days whose
cost is unknown are held against nothing. Where calls of a day have no price yet, or the day is not over,
it is never too cheap.
"""

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from usage_core.metrics.question import Question
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe, midnight, zone_info

WEEKS, LEAST_WEEKS = 8, 4
"""How far back, and how many of these weeks have to be known."""

LIMIT = Decimal("3.5")
AS_DEVIATION = Decimal("1.4826")
"""Times this, the median absolute deviation of normally spread amounts is their standard deviation."""

LEAST_SPREAD = Decimal("0.1")
MATTERS = Decimal("0.1")
"""An amount matters from this part of what all calls of a day usually cost."""

MOST_KEYS, MOST_DAYS, MOST_FOUND = 10, 366, 8
"""With these, an answer has at most (366 + 57) x 11 rows."""

LONG = 3
"""So many unusual days in a row are one finding."""

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Finding:
    """Unusual days of a key (None: of all calls), one or several in a row; amounts in USD, added up.

    The same days usually cost from `low` to `high`, in the middle `usual`.
    """

    key: str | None
    first: date
    last: date
    days: int
    cost: Decimal
    low: Decimal
    high: Decimal
    usual: Decimal

    @property
    def excess(self) -> Decimal:
        """How much more than usual it was, or, below 0, less."""
        return self.cost - self.usual


@dataclass(frozen=True, slots=True)
class Unusual:
    """What was found, what matters most first; how many days could be judged, and how many had calls."""

    found: tuple[Finding, ...]
    more: int
    judged: int
    days: int


class Extent(NamedTuple):
    """The local days on which the first and the last call of the store were made."""

    first: date
    last: date


def extent(first: datetime, last: datetime, zone: str) -> Extent:
    """Of two aware instants."""
    return Extent(*(moment.astimezone(zone_info(zone)).date() for moment in (first, last)))


def costliest(selection: Selection) -> Question:
    """What has to be asked first: which keys to look at."""
    return Question(_looked_at(selection), ("cost_usd",), ("key",), limit=MOST_KEYS)


def question(selection: Selection, keys: tuple[str, ...]) -> Question:
    """What has to be asked then: the days of these keys, the others folded."""
    return Question(_looked_at(selection), ("cost_usd", "calls", "unpriced_calls"), ("day", "key"), keep=keys)


def _first_judged(frame: Timeframe) -> date:
    return max(frame.first_day, frame.last_day - (MOST_DAYS - 1) * DAY)


def _looked_at(selection: Selection) -> Selection:
    frame = selection.timeframe
    start = midnight(_first_judged(frame) - WEEKS * WEEK, frame.zone)
    return selection.over(Timeframe(start, frame.end, frame.zone))


class _Day(NamedTuple):
    cost: Decimal
    complete: bool
    """Whether all of its calls have a price."""


class _Verdict(NamedTuple):
    day: date
    cost: Decimal
    low: Decimal
    high: Decimal
    usual: Decimal
    sign: int
    """1 for too much, -1 for too little, 0 for as usual."""


class _Series(NamedTuple):
    """The known days of a key, or of all calls, and the day from which on it is known."""

    key: str | None
    days: Mapping[date, _Day]
    since: date


def find(answer: pd.DataFrame, keys: Sequence[str], frame: Timeframe, extent: Extent) -> Unusual:
    """The unusual days of a timeframe, from the answer to `question`."""
    every = _series(answer, None, extent.first, ())
    days = [day for day in every.days if day >= _first_judged(frame)]
    if not days:
        return Unusual((), 0, 0, 0)
    matters = statistics.median(day.cost for day in every.days.values()) * MATTERS
    open_from = min(extent.last, _first_open(frame))
    judged = [verdict for day in days if (verdict := _verdict(every, day, matters, day >= open_from))]
    found = [*_runs(keys[0] if len(keys) == 1 else None, judged)]
    for key in keys if len(keys) > 1 else ():  # a single key makes all calls
        one = _series(answer, key, extent.first, tuple(every.days))
        verdicts = (_verdict(one, day, matters, day >= open_from) for day in days)
        found += _runs(key, [verdict for verdict in verdicts if verdict])
    found.sort(key=lambda finding: -abs(finding.excess))
    return Unusual(tuple(found[:MOST_FOUND]), max(0, len(found) - MOST_FOUND), len(judged), len(days))


def _first_open(frame: Timeframe) -> date:
    """The first day that is not over at the end of a timeframe."""
    after = frame.last_day + DAY
    return after if frame.end == midnight(after, frame.zone) else frame.last_day


def _series(answer: pd.DataFrame, key: str | None, first: date, known: Iterable[date]) -> _Series:
    """Days without a row cost nothing where all calls are known of; an unknown cost is no day."""
    rows = answer if key is None else answer[answer["key"] == key]
    costs: dict[date, list[Decimal | None]] = {}
    unpriced: dict[date, int] = {}
    for moment, cost, missing in zip(rows["day"], rows["cost_usd"], rows["unpriced_calls"], strict=True):
        costs.setdefault(moment.date(), []).append(cost)
        unpriced[moment.date()] = unpriced.get(moment.date(), 0) + missing
    days = {day: _Day(Decimal(0), complete=True) for day in known}
    for day, amounts in costs.items():
        days.pop(day, None)
        priced = [amount for amount in amounts if amount is not None]
        if priced:
            days[day] = _Day(sum(priced, Decimal(0)), not unpriced[day])
    return _Series(key, dict(sorted(days.items())), min(costs, default=first))


def _verdict(series: _Series, day: date, matters: Decimal, is_open: bool) -> _Verdict | None:
    """How a day compares with its weekday; None where too little is known."""
    weekdays = [day - n * WEEK for n in range(1, WEEKS + 1)]
    # The first day may have begun before its first call.
    before = [series.days[then].cost for then in weekdays if then > series.since and then in series.days]
    if len(before) < LEAST_WEEKS or day not in series.days:
        return None
    usual = statistics.median(before)
    deviation = statistics.median(abs(cost - usual) for cost in before)
    limit = LIMIT * max(deviation * AS_DEVIATION, usual * LEAST_SPREAD)
    alike = [cost for cost in before if abs(cost - usual) <= limit]
    cost, complete = series.days[day]
    off = cost - usual
    sign = 0 if abs(off) <= limit or abs(off) < matters else 1 if off > 0 else -1
    if sign < 0 and (is_open or not complete):
        sign = 0
    return _Verdict(day, cost, min(alike), max(alike), usual, sign)


def _runs(key: str | None, verdicts: Sequence[_Verdict]) -> Iterator[Finding]:
    """Findings: one for LONG or more days in a row that are off in the same direction, else one for each.

    Days that cost nothing, as weekends may, do not end a row of days that cost too little.
    """
    run: list[_Verdict] = []
    for verdict in verdicts:
        if run and run[-1].sign < 0 and not verdict.sign and not verdict.cost:
            continue
        apart = bool(run) and verdict.sign > 0 and verdict.day - run[-1].day > DAY
        if run and (verdict.sign != run[-1].sign or apart):
            yield from _of_run(key, run)
            run = []
        if verdict.sign:
            run.append(verdict)
    yield from _of_run(key, run)


def _of_run(key: str | None, run: Sequence[_Verdict]) -> Iterator[Finding]:
    parts = [run] if len(run) >= LONG else [[verdict] for verdict in run]
    return (_finding(key, part) for part in parts)


def _finding(key: str | None, run: Sequence[_Verdict]) -> Finding:
    cost, low, high, usual = (
        sum(amounts, Decimal(0))
        for amounts in zip(*((v.cost, v.low, v.high, v.usual) for v in run), strict=True)
    )
    return Finding(key, run[0].day, run[-1].day, len(run), cost, low, high, usual)
