"""Charts: a small DataFrame in, a `Chart` out. Nothing here knows a store or a screen.

A spec is authored once for each shape and cached; names and figures travel in the frame.
"""

from usage_core.charts.chart import Chart
from usage_core.charts.heatmap import heatmap
from usage_core.charts.histogram import histogram
from usage_core.charts.lines import lines
from usage_core.charts.over_time import over_time
from usage_core.charts.periods import Periods
from usage_core.charts.ranked import ranked
from usage_core.charts.units import Unit

__all__ = ["Chart", "Periods", "Unit", "heatmap", "histogram", "lines", "over_time", "ranked"]
