"""The charts of the pages, each a function of what is selected; drawn once for all who look."""

from pages.parts import figures
from usage_core import cached
from usage_core.charts.chart import Chart
from usage_core.charts.heatmap import heatmap
from usage_core.charts.histogram import histogram
from usage_core.charts.lines import lines
from usage_core.charts.over_time import over_time as stacked
from usage_core.charts.ranked import ranked
from usage_core.metrics.definitions import METRICS
from usage_core.selection import Selection


@cached.shared
def over_time(selection: Selection, metric: str, by: str | None = None) -> Chart:
    """A figure per period, stacked by a breakdown where one is given."""
    return stacked(
        figures.over_time(selection, metric, by),
        METRICS[metric].label,
        METRICS[metric].unit,
        figures.periods(selection),
        figures.names(by, figures.order(selection, by)) if by else None,
    )


@cached.shared
def top(selection: Selection, dimension: str, title: str) -> Chart:
    """The values of a breakdown that cost most."""
    order = figures.names(dimension, figures.order(selection, dimension))
    return ranked(figures.top(selection, dimension), title, "USD", order)


@cached.shared
def percentiles(selection: Selection) -> Chart:
    """Completion times over time."""
    periods = figures.periods(selection)
    return lines(figures.percentiles_over_time(selection), "Completion time", "ms", periods)


@cached.shared
def distribution(selection: Selection) -> Chart:
    """How completion times are distributed."""
    totals = figures.totals(selection)
    marks = tuple((name, float(totals.now[f"{name}_ms"] or 0)) for name in ("p50", "p95"))
    return histogram(figures.times(selection), "Completion times", marks)


@cached.shared
def slowest_providers(selection: Selection) -> Chart:
    """p95 completion time by provider."""
    slowest = figures.top(selection, "provider", figures.TIMES).assign(share=None)
    return ranked(slowest, "p95 completion time by provider", "ms")


@cached.shared
def week(selection: Selection, metric: str) -> Chart:
    """A figure by weekday and hour."""
    title, zone = f"{METRICS[metric].label} by hour and weekday", selection.timeframe.zone
    return heatmap(figures.week(selection, metric), title, METRICS[metric].unit, zone)
