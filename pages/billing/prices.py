"""What does each model cost, and is that right?"""

import streamlit as st

from pages.parts import price_forms, prices, repricing
from pages.parts.frame import selected
from usage_core.prices.catalogue import catalogue_version

selection = selected()
st.title("Prices", anchor=False)
st.markdown(prices.answer())
prices.models()
repricing.changes_to_apply()
given, differing, history, anew = st.tabs(
    ["Enter a price", "Prices that differ", "Price history", "Repricings"]
)
with given:
    price_forms.enter()
with differing:
    prices.drifts(selection)
with history:
    price_forms.history()
with anew:
    repricing.history()
st.caption(f"The catalogue is {catalogue_version()}. Prices are USD per million tokens.")
