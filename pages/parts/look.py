"""What of the look no setting of Streamlit's reaches: contrast, and room that is kept while a page loads."""

import streamlit as st

# Quiet text is readable text (4.5 : 1 on every background); a chosen button or tab is told by its frame or
# line and is written like any text. What loads has about the size that it will have, so that little moves.
STYLE = """<style>
[data-testid="stCaptionContainer"], [class*="-numbers"] summary { opacity: 0.75; }
button[role="radio"][aria-checked="true"] { color: inherit !important; font-weight: 600; }
[data-testid="stTab"], [data-testid="stTab"] p { color: inherit !important; }
[class*="st-key-card-"] [data-testid="stSkeleton"] { height: 320px; }
.st-key-tiles [data-testid="stSkeleton"] { height: 190px; }
</style>"""


def draw() -> None:
    """Put it into the page; to be called once in a run."""
    st.html(STYLE)
