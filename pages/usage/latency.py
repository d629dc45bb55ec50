"""How fast, for whom, and when did it get worse?"""

import streamlit as st

from pages.parts import drawn, latency, latency_calls, latency_words
from pages.parts.frame import selected

whole = selected()
st.title("Latency", anchor=False)
if not drawn.nothing_selected(whole):
    answer = st.empty()
    selection, left_out = latency.of_one_kind(whole)
    answer.markdown(latency_words.answer(selection))
    latency.tiles(selection)
    st.caption(latency_words.exactness(selection, left_out))
    latency.over_time(selection)
    by = latency.by_what()
    latency.changed(selection, by)
    latency.each(selection, whole, by)
    latency.target(selection, whole, by)
    latency.spread(selection, whole)
    latency.by_tokens(selection)
    latency_calls.section(selection)
