"""Text from outside, made harmless for the places where Streamlit reads Markdown."""

import re
import unicodedata

_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")
_SHORTCODE = re.compile(r":(?=[\w+\-]+:)")


def plain(text: str) -> str:
    """A text as Markdown that shows it as it is: no markup, link, formula, emoji or line break in it."""
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text)
    # A word joiner keeps an emoji's shortcode from being one; a backslash alone does not.
    one_line = " ".join(visible.split())
    return _MARKS.sub(r"\\\1", _SHORTCODE.sub(":\u2060", one_line))
