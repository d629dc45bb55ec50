"""What the Latency page shows, as answers in the shape that tiles, charts and tables take."""

from dataclasses import dataclass, replace

import pandas as pd

from pages.parts import figures
from usage_core import cached, wording
from usage_core.charts.fan import LONGEST
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.question import Question
from usage_core.metrics.shift_counts import counts
from usage_core.metrics.shifts import shifts
from usage_core.metrics.slow_days import Slow, daily
from usage_core.metrics.slow_days import slow_days as slow_days_of
from usage_core.metrics.time_counts import time_counts
from usage_core.metrics.within_target import within_target
from usage_core.selection import UNKNOWN, Selection

FIGURES = (
    "calls",
    "untimed_calls",
    "p50_ms",
    "p90_ms",
    "p95_ms",
    "p99_ms",
    "max_ms",
    "output_tokens_per_s",
)
"""What is said of all calls, of every period and of every model, provider or key."""

BINNED = "lists"
"""What the names of the rollups end with that count completion times in bins."""


@cached.shared
def kinds(selection: Selection) -> tuple[str, ...]:
    """The kinds of calls in a selection, the one with most calls first."""
    return tuple(cached.answer(Question(selection, ("calls",), ("kind",)))["kind"])


@cached.shared
def totals(selection: Selection) -> figures.Totals:
    """The page's figures, now and before."""
    return figures.compared(selection, FIGURES)


@cached.shared
def is_exact(selection: Selection) -> bool:
    """Whether the percentiles of a selection are read from its calls, rather than from bins."""
    sources = cached.answer(Question(selection, FIGURES)).attrs["sources"]
    return not any(source.endswith(BINNED) for source in sources)


@cached.shared
def each_period(selection: Selection) -> pd.DataFrame:
    """The page's figures for every period: index bucket, floats, missing where unknown."""
    return figures.by_period(selection, FIGURES)


@cached.shared
def percentiles(selection: Selection) -> pd.DataFrame:
    """bucket, p50, p90, p95, p99, longest (ms, floats), calls: one row per period with calls."""
    frame = each_period(selection).dropna(subset=["calls"]).reset_index(names="bucket")
    named = {f"{name}_ms": name for name in ("p50", "p90", "p95", "p99")} | {"max_ms": LONGEST}
    frame["calls"] = frame["calls"] - frame["untimed_calls"]
    return frame.rename(columns=named)[["bucket", *named.values(), "calls"]]


@cached.shared
def course(selection: Selection, whole: Selection, metric: str, by: str) -> pd.DataFrame:
    """A figure over time for the values that have a colour in the whole selection: bucket, series, value,
    exact, calls, as `charts.lines` takes it."""
    step, order = figures.grain(selection.timeframe), figures.order(whole, by)
    coloured = replace(selection, **{by: order})
    frame = cached.answer(Question(coloured, (metric, "calls", "untimed_calls"), (step, by)))
    unit = METRICS[metric].unit
    return pd.DataFrame(
        {
            "bucket": frame[step],
            "series": figures.names(by, frame[by]),
            "value": figures.floats(frame[metric]),
            "exact": [wording.figure_exact(unit, amount) for amount in frame[metric]],
            "calls": frame["calls"] - frame["untimed_calls"],
        }
    )


@cached.shared
def ranking(selection: Selection, by: str) -> pd.DataFrame:
    """The page's figures for each value of a breakdown, the largest p95 first: value, name, the figures."""
    frame = cached.answer(Question(selection, FIGURES, (by,))).rename(columns={by: "value"})
    frame.insert(1, "name", figures.names(by, frame["value"]))
    slowness = pd.Series([-1 if p95 is None else p95 for p95 in frame["p95_ms"]], dtype=float)
    return frame.iloc[slowness.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


@cached.shared
def changes(selection: Selection, by: str) -> pd.DataFrame:
    """What got slower or faster than in the period before; see `metrics.shifts`, with a name."""
    before = selection.previous
    # Only where there is something to compare with: the counts of a year take a second. What they are
    # made of serves the figures, too.
    compared = totals(selection).before["calls"]
    counted = cached.found(counts, selection, before, by) if compared else ({}, {})
    was, now = (cached.answer(Question(each, FIGURES, (by,))) for each in (before, selection))
    frame = shifts(now, was, counted).rename(columns={by: "value"})
    frame.insert(1, "name", figures.names(by, frame["value"]))
    return frame


@cached.shared
def slow_days(selection: Selection) -> list[Slow]:
    """When a provider answered much slower than usual; see `metrics.slow_days`."""
    return slow_days_of(cached.found(daily, selection))


@dataclass(frozen=True, slots=True)
class Within:
    """The calls within a target: how many have a time, which share met it, how wrong that can be."""

    timed: int
    share: float | None
    margin: float


@cached.shared
def within(selection: Selection, target_ms: int) -> Within:
    """The share of all calls within a target."""
    frame = cached.found(within_target, selection, target_ms, ())
    if frame.empty:
        return Within(0, None, 0.0)
    timed, share, margin = frame.loc[0, ["timed", "share", "margin"]]
    return Within(int(timed), float(share), float(margin))


@cached.shared
def within_over_time(selection: Selection, target_ms: int) -> pd.DataFrame:
    """The share within a target per period, as `charts.lines` takes it."""
    step = figures.grain(selection.timeframe)
    frame = cached.found(within_target, selection, target_ms, (step,))
    return pd.DataFrame(
        {
            "bucket": frame[step],
            "series": "all calls",
            "value": frame["share"],
            "exact": [_share(*row) for row in zip(frame["share"], frame["margin"], strict=True)],
            "calls": frame["timed"],
        }
    )


@cached.shared
def within_by(selection: Selection, target_ms: int, by: str) -> pd.DataFrame:
    """The share within a target of each value with calls, the smallest first, as `charts.ranked` takes it."""
    frame = cached.found(within_target, selection, target_ms, (by,))
    frame = frame.sort_values("share", kind="stable", ignore_index=True)
    return pd.DataFrame(
        {
            "name": figures.names(by, frame[by]),
            "value": frame["share"],
            "exact": [_share(*row) for row in zip(frame["share"], frame["margin"], strict=True)],
            "share": None,
            "calls": frame["timed"],
        }
    )


def _share(share: float, margin: float) -> str:
    """A share with as much as it can be wrong, where that shows."""
    written = wording.share(share)
    return f"{written} ± {wording.share(margin)}" if round(margin, 3) else written


@cached.shared
def most_used(selection: Selection) -> tuple[str, ...]:
    """The models of a selection, the one with most calls first."""
    frame = cached.answer(Question(selection, FIGURES, ("model",)))
    return tuple(value or UNKNOWN for value in frame["model"])


@cached.shared
def times(selection: Selection, models: tuple[str, ...]) -> pd.DataFrame:
    """How the completion times of some models are distributed: series, lower, upper (ms), calls."""
    frame = cached.found(time_counts, selection, models)
    frame.insert(0, "series", list(figures.names("model", frame.pop("model"))))
    return frame
