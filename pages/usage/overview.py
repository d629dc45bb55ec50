"""What happened, and what changed?"""

import streamlit as st

from pages.parts import drawn, figures
from pages.parts.frame import selected
from pages.parts.sentences import spent
from usage_core.charts.over_time import over_time
from usage_core.charts.ranked import ranked

selection = selected()
st.title("Overview", anchor=False)
if not drawn.nothing_selected(selection):
    totals = figures.totals(selection)
    st.markdown(spent(selection, totals))
    drawn.tiles(totals, figures.every_period(selection))
    by = drawn.breakdown("Spend by")
    drawn.chart(
        over_time(
            figures.over_time(selection, "cost_usd", by),
            "Cost",
            "USD",
            figures.periods(selection),
            figures.names(by, figures.order(selection, by)),
        ),
        "spend",
    )
    for column, (title, dimension) in zip(
        st.columns(2), (("Top keys by cost", "key"), ("Top models by cost", "model")), strict=True
    ):
        with column:
            order = figures.names(dimension, figures.order(selection, dimension))
            drawn.chart(ranked(figures.top(selection, dimension), title, "USD", order), f"top-{dimension}")
