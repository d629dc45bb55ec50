"""What will the file hold?"""

import streamlit as st

from pages.parts import drawn, export
from pages.parts.frame import selected
from pages.parts.text import plain
from usage_core import cached, wording

selection = selected()
st.title("Export", anchor=False)
if not drawn.nothing_selected(selection):
    held = cached.previewed(selection)
    zone = plain(selection.timeframe.zone)
    kind = export.choose()
    size = f"about {wording.bytes_size(held.approximate_bytes)} as plain CSV"
    st.markdown(
        f"The file holds **{wording.plural(held.rows, 'call')}** of "
        f"{plain(wording.day_range(selection.timeframe))}, {zone}, in order of time: {size}. "
        "One row is one call; dates are written in UTC."
    )
    export.download(selection, kind)
    st.subheader("First rows", anchor=False)
    export.first_rows(selection)
    with st.expander("What the columns mean"):
        export.columns(kind)
    with st.expander("The same file from the command line"):
        export.command(selection, kind)
