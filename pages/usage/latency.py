"""How fast does each model and provider answer?"""

import streamlit as st

from pages.parts import drawn, figures, pictures
from pages.parts.frame import selected
from pages.parts.sentences import fastest

selection = selected()
st.title("Latency", anchor=False)
if not drawn.nothing_selected(selection):
    totals = figures.totals(selection)
    st.markdown(fastest(selection, totals))
    drawn.chart(pictures.percentiles(selection), "times")
    left, right = st.columns(2)
    with left:
        drawn.chart(pictures.distribution(selection), "distribution")
    with right:
        drawn.chart(pictures.slowest_providers(selection), "providers")
    by = drawn.breakdown("Break down by", default="Model")
    drawn.ranking(
        figures.ranking(selection, by, figures.TIMES),
        drawn.HEADINGS[by],
        ("calls", "p50_ms", "p95_ms", "p99_ms", "untimed_calls"),
        "figures",
        share=False,
    )
