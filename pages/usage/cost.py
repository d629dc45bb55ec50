"""Where does the money go?"""

from functools import partial

import streamlit as st

from pages.parts import (
    cost,
    cost_change,
    cost_keys,
    cost_month,
    cost_month_chart,
    cost_table,
    cost_what_if,
    drawn,
    pictures,
    provider_totals,
    tiles,
    views,
)
from pages.parts.frame import selected
from pages.parts.sentences import dearest

VIEWS = {"Table": cost_table, "What if": cost_what_if, "Keys to look at": cost_keys}

selection = selected()
st.title("Cost", anchor=False)
if not drawn.nothing_selected(selection):
    answer = st.empty()
    cost_change.line(selection)
    cost.way_to_prices(selection)
    tiles.row((*cost.tiles(selection), *cost_month.tiles(selection)))
    by = drawn.breakdown("Break down by")
    answer.markdown(dearest(selection, cost.totals(selection), by))
    drawn.chart(pictures.over_time(selection, "cost_usd", by), "cost", drawn.into(by))
    for column, section in zip(st.columns(2), (cost_month_chart.section, cost.section), strict=True):
        with column:
            section(selection, by)
    views.views({label: partial(part.section, selection, by) for label, part in VIEWS.items()})
provider_totals.section(selection)
