"""How fast does each model and provider answer?"""

import streamlit as st

from pages.parts import drawn, figures
from pages.parts.frame import selected
from pages.parts.sentences import fastest
from usage_core.charts.histogram import histogram
from usage_core.charts.lines import lines
from usage_core.charts.ranked import ranked

selection = selected()
st.title("Latency", anchor=False)
if not drawn.nothing_selected(selection):
    totals = figures.totals(selection)
    st.markdown(fastest(selection, totals))
    periods = figures.periods(selection)
    drawn.chart(lines(figures.percentiles_over_time(selection), "Completion time", "ms", periods), "times")
    left, right = st.columns(2)
    with left:
        marks = tuple((name, float(totals.now[f"{name}_ms"] or 0)) for name in ("p50", "p95"))
        drawn.chart(histogram(figures.times(selection), "Completion times", marks), "distribution")
    with right:
        slowest = figures.top(selection, "provider", figures.TIMES).assign(share=None)
        drawn.chart(ranked(slowest, "p95 completion time by provider", "ms"), "providers")
    by = drawn.breakdown("Break down by", default="Model")
    drawn.ranking(
        figures.ranking(selection, by, figures.TIMES),
        drawn.HEADINGS[by],
        ("calls", "p50_ms", "p95_ms", "p99_ms", "untimed_calls"),
        "figures",
        share=False,
    )
