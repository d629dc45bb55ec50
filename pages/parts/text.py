"""Text from outside, made harmless: where Streamlit reads Markdown, and where something is chosen by it."""

import re
from collections.abc import Mapping
from typing import TypeVar

from usage_core.names import told_apart, visible

T = TypeVar("T")

_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")
# What Streamlit makes links of by itself: web and e-mail addresses.
_ADDRESS = re.compile(r"https?:|www|@", re.IGNORECASE)
_SHORTCODE = re.compile(r":(?=[\w+\-]+:)")


def selectable(options: Mapping[str, T]) -> dict[str, T]:
    """What can be chosen by names from outside, each shown as it may be and told apart from the others."""
    labels = told_apart(options)
    return {labels[name]: option for name, option in options.items()}


def plain_lines(text: str) -> str:
    """A text of several lines as Markdown that shows each as it is, on a line of its own."""
    return "  \n".join(map(plain, text.splitlines()))


def plain(text: str) -> str:
    """A text as Markdown that shows it as it is: no markup, link, formula, emoji or line break in it."""
    one_line = " ".join(visible(text).split())
    # A word joiner keeps an emoji's shortcode from being one; a backslash alone does not.
    unlinked = _ADDRESS.sub("\\g<0>\u2060", _SHORTCODE.sub(":\u2060", one_line))
    return _MARKS.sub(r"\\\1", unlinked)
