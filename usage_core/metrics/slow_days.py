"""Days on which a provider answered much slower than it usually does: when it got worse.

A model's time on a day is the geometric mean of its completion times, and its usual time the median of
those of its days in the timeframe. What a provider's models took on a day, each against its own usual
time and weighted by its calls, says how many times as long as usual the provider took: a day on which
more calls went to slow models is not slower for that. A day is slow from TIMES_USUAL on, where that is
more than noise: the logarithm of the times, by the root of the calls, is beyond LEAST_SPREADS times what
it usually is (its median absolute deviation from none, as a standard deviation).

Days with fewer than LEAST_CALLS calls say nothing, nor do models with fewer than LEAST_DAYS days. In
timeframes of up to 3 days, hours stand for days. A time of 0 ms counts as 1 ms.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from usage_core.metrics import day_sums
from usage_core.metrics.covers import Coverage, Wanted, choose
from usage_core.metrics.histograms import Real, Whole
from usage_core.metrics.question import MOST_ROWS
from usage_core.metrics.sources import rows
from usage_core.metrics.times import is_large
from usage_core.metrics.times import unit as unit_of
from usage_core.periods import following
from usage_core.selection import Selection
from usage_core.store.columns import by_column
from usage_core.store.measures import DOUBLING
from usage_core.timeframe import Grain

TIMES_USUAL = 2.0
LEAST_CALLS, LEAST_DAYS = 20, 5
LEAST_SPREADS, AS_DEVIATION = 4.0, 1.4826

_SUMS = ("calls", "untimed_calls", "time_doublings")


@dataclass(frozen=True, slots=True)
class Slow:
    """A provider's slow days in a row: the local start of the first and the last, its calls with a
    completion time, and how many times as long as usual they took."""

    provider: str | None
    first: datetime
    last: datetime
    grain: Grain
    calls: int
    times: float
    lost_ms: float
    """How much longer than usual they took in all, as far as geometric means tell."""
    zone: str
    """The zone of the days."""


def daily(connection: sa.Connection, selection: Selection, coverage: Coverage | None = None) -> pd.DataFrame:
    """What each provider took on each day, against what its models usually take.

    provider (None where unknown), at (datetime64, local start), calls (int, with a completion time),
    doublings (float, the binary logarithm of times as long as usual), lost_ms (float). `attrs["grain"]`
    is "day" or "hour", `attrs["zone"]` the zone of the days: a large store's own, where it has another,
    since no rollup has those of the selection. At most MOST_ROWS rows, in order of time and of provider.
    """
    unit = unit_of(selection)
    if coverage is not None and is_large(coverage) and unit == "day":
        selection = selection.over(replace(selection.timeframe, zone=coverage.zone))
    wanted = Wanted((unit, "provider", "model"), frozenset({"time_doublings"}))
    choice = choose(selection, wanted, coverage)
    sums = day_sums.sums(connection, selection, wanted.by, choice, _SUMS)
    found = sums or by_column(connection, _summed(rows(selection, wanted, choice).c, wanted.by))
    frame = _against_usual(*found).head(MOST_ROWS)
    frame.attrs |= {"grain": unit, "zone": selection.timeframe.zone}
    return frame


def _summed(row: sa.ColumnCollection[str, sa.ColumnElement[Any]], by: tuple[str, ...]) -> sa.Select[Any]:
    groups = [row[f"by_{name}"] for name in by]
    return sa.select(*groups, *(sa.func.sum(row[name]) for name in _SUMS)).group_by(*groups)


def _against_usual(
    at: Sequence[Any], provider: Sequence[Any], model: Sequence[Any], *sums: Any
) -> pd.DataFrame:
    """What `daily` finds, of the sums of each unit, provider and model: those of models with a usual time."""
    calls, untimed, doublings = (np.array(each, float) for each in sums)
    timed = calls - untimed
    known = np.flatnonzero(timed > 0)
    mean = doublings[known] / DOUBLING / timed[known]
    models, of_model = _coded(zip(provider, model, strict=True), known)
    expected = _usual(mean, of_model, len(models))[of_model]
    judged = ~np.isnan(expected)
    known, mean, expected = known[judged], mean[judged], expected[judged]
    days, of_day = _coded(zip(provider, at, strict=True), known)
    lost = 2.0**mean - 2.0**expected
    taken, further, lost_ms = (
        np.bincount(of_day, timed[known] * each, len(days))
        for each in (np.ones_like(mean), mean - expected, lost)
    )
    frame = pd.DataFrame({"calls": taken.astype(int), "doublings": further, "lost_ms": lost_ms})
    frame.insert(0, "provider", pd.Series([name for name, _ in days], dtype=object))
    frame.insert(1, "at", pd.Series([moment for _, moment in days], dtype="datetime64[us]"))
    frame = frame[frame["calls"] >= LEAST_CALLS].sort_values(["at", "provider"], ignore_index=True)
    return frame.assign(doublings=frame["doublings"] / frame["calls"])


def _coded(groups: Iterable[tuple[Any, ...]], places: Whole) -> tuple[list[tuple[Any, ...]], Whole]:
    """The groups that stand in some places, and for each of these places which it is."""
    held, found = list(groups), dict[tuple[Any, ...], int]()
    codes = [found.setdefault(held[place], len(found)) for place in places.tolist()]
    return list(found), np.array(codes, np.intp)


def _usual(mean: Real, of: Whole, groups: int) -> Real:
    """The (lower) median of each group's means; not a number for those with fewer than LEAST_DAYS."""
    order = np.lexsort((mean, of))
    sizes = np.bincount(of, minlength=groups)
    middle = sizes.cumsum() - sizes + (sizes - 1) // 2
    return np.where(sizes >= LEAST_DAYS, mean[order][middle], np.nan)


def slow_days(frame: pd.DataFrame) -> list[Slow]:
    """The slow days in a frame of `daily`, what cost most time first."""
    surprise = frame["doublings"] * np.sqrt(frame["calls"])
    spread = surprise.abs().groupby(frame["provider"], dropna=False).transform("median")
    is_slow = (frame["doublings"] >= math.log2(TIMES_USUAL)) & (
        surprise >= LEAST_SPREADS * AS_DEVIATION * spread
    )
    grain, zone = frame.attrs["grain"], frame.attrs["zone"]
    days: dict[str | None, list[Slow]] = {}
    for day in frame[is_slow].to_dict("records"):
        name, at = day["provider"], day["at"].to_pydatetime()
        slow = Slow(name, at, at, grain, int(day["calls"]), 2 ** day["doublings"], day["lost_ms"], zone)
        found = days.setdefault(name, [])
        if found and following(found[-1].last, grain) == at:
            slow = _added(found.pop(), slow)
        found.append(slow)
    every = (slow for found in days.values() for slow in found)
    return sorted(every, key=lambda slow: -slow.lost_ms)


def _added(before: Slow, day: Slow) -> Slow:
    calls = before.calls + day.calls
    further = (before.calls * math.log2(before.times) + day.calls * math.log2(day.times)) / calls
    lost = before.lost_ms + day.lost_ms
    return replace(before, last=day.last, calls=calls, times=2**further, lost_ms=lost)
