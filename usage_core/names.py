"""Names from outside as a person can trust them: nothing in them is hidden, turns the text, or ends the line.

What is stored and exported stays as its source spells it; only what is read by people goes through here.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable

NO_NAME = "(no name)"
HIDDEN = "\ufffd"
"""Stands for a character that is not seen, or that turns the writing direction: whoever reads the name sees
that something is there, and the name does not pass for one without it."""

_JOINERS = "\u200c\u200d"
_BREAKS = ("Zl", "Zp")


def visible(text: str) -> str:
    """A text on one line without control characters and formatting ones, those of direction among them."""
    if text.isprintable():  # nearly every text is
        return text
    return "".join(char if char.isprintable() else _seen(text, at) for at, char in enumerate(text))


def visible_lines(text: str) -> str:
    """A text of several lines that is our own but for the names in it."""
    return text if text.isprintable() else "\n".join(map(visible, text.split("\n")))


def _seen(text: str, at: int) -> str:
    char, beside = text[at], text[max(at - 1, 0)] + text[min(at + 1, len(text) - 1)]
    kind = unicodedata.category(char)
    if kind in _BREAKS or (kind == "Cc" and char.isspace()):
        return " "
    if kind not in ("Cc", "Cf", "Cs"):
        return char
    # Emoji and the words of some languages are written with these; Latin is not.
    return char if char in _JOINERS and not any(map(str.isascii, beside)) else HIDDEN


def shown(name: object) -> str:
    """A name as it is shown; there is always something to see."""
    text = visible(name) if isinstance(name, str) else ""
    return text if text.strip() else NO_NAME


def told_apart(names: Iterable[object]) -> dict[object, str]:
    """Each name as shown; names that would look the same are numbered."""
    labels: dict[object, str] = {}
    taken: set[str] = set()
    alike: Counter[str] = Counter()
    for name in names:
        label = name_shown = shown(name)
        while label in taken:
            alike[name_shown] += 1
            label = f"{name_shown} ({alike[name_shown] + 1})"
        labels[name] = label
        taken.add(label)
    return labels
