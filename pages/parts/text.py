"""Text from outside, made harmless for the places where Streamlit reads Markdown."""

import re
import unicodedata

_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")
# What Streamlit makes links of by itself: web and e-mail addresses.
_ADDRESS = re.compile(r"https?:|www|@", re.IGNORECASE)
_SHORTCODE = re.compile(r":(?=[\w+\-]+:)")


def plain(text: str) -> str:
    """A text as Markdown that shows it as it is: no markup, link, formula, emoji or line break in it."""
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text)
    # A word joiner keeps an emoji's shortcode from being one; a backslash alone does not.
    one_line = " ".join(visible.split())
    unlinked = _ADDRESS.sub("\\g<0>\u2060", _SHORTCODE.sub(":\u2060", one_line))
    return _MARKS.sub(r"\\\1", unlinked)
