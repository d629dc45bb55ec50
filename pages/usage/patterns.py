"""When are calls made?"""

import streamlit as st

from pages.parts import drawn, figures, pictures
from pages.parts.frame import selected
from pages.parts.sentences import busiest

COUNTED = {"Calls": "calls", "Cost": "cost_usd", "Tokens": "tokens"}

selection = selected()
st.title("Patterns", anchor=False)
if not drawn.nothing_selected(selection):
    totals = figures.totals(selection)
    st.markdown(busiest(figures.week(selection, "calls"), totals.now["calls"], selection.timeframe.days))
    counted = st.segmented_control(
        "Count", list(COUNTED), default="Calls", required=True, key="of", bind="query-params"
    )
    drawn.chart(pictures.week(selection, COUNTED[counted]), "week")
    drawn.chart(pictures.over_time(selection, COUNTED[counted]), "over-time")
