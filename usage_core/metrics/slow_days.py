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
import statistics
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from usage_core.metrics.plan import EXACT_PERCENTILES_UP_TO
from usage_core.metrics.question import MOST_ROWS
from usage_core.metrics.sources import SHORT, Coverage, Wanted, choose, rows
from usage_core.selection import Selection
from usage_core.store.rollups import BINS_PER_DOUBLING, EXACT_BINS
from usage_core.timeframe import Grain, following

TIMES_USUAL = 2.0
LEAST_CALLS, LEAST_DAYS = 20, 5
LEAST_SPREADS, AS_DEVIATION = 4.0, 1.4826


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
    unit: Grain = "hour" if selection.timeframe.length <= SHORT else "day"
    large = coverage is not None and coverage.calls > EXACT_PERCENTILES_UP_TO
    if coverage is not None and large and unit == "day":
        selection = selection.over(replace(selection.timeframe, zone=coverage.zone))
    wanted = Wanted((unit, "provider", "model"), bins=True)
    source = rows(selection, wanted, choose(selection, wanted, coverage))
    statement = _statement(source, unit)
    columns = ("provider", "at", "calls", "doublings", "lost_ms")
    found = connection.execute(statement).all()
    frame = pd.DataFrame(
        {name: pd.Series([row[n] for row in found], dtype=object) for n, name in enumerate(columns)}
    ).astype({"at": "datetime64[us]", "doublings": float, "lost_ms": float})
    frame.attrs |= {"grain": unit, "zone": selection.timeframe.zone}
    return frame


def _statement(source: sa.Subquery, unit: Grain) -> sa.Select[Any]:
    s, total = source.c, sa.func.sum
    of = (s.by_provider, s.by_model)
    calls: sa.ColumnElement[float] = sa.cast(s.calls, sa.Double())
    mean = (total(calls * _doublings(s.time_bin)) / total(calls)).label("mean")
    day = sa.select(*of, s[f"by_{unit}"].label("at"), total(calls).label("calls"), mean)
    by_model = day.where(s.time_bin.is_not(None)).group_by(*of, s[f"by_{unit}"]).cte("by_model")
    m = by_model.c
    middle = sa.func.quantile_disc(m.mean, sa.literal_column("0.5")).label("mean")
    known = sa.select(m.by_provider, m.by_model, middle).group_by(m.by_provider, m.by_model)
    usual = known.having(sa.func.count() >= LEAST_DAYS).subquery("usual")
    same = sa.and_(m.by_provider.is_not_distinct_from(usual.c.by_provider), m.by_model == usual.c.by_model)
    further = total(m.calls * (m.mean - usual.c.mean)) / total(m.calls)
    lost = total(m.calls * (sa.func.pow(2.0, m.mean) - sa.func.pow(2.0, usual.c.mean)))
    by_day = sa.select(m.by_provider, m.at, sa.cast(total(m.calls), sa.BigInteger()), further, lost)
    joined = by_day.join_from(by_model, usual, same).group_by(m.by_provider, m.at)
    return joined.having(total(m.calls) >= LEAST_CALLS).order_by(m.at).limit(MOST_ROWS)


def _doublings(number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The binary logarithm of the time that stands for a bin."""
    wide = math.log2(EXACT_BINS) + (number - EXACT_BINS - 0.5) / float(BINS_PER_DOUBLING)
    exact = sa.func.log2(sa.func.greatest(number, 1))
    return sa.case((number <= EXACT_BINS, exact), else_=wide)


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
