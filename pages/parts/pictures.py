"""The charts of the pages, each a function of what is selected; drawn once for all who look."""

from pages.parts import figures
from usage_core import cached
from usage_core.charts.chart import Chart
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
    return ranked(figures.top(selection, dimension), title, "USD", order, zone=selection.timeframe.zone)
