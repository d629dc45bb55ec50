"""When are calls made?"""

import streamlit as st

from pages.parts import drawn, figures
from pages.parts.frame import selected
from pages.parts.sentences import busiest
from usage_core.charts.heatmap import heatmap
from usage_core.charts.over_time import over_time
from usage_core.metrics.definitions import METRICS

COUNTED = {"Calls": "calls", "Cost": "cost_usd", "Tokens": "tokens"}

selection = selected()
st.title("Patterns", anchor=False)
if not drawn.nothing_selected(selection):
    totals = figures.totals(selection)
    st.markdown(busiest(figures.week(selection, "calls"), totals.now["calls"], selection.timeframe.days))
    counted = st.segmented_control(
        "Count", list(COUNTED), default="Calls", required=True, key="of", bind="query-params"
    )
    metric = METRICS[COUNTED[counted]]
    zone = selection.timeframe.zone
    cells = figures.week(selection, metric.name)
    drawn.chart(heatmap(cells, f"{metric.label} by hour and weekday", metric.unit, zone), "week")
    drawn.chart(
        over_time(
            figures.over_time(selection, metric.name), metric.label, metric.unit, figures.periods(selection)
        ),
        "over-time",
    )
