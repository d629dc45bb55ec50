"""Where does the money go?"""

import streamlit as st

from pages.parts import drawn, figures
from pages.parts.frame import selected
from pages.parts.sentences import dearest
from usage_core.charts.over_time import over_time
from usage_core.charts.ranked import ranked

selection = selected()
st.title("Cost", anchor=False)
if not drawn.nothing_selected(selection):
    answer = st.empty()
    by = drawn.breakdown("Break down by")
    totals = figures.totals(selection)
    answer.markdown(dearest(selection, totals, by))
    order = figures.names(by, figures.order(selection, by))
    drawn.chart(
        over_time(
            figures.over_time(selection, "cost_usd", by), "Cost", "USD", figures.periods(selection), order
        ),
        "cost",
    )
    drawn.chart(ranked(figures.top(selection, by), f"Cost by {by}", "USD", order), "by")
    st.subheader("All figures", anchor=False)
    drawn.ranking(
        figures.ranking(selection, by),
        drawn.HEADINGS[by],
        ("cost_usd", "calls", "input_tokens", "output_tokens", "unpriced_calls"),
        "figures",
    )
