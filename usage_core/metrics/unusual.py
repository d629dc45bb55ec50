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
from typing import NamedTuple, TypeAlias

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
BEFORE = tuple(weeks * WEEK for weeks in range(1, WEEKS + 1))


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
    cost: Decimal | None
    """None where it is unknown, which is no day to hold against anything."""
    unpriced: int
    """Calls without a price."""


_Days: TypeAlias = dict[date, _Day]


class _Verdict(NamedTuple):
    day: date
    cost: Decimal
    low: Decimal
    high: Decimal
    usual: Decimal
    sign: int
    """1 for too much, -1 for too little; 0 for as usual, of which `low` and `high` are not looked for."""


class _Series(NamedTuple):
    """What the known days of a key, or of all calls, cost; on which of them not all calls have a price; and
    the day from which on it is known."""

    costs: Mapping[date, Decimal]
    incomplete: frozenset[date]
    since: date


def find(answer: pd.DataFrame, keys: Sequence[str], frame: Timeframe, extent: Extent) -> Unusual:
    """The unusual days of a timeframe, from the answer to `question`."""
    by_key = _by_key(answer)
    every = _series(_added_up(by_key.values()), extent.first, ())
    days = [day for day in every.costs if day >= _first_judged(frame)]
    if not days:
        return Unusual((), 0, 0, 0)
    matters = statistics.median(every.costs.values()) * MATTERS
    open_from = min(extent.last, _first_open(frame))
    judged = [verdict for day in days if (verdict := _verdict(every, day, matters, day >= open_from))]
    found = [*_runs(keys[0] if len(keys) == 1 else None, judged)]
    for key in keys if len(keys) > 1 else ():  # a single key makes all calls
        one = _series(by_key.get(key, {}), extent.first, every.costs)
        verdicts = (_verdict(one, day, matters, day >= open_from) for day in days)
        found += _runs(key, [verdict for verdict in verdicts if verdict])
    found.sort(key=lambda finding: -abs(finding.excess))
    return Unusual(tuple(found[:MOST_FOUND]), max(0, len(found) - MOST_FOUND), len(judged), len(days))


def _first_open(frame: Timeframe) -> date:
    """The first day that is not over at the end of a timeframe."""
    after = frame.last_day + DAY
    return after if frame.end == midnight(after, frame.zone) else frame.last_day


def _by_key(answer: pd.DataFrame) -> dict[str, _Days]:
    found: dict[str, _Days] = {}
    columns = (answer[name].tolist() for name in ("key", "cost_usd", "unpriced_calls"))
    for moment, key, cost, unpriced in zip(answer["day"].tolist(), *columns, strict=True):
        found.setdefault(key, {})[moment.date()] = _Day(cost, unpriced)
    return found


def _added_up(keys: Iterable[_Days]) -> _Days:
    whole: _Days = {}
    for days in keys:
        for day, (cost, unpriced) in days.items():
            before = whole.get(day, _Day(None, 0))
            known = [each for each in (before.cost, cost) if each is not None]
            whole[day] = _Day(sum(known, Decimal(0)) if known else None, before.unpriced + unpriced)
    return whole


def _series(days: _Days, first: date, known: Iterable[date]) -> _Series:
    """Days that are not there cost nothing where all calls are known of; an unknown cost is no day."""
    costs: dict[date, Decimal | None] = dict.fromkeys(known, Decimal(0))
    costs |= {day: found.cost for day, found in days.items()}
    priced = {day: cost for day, cost in sorted(costs.items()) if cost is not None}
    incomplete = frozenset(day for day, found in days.items() if found.unpriced)
    return _Series(priced, incomplete, min(days, default=first))


def _verdict(series: _Series, day: date, matters: Decimal, is_open: bool) -> _Verdict | None:
    """How a day compares with its weekday; None where too little is known."""
    cost, weekdays = series.costs.get(day), [day - week for week in BEFORE]
    # The first day may have begun before its first call.
    before = [series.costs[then] for then in weekdays if then > series.since and then in series.costs]
    if len(before) < LEAST_WEEKS or cost is None:
        return None
    usual = statistics.median(before)
    off = cost - usual
    never_cheap = is_open or day in series.incomplete
    if abs(off) < matters or (off < 0 and never_cheap):
        return _Verdict(day, cost, usual, usual, usual, 0)
    deviation = statistics.median(abs(one - usual) for one in before)
    limit = LIMIT * max(deviation * AS_DEVIATION, usual * LEAST_SPREAD)
    alike = [one for one in before if abs(one - usual) <= limit]
    sign = 0 if abs(off) <= limit else 1 if off > 0 else -1
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
