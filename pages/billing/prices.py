"""What does each model cost, and is that right?"""

import streamlit as st

from pages.parts import price_forms, prices
from pages.parts.frame import selected
from usage_core import cached

selection = selected()
st.title("Prices", anchor=False)
st.markdown(prices.answer())
prices.models()
price_forms.changes_to_apply()
given, differing, history = st.tabs(["Enter a price", "Prices that differ", "Price history"])
with given:
    price_forms.enter()
with differing:
    prices.drifts(selection)
with history:
    price_forms.history()
st.caption(f"The catalogue is {cached.catalogue()}. Prices are USD per million tokens.")
