"""What happened, and what changed?"""

import streamlit as st

from pages.parts import (
    cost_change,
    drawn,
    figures,
    overview_health,
    overview_unusual,
    pictures,
    provider_totals,
    tiles,
)
from pages.parts.frame import selected
from pages.parts.sentences import spent

selection = selected()
st.title("Overview", anchor=False)
if not drawn.nothing_selected(selection):
    totals = figures.totals(selection)
    st.markdown(spent(selection, totals))
    overview_health.line(selection)
    if added := provider_totals.line(selection):
        st.caption(added)
    tiles.of_all(totals, figures.every_period(selection))
    by = drawn.breakdown("Spend by")
    drawn.chart(pictures.over_time(selection, "cost_usd", by), "spend", drawn.into(by))
    cost_change.section(selection)
    overview_unusual.section(selection)
    for column, (title, dimension) in zip(
        st.columns(2), (("Top keys by cost", "key"), ("Top models by cost", "model")), strict=True
    ):
        with column:
            into = drawn.into(dimension, "usage/cost")
            drawn.chart(pictures.top(selection, dimension, title), f"top-{dimension}", into)
