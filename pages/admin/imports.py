"""What was brought in, and what became of it?"""

import streamlit as st

from pages.parts import mapping, receipts, undoing, uploads
from pages.parts.frame import selected

st.title("Imports", anchor=False)
zone = selected().timeframe.zone
uploads.uploader(zone)
mapping.section(zone)
receipts.every(zone)
undoing.chooser(zone)
