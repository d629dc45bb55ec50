"""What of the look no setting of Streamlit's reaches: contrast, where the keyboard is, and room that is kept
while a page loads."""

import streamlit as st

# Quiet text is readable text (4.5 : 1 on every background); a chosen button or tab is told by its frame or
# line and is written like any text. What loads has about the size that it will have, so that little moves.
# Tiles are five in a row, three on a small screen, two on a phone, where columns of Streamlit would be one;
# a sentence in a button begins at the left when it wraps.
STYLE = """
[data-testid="stCaptionContainer"], [class*="-numbers"] summary { opacity: 0.75; }
button[role="radio"][aria-checked="true"] { color: inherit !important; font-weight: 600; }
[data-testid="stTab"], [data-testid="stTab"] p { color: inherit !important; }
[class*="st-key-card-"] [data-testid="stSkeleton"] { height: 320px; }
.st-key-tiles [data-testid="stSkeleton"] { height: 190px; }
.st-key-tiles > div { flex: 1 1 160px; min-width: 160px; }
@media (min-width: 641px) and (max-width: 1359px) { .st-key-tiles > div { flex-basis: 30%; } }
.st-key-tiles [data-testid="stMetric"] { display: flex; flex-direction: column; }
.st-key-tiles [data-testid="stMetric"]::after {
  display: block; height: 40px; margin: auto 16px 16px; background: currentColor; opacity: 0.6;
  mask-size: 100% 100%;
}
.st-key-unusual button { justify-content: flex-start; text-align: left; }
"""

# The keyboard's place is framed, and what is focused without being seen is framed by what is seen of it: a
# field by its box, a choice by its label, a table by its edge.
FOCUS = """
:focus-visible:not(input, textarea, canvas, td),
[data-testid="stNumberInputContainer"]:has(input:focus-visible), label:has(input:focus-visible),
[data-testid="stTextInputRootElement"]:has(:focus-visible),
[data-testid="stTextAreaRootElement"]:has(:focus-visible),
[data-testid="stSelectbox"] [role="group"]:has(input:focus-visible),
[data-testid="stMultiSelect"] [role="group"]:has(input:focus-visible),
[data-testid="stDataFrame"]:has(:focus-visible) {
  outline: 2px solid light-dark(%s, %s) !important; outline-offset: 2px !important; border-radius: 4px;
}
main:focus-visible, [data-testid="stTab"]:focus-visible { outline-offset: -3px !important; }
[data-testid="stElementToolbar"]:has(:focus-visible) { opacity: 1 !important; }
"""


def draw(further: str = "") -> None:
    """Put it into the page, and what else there is to say in CSS; to be called once in a run."""
    colours = tuple(st.get_option(f"theme.{theme}.linkColor") for theme in ("light", "dark"))
    st.html(f"<style>{STYLE}{FOCUS % colours}{further}</style>")
