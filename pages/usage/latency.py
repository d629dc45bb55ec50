"""How fast, for whom, and when did it get worse?"""

from functools import partial

import streamlit as st

from pages.parts import drawn, latency, latency_calls, latency_words, tiles, views
from pages.parts.frame import selected

whole = selected()
st.title("Latency", anchor=False)
if not drawn.nothing_selected(whole):
    answer = st.empty()
    selection, left_out = latency.of_one_kind(whole)
    answer.markdown(latency_words.answer(selection))
    tiles.row(latency.tiles(selection))
    st.caption(latency_words.exactness(selection, left_out))
    latency.over_time(selection)
    by = latency.by_what()
    views.views(
        {
            "What changed": partial(latency.changed, selection, by),
            "Compare": partial(latency.each, selection, whole, by),
            "Within a target": partial(latency.target, selection, whole, by),
            "Distribution": partial(latency.spread, selection, whole),
            "By output tokens": partial(latency.by_tokens, selection),
            latency_calls.VIEW: partial(latency_calls.section, selection),
        }
    )
