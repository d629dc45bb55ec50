"""What was brought in, and what became of it?"""

import streamlit as st

from pages.parts import uploads
from pages.parts.frame import selected

st.title("Imports", anchor=False)
uploads.uploader()
uploads.receipts(selected().timeframe.zone)
