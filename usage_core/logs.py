"""What a process writes about itself as JSON, an object a line, without secrets and without people."""

import json
import logging
import os
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from usage_core.errors import SettingRefused

LOG = "USAGE_LOG"
KINDS = ("text", "json")
LONGEST = 2_000
"""Characters of a message, at most."""

MOST_FRAMES = 20

_HIDDEN = (
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[address]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 [hidden]"),
    (re.compile(r"(?i)\b([\w-]*(?:token|secret|password|passwd|api[_-]?key|cookie))(['\"]?\s*[=:]\s*)[^\s,;&]+"),
     r"\1\2[hidden]"),
    (re.compile(r"(\w+://[^\s?#'\"]*)[?#][^\s'\"]*"), r"\1"),
    (re.compile(r"(://)[^/\s@:]+:[^/\s@]+@"), r"\1"),
)  # fmt: skip
"""People's addresses, what lets somebody in, and what stands behind an address on the web."""

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")


def scrubbed(text: str) -> str:
    """A message without secrets and personal values, and of bounded length."""
    for pattern, instead in _HIDDEN:
        text = pattern.sub(instead, text)
    return text[:LONGEST]


class JsonLines(logging.Formatter):
    """A record as `time` (UTC), `level`, `logger`, `message`, and, after an error, `error`: its type, its
    message without what stands in quotes, which is data, and the places it came through."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrubbed(record.getMessage()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _error(record.exc_info[1], record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)


def _error(error: BaseException, trail: TracebackType | None) -> dict[str, Any]:
    frames = traceback.extract_tb(trail)[-MOST_FRAMES:]
    return {
        "type": type(error).__name__,
        "message": scrubbed(_QUOTED.sub("'…'", str(error))),
        "at": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }


class Brief(logging.Filter):
    """Has a logger tell of some errors in one line: where they came through says nothing to anybody.

    Takes the kinds of errors, and what is said instead of the logger's own words.
    """

    def __init__(self, *kinds: type[BaseException], said: str = "") -> None:
        super().__init__()
        self.kinds, self.said = kinds, said

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it is always written."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, self.kinds):
            said = self.said or record.getMessage().strip().rstrip(".")
            record.msg, record.args = f"{said} ({type(error).__name__}).", ()
            record.exc_info = record.exc_text = None
        return True


def is_json(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the log is to be JSON.

    Raises:
        SettingRefused: the setting is neither of the two.
    """
    kind = environment.get(LOG, "").strip().lower() or KINDS[0]
    if kind not in KINDS:
        raise SettingRefused(f"{LOG} is {kind[:20]!r}. Write text or json, or leave it out.")
    return kind == "json"


def write_json() -> None:
    """Have every logger there is now write JSON, to where it writes; the console's own from "info" on."""
    logging.getLogger("usage_core").setLevel(logging.INFO)
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    made = [each for each in logging.Logger.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    for logger in (root, *made):
        for handler in logger.handlers:
            handler.setFormatter(JsonLines())
