"""How do programs get in?"""

import streamlit as st

from pages.parts import tokens
from pages.parts.frame import selected

st.title("Access tokens", anchor=False)
st.markdown(
    "A program that reads from this console, or brings calls in, sends a token with each request. It is "
    "shown once, when it is created; only what recognises it is kept. Every use is in the audit log."
)
zone = selected().timeframe.zone
tokens.shown_once()
tokens.creator()
tokens.every(zone)
tokens.revoker(zone)
