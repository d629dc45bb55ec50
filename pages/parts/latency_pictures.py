"""The charts of the Latency page, each a function of what is selected; drawn once for all who look.

`whole` is the selection before the page narrowed it to a kind of calls: it gives models, providers and
keys the colours they have on the other pages.
"""

from pages.parts import figures, latency_figures
from usage_core import cached, wording
from usage_core.charts.cells import cells
from usage_core.charts.chart import Chart
from usage_core.charts.distribution import distribution
from usage_core.charts.fan import fan
from usage_core.charts.histogram import histogram
from usage_core.charts.lines import lines
from usage_core.charts.ranked import ranked
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.time_by_tokens import time_by_tokens
from usage_core.metrics.time_counts import time_counts
from usage_core.selection import Selection

BESIDE = 9
"""So many rows of a ranking are as high as the chart beside it."""


@cached.shared
def percentiles(selection: Selection) -> Chart:
    """All percentiles of the completion time, and the longest, over time."""
    return fan(latency_figures.percentiles(selection), "Completion time", figures.periods(selection))


@cached.shared
def course(selection: Selection, whole: Selection, metric: str, by: str) -> Chart:
    """One figure over time for each model, provider or key."""
    return lines(
        latency_figures.course(selection, whole, metric, by),
        METRICS[metric].label,
        METRICS[metric].unit,
        figures.periods(selection),
        figures.names(by, figures.order(whole, by)),
    )


@cached.shared
def within_over_time(selection: Selection, target_ms: int) -> Chart:
    """The share of calls within a target over time."""
    title = f"Calls within {wording.duration_ms(target_ms)}"
    frame = latency_figures.within_over_time(selection, target_ms)
    return lines(frame, title, "share", figures.periods(selection))


@cached.shared
def within_by(selection: Selection, whole: Selection, target_ms: int, by: str) -> Chart:
    """The share of calls within a target for each model, provider or key."""
    title = f"Calls within {wording.duration_ms(target_ms)}, least first"
    order = figures.names(by, figures.order(whole, by))
    frame, zone = latency_figures.within_by(selection, target_ms, by), selection.timeframe.zone
    return ranked(frame, title, "share", order, BESIDE, zone)


@cached.shared
def all_times(selection: Selection) -> Chart:
    """How the completion times of all calls are distributed."""
    now = latency_figures.totals(selection).now
    marks = tuple((name, float(now[f"{name}_ms"] or 0)) for name in ("p50", "p95"))
    return histogram(
        cached.found(time_counts, selection, ()), "Completion times", marks, selection.timeframe.zone
    )


@cached.shared
def compared(selection: Selection, whole: Selection, models: tuple[str, ...]) -> Chart:
    """How the completion times of some models are distributed."""
    order = figures.names("model", figures.order(whole, "model"))
    drawn = figures.names("model", models)
    frame, zone = latency_figures.times(selection, models), selection.timeframe.zone
    return distribution(frame, "Completion times by model", order, drawn, zone)


@cached.shared
def by_tokens(selection: Selection) -> Chart:
    """How completion times go with output tokens."""
    found, zone = cached.found(time_by_tokens, selection), selection.timeframe.zone
    return cells(found, "Calls by output tokens and time", zone)
