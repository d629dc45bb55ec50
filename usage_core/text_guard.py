"""Text that a spreadsheet would run as a formula: guarded on the way out, restored on the way in.

A text that begins, after any apostrophes and spaces, with a character that starts a formula gets
one more apostrophe in front; reading takes exactly one away, so export then import is the identity.
"""

import re

# No `\s`: a vertical tab is one to Python and none to the others.
TRIGGER = r"[ \t\n\v\f\r]*[=+\-@＝＋－＠]|[ ]*[\t\r\n]"
GUARD_WHEN = rf"^'*(?:{TRIGGER})"
UNGUARD_WHEN = rf"^''*(?:{TRIGGER})"
"""Regular expressions that mean the same to Python, to Arrow and to DuckDB."""


def guard(text: str) -> str:
    """A text as it is written to a file that a spreadsheet may open."""
    return "'" + text if re.match(GUARD_WHEN, text) else text


def unguard(text: str) -> str:
    """A text as it was before `guard`."""
    return text[1:] if re.match(UNGUARD_WHEN, text) else text
