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
import operator
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

import pandas as pd
import sqlalchemy as sa

from usage_core.metrics import day_sums
from usage_core.metrics.covers import Coverage, Wanted, choose
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

_Group: TypeAlias = tuple[Any, ...]


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
    since no rollup has those of the selection. At most MOST_ROWS rows, in order of time.
    """
    unit = unit_of(selection)
    if coverage is not None and is_large(coverage) and unit == "day":
        selection = selection.over(replace(selection.timeframe, zone=coverage.zone))
    wanted = Wanted((unit, "provider", "model"), frozenset({"time_doublings"}))
    choice = choose(selection, wanted, coverage)
    sums = day_sums.sums(connection, selection, wanted.by, choice, _SUMS)
    days = _means(sums or by_column(connection, _summed(rows(selection, wanted, choice).c, wanted.by)))
    columns = ("provider", "at", "calls", "doublings", "lost_ms")
    found = _against_usual(days)[:MOST_ROWS]
    frame = pd.DataFrame(
        {name: pd.Series([row[n] for row in found], dtype=object) for n, name in enumerate(columns)}
    ).astype({"at": "datetime64[us]", "doublings": float, "lost_ms": float})
    frame.attrs |= {"grain": unit, "zone": selection.timeframe.zone}
    return frame


def _summed(row: sa.ColumnCollection[str, sa.ColumnElement[Any]], by: tuple[str, ...]) -> sa.Select[Any]:
    groups = [row[f"by_{name}"] for name in by]
    return sa.select(*groups, *(sa.func.sum(row[name]) for name in _SUMS)).group_by(*groups)


def _means(sums: Sequence[Sequence[Any]]) -> dict[_Group, tuple[float, float]]:
    """Day, provider, model -> timed calls, and the mean binary logarithm of their times."""
    return {
        group: (float(timed), float(doublings) / DOUBLING / float(timed))
        for *group_of, calls, untimed, doublings in zip(*sums, strict=True)
        if (group := tuple(group_of)) and (timed := calls - untimed) > 0
    }


def _against_usual(days: Mapping[_Group, tuple[float, float]]) -> list[tuple[Any, ...]]:
    """Provider, day, calls, doublings, lost_ms; of models with a usual time."""
    means: dict[_Group, list[float]] = defaultdict(list)
    for (_, *model), (_, mean) in days.items():
        means[tuple(model)].append(mean)
    usual = {model: statistics.median_low(of) for model, of in means.items() if len(of) >= LEAST_DAYS}
    sums: dict[_Group, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for (at, *model), (calls, mean) in days.items():
        if (expected := usual.get(tuple(model))) is not None:
            further = (calls, calls * (mean - expected), calls * (2**mean - 2**expected))
            of_day = sums[at, model[0]]
            of_day[:] = map(operator.add, of_day, further)
    rows = [
        (provider, at, int(calls), further / calls, lost)
        for (at, provider), (calls, further, lost) in sums.items()
        if calls >= LEAST_CALLS
    ]
    return sorted(rows, key=lambda row: row[1])


def slow_days(frame: pd.DataFrame) -> list[Slow]:
    """The slow days in a frame of `daily`, what cost most time first."""
    days: dict[str | None, list[dict[Any, Any]]] = defaultdict(list)
    for row in frame.to_dict("records"):
        days[row["provider"]].append(row)
    grain, zone = frame.attrs["grain"], frame.attrs["zone"]
    found = [slow for each in days.values() for slow in _joined(each, grain, zone)]
    return sorted(found, key=lambda slow: -slow.lost_ms)


def _joined(days: list[dict[Any, Any]], grain: Grain, zone: str) -> list[Slow]:
    """The slow ones among a provider's days, in order of time, those in a row made one."""
    noise = AS_DEVIATION * statistics.median(abs(_surprise(day)) for day in days)
    found: list[Slow] = []
    for day in days:
        if 2 ** day["doublings"] < TIMES_USUAL or _surprise(day) < LEAST_SPREADS * noise:
            continue
        at, calls = day["at"].to_pydatetime(), int(day["calls"])
        slow = Slow(day["provider"], at, at, grain, calls, 2 ** day["doublings"], day["lost_ms"], zone)
        if found and following(found[-1].last, grain) == at:
            slow = _added(found.pop(), slow)
        found.append(slow)
    return found


def _surprise(day: dict[Any, Any]) -> float:
    """How far a day is from as long as usual, for so many calls."""
    return float(day["doublings"]) * math.sqrt(day["calls"])


def _added(before: Slow, day: Slow) -> Slow:
    calls = before.calls + day.calls
    further = (before.calls * math.log2(before.times) + day.calls * math.log2(day.times)) / calls
    lost = before.lost_ms + day.lost_ms
    return replace(before, last=day.last, calls=calls, times=2**further, lost_ms=lost)
