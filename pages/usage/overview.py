"""What happened, and what changed?"""

from functools import partial

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
    views,
)
from pages.parts.frame import selected
from pages.parts.sentences import spent


def _tops() -> None:
    """What cost most, by API key and by model."""
    tops = {"key": "Top keys by cost", "model": "Top models by cost"}
    for column, (dimension, title) in zip(st.columns(2), tops.items(), strict=True):
        with column:
            into = drawn.into(dimension, "usage/cost")
            drawn.chart(pictures.top(selection, dimension, title), f"top-{dimension}", into)


selection = selected()
st.title("Overview", anchor=False)
if not drawn.nothing_selected(selection):
    totals = figures.totals(selection)
    st.markdown(spent(selection, totals))
    overview_health.line(selection)
    if added := provider_totals.line(selection):
        st.caption(added)
    tiles.row(tiles.of_all(selection))
    by = drawn.breakdown("Spend by")
    drawn.chart(pictures.over_time(selection, "cost_usd", by), "spend", drawn.into(by))
    views.views(
        {
            "Why cost changed": partial(cost_change.section, selection),
            "Unusual days": partial(overview_unusual.section, selection),
            "Top keys and models": _tops,
        }
    )
