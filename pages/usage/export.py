"""What will the file hold?"""

import streamlit as st

from pages.parts import drawn, export
from pages.parts.frame import selected

selection = selected()
st.title("Export", anchor=False)
if not drawn.nothing_selected(selection):
    selection = export.of_hours(selection)
    of = export.choose_rows()
    kind = export.choose(of)
    st.markdown(export.told(selection, kind, of))
    export.download(selection, kind, of)
    st.header("First rows", anchor=False)
    export.first_rows(selection, kind, of)
    with st.expander("What the columns mean"):
        export.columns(kind, of)
    with st.expander("The same file from the command line"):
        export.command(selection, kind, of)
