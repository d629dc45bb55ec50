"""Where does the money go?"""

import streamlit as st

from pages.parts import drawn, figures, pictures
from pages.parts.frame import selected
from pages.parts.sentences import dearest

selection = selected()
st.title("Cost", anchor=False)
if not drawn.nothing_selected(selection):
    answer = st.empty()
    by = drawn.breakdown("Break down by")
    totals = figures.totals(selection)
    answer.markdown(dearest(selection, totals, by))
    drawn.chart(pictures.over_time(selection, "cost_usd", by), "cost")
    drawn.chart(pictures.top(selection, by, f"Cost by {by}"), "by")
    st.subheader("All figures", anchor=False)
    drawn.ranking(
        figures.ranking(selection, by),
        drawn.HEADINGS[by],
        ("cost_usd", "calls", "input_tokens", "output_tokens", "unpriced_calls"),
        "figures",
    )
