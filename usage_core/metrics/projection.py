"""Month to date, and where the month is heading.

Known is the cost of every complete day, exactly. Days to come are expected to cost what their weekday
cost on average in the last eight weeks. How wrong that is, is measured: the same is done from every
earlier day, and compared with what then came. The median miss corrects the expectation, and the misses
that one in ten stayed below, and one in ten exceeded, bound the range. Misses of overlapping stretches
are alike, so that quantiles are taken as of so many stretches as lie side by side: with few of them,
the range goes from the smallest miss to the greatest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from usage_core.periods import following
from usage_core.timeframe import zone_info

WEEKS = 8
"""A weekday's mean is over so many of the last weeks, or as many as there are."""

LEAST_DAYS = 28
"""Before so many complete days, nothing is expected of the next."""

LEAST_STARTS, MOST_STARTS = 10, 182
"""So many earlier days are looked at, at least and at most, to see how wrong the method is."""

HELD = 80
"""The range is meant to hold in so many of 100 months."""

MONTHS_BACK = 24
"""Earlier months on which the method is tested, at most; and so far back goes what it knows."""

LAST_HOUR = 23
"""A log that reaches into a day's last hour has all of it."""

_DAY = timedelta(days=1)
_TAIL = (100 - HELD) / 200

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Course:
    """Estimates in USD of what the coming days cost, added up: an entry for each day."""

    middle: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    starts: int
    """From so many earlier days the method was tried for as many days as these."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A month that is over: what it cost, and what was projected for it on the same day of the month."""

    month: date
    actual: Decimal
    middle: float
    low: float
    high: float

    @property
    def missed_by(self) -> float:
        """How far the projection was off, in USD."""
        return abs(self.middle - float(self.actual))

    @property
    def held(self) -> bool:
        """Whether the range did hold what the month cost."""
        return self.low <= float(self.actual) <= self.high


@dataclass(frozen=True, slots=True)
class Month:
    """The month of the last call, as far as it is known, in local days of one zone."""

    first: date
    last: date
    costs: Mapping[date, Decimal]
    """What is known of each of its days, exactly; a day that is not over is among them."""
    before: Mapping[date, Decimal]
    """What each day of the month before cost; empty where one of them is not known."""
    unpriced: int
    """Calls of the month whose cost is unknown; no figure here holds them."""
    through: date
    """The last complete day; the day before `first` where the month has none yet."""
    course: Course | None
    """What comes after `through`; None where too little is known, or nothing of the month is left."""
    days_known: int
    days_needed: int
    tests: tuple[Tested, ...]

    @property
    def so_far(self) -> Decimal:
        """The cost up to the last call, exactly."""
        return sum(self.costs.values(), Decimal(0))

    @property
    def is_over(self) -> bool:
        """Whether all of its days are complete."""
        return self.through >= self.last

    @property
    def complete(self) -> Decimal:
        """The cost of its complete days, exactly."""
        return sum((cost for day, cost in self.costs.items() if day <= self.through), Decimal(0))

    def expected(self) -> tuple[float, float, float] | None:
        """Low, middle and high of what the whole month costs; never less than is already spent."""
        if self.course is None:
            return None
        spent, complete = float(self.so_far), float(self.complete)
        low, middle, high = (
            max(spent, complete + each[-1])
            for each in (self.course.low, self.course.middle, self.course.high)
        )
        return low, middle, high


def days_needed(ahead: int) -> int:
    """So many complete days have to be known to project so many."""
    return LEAST_DAYS + ahead + LEAST_STARTS - 1


def project(costs: Sequence[float], ahead: int) -> Course | None:
    """What the next days cost, from the cost of consecutive days up to now; None where there are too few."""
    if ahead < 1 or len(costs) < days_needed(ahead):
        return None
    known = np.asarray(costs, dtype=np.float64)
    sums = np.concatenate(([0.0], np.cumsum(known)))
    starts = np.arange(max(LEAST_DAYS, len(known) - MOST_STARTS), len(known))
    tried = np.array([_expected(known[:start], ahead) for start in starts])
    expected, bounds = _expected(known, ahead), np.empty((3, ahead))
    for day in range(ahead):
        usable = starts + day + 1 <= len(known)
        begun = starts[usable]
        misses = sums[begun + day + 1] - sums[begun] - tried[usable, day]
        outer = _outer(len(misses), day + 1)
        bounds[:, day] = expected[day] + np.quantile(misses, (1 - outer, 0.5, outer))
    # Added up, costs never fall.
    low, middle, high = (tuple(map(float, row)) for row in np.maximum.accumulate(bounds.clip(0), axis=1))
    return Course(middle, low, high, int((starts + ahead <= len(known)).sum()))


def _expected(known: Floats, ahead: int) -> Floats:
    """The means of weekdays over the last weeks, added up day by day."""
    weeks = min(WEEKS, len(known) // 7)
    means = known[len(known) - 7 * weeks :].reshape(weeks, 7).mean(axis=0)
    return np.cumsum(np.resize(means, ahead))


def _outer(misses: int, days: int) -> float:
    """The quantile that bounds the range above, for misses over so many days that overlap."""
    apart = 1 + (misses - 1) / days
    return min(1.0, ceil((1 - _TAIL) * (apart + 1)) / apart)


def month_so_far(days: pd.DataFrame, last_call: datetime, today: date, zone: str) -> Month:
    """The month of the last call, what it costs, and how good the method was in earlier months.

    `days`: day (datetime64, local), cost_usd (Decimal or None), unpriced_calls (int), in order of time,
    for every day with calls from `history_from` on. `last_call` (aware) is the last of the whole log:
    after it nothing is known, before it a day without calls cost nothing. A clock that goes ahead of
    `today` is not believed.
    """
    log_end = last_call.astimezone(zone_info(zone))
    upto = min(log_end.date(), today)
    whole = log_end.date() < today and log_end.hour >= LAST_HOUR
    through = upto if whole else upto - _DAY
    first = upto.replace(day=1)
    last = following(datetime.combine(first, datetime.min.time()), "month").date() - _DAY
    costs = {at.date(): cost or Decimal(0) for at, cost in zip(days["day"], days["cost_usd"], strict=True)}
    known = _consecutive(costs, through)
    ahead = (last - through).days
    return Month(
        first,
        last,
        {day: cost for day, cost in costs.items() if first <= day <= upto},
        _month_before(known, first),
        _unpriced(days, first, upto),
        through,
        project([float(cost) for cost in known.values()], ahead),
        len(known),
        days_needed(ahead),
        tuple(_tests(known, first, through + _DAY)) if ahead else (),
    )


def history_from(last_call: datetime, zone: str) -> date:
    """The first local day of which a month's projection has to know."""
    local = last_call.astimezone(zone_info(zone)).date()
    years, month = divmod(local.month - 1 - MONTHS_BACK, 12)
    return date(max(1970, local.year + years), month + 1, 1)


def _unpriced(days: pd.DataFrame, first: date, upto: date) -> int:
    counted = zip(days["day"], days["unpriced_calls"], strict=True)
    return sum(int(calls) for at, calls in counted if first <= at.date() <= upto)


def _month_before(known: Mapping[date, Decimal], first: date) -> dict[date, Decimal]:
    begun = (first - _DAY).replace(day=1)
    return {day: cost for day, cost in known.items() if begun <= day < first} if begun in known else {}


def _consecutive(costs: Mapping[date, Decimal], through: date) -> dict[date, Decimal]:
    """Every complete day; of the very first, a part may be missing in the log."""
    if not costs:
        return {}
    first = min(costs) + _DAY
    every = (first + n * _DAY for n in range((through - first).days + 1))
    return {day: costs.get(day, Decimal(0)) for day in every}


def _tests(known: Mapping[date, Decimal], month: date, start: date) -> list[Tested]:
    """Every earlier month of which all days are known, projected from the day of the month of `start`."""
    found: list[Tested] = []
    days, costs = list(known), list(known.values())
    for first in _months(days, month):
        begin, end = days.index(first), days.index((first + 32 * _DAY).replace(day=1) - _DAY) + 1
        at = begin + min(start.day, end - begin) - 1
        course = project([float(cost) for cost in costs[:at]], end - at)
        if course:
            before, actual = float(sum(costs[begin:at], Decimal(0))), sum(costs[begin:end], Decimal(0))
            bounds: Any = (before + each[-1] for each in (course.middle, course.low, course.high))
            found.append(Tested(first, actual, *bounds))
    return found


def _months(days: Sequence[date], before: date) -> list[date]:
    """The first days of the whole months among consecutive days, before a month."""
    return [day for day in days if day.day == 1 and day < before]
