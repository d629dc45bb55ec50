"""What does each model cost, and is that right?"""

from functools import partial

import streamlit as st

from pages.parts import price_forms, prices, repricing, views
from pages.parts.frame import selected
from usage_core.prices.catalogue import catalogue_version

selection = selected()
st.title("Prices", anchor=False)
st.markdown(prices.answer())
prices.models()
repricing.changes_to_apply()
views.views(
    {
        price_forms.VIEW: price_forms.enter,
        "Prices that differ": partial(prices.drifts, selection),
        "Price history": price_forms.history,
        "Repricings": repricing.history,
    },
    kept=(price_forms.VIEW,),
)
st.caption(f"The catalogue is {catalogue_version()}. Prices are USD per million tokens.")
