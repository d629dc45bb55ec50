"""When are the peaks, and what is preferred?"""

from contextlib import nullcontext
from functools import partial

import streamlit as st

from pages.parts import drawn, patterns, patterns_keys, patterns_limits, patterns_said, views
from pages.parts.drill import Drill
from pages.parts.frame import selected

selection = selected()
st.title("Patterns", anchor=False)
if not drawn.nothing_selected(selection):
    known = patterns.lived(selection.timeframe)
    said = st.empty()
    metric, way = patterns.controls()
    said.markdown(patterns_said.answer(selection, metric, known))
    week, of_peak = patterns.week_chart(selection, metric, way, known), Drill(to="usage/overview")
    drawn.chart(week, "week", of_peak, "Choose an hour to see the day on which it had most.")
    by_day = patterns.by_day(selection, metric, known)
    places = st.columns(len(by_day)) if len(by_day) > 1 else [nullcontext()]
    for place, (key, chart) in zip(places, by_day.items(), strict=True):
        with place:
            drawn.chart(chart, key, Drill())
    views.views(
        {
            "Shares": partial(patterns.preferred, selection, metric),
            "Keys that changed": partial(patterns_keys.section, selection),
            patterns_limits.VIEW: partial(patterns_limits.section, selection, known),
        },
        kept=(patterns_limits.VIEW,) if patterns_limits.are_being_entered() else (),
    )
