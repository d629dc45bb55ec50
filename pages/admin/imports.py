"""What was brought in, and what became of it?"""

import streamlit as st

from pages.parts import undoing, uploads
from pages.parts.frame import selected

st.title("Imports", anchor=False)
zone = selected().timeframe.zone
uploads.uploader(zone)
uploads.receipts(zone)
undoing.chooser(zone)
