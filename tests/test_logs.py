"""The log as JSON lines: an object a line, with nothing in it that lets somebody in or names somebody."""

import io
import json
import logging

import pytest

from usage_core.errors import SettingRefused
from usage_core.logs import Brief, JsonLines, is_json, scrubbed


def written(message: str, *values: object, error: Exception | None = None) -> dict[str, object]:
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLines())
    logger = logging.Logger("usage_core.test")
    logger.addHandler(handler)
    try:
        if error:
            raise error
    except Exception:
        logger.exception(message, *values)
    else:
        logger.warning(message, *values)
    [line] = text.getvalue().splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def test_a_line_is_an_object() -> None:
    found = written("Removed %d files\nof %s", 3, "the store")
    assert str(found.pop("time")).endswith("Z")
    assert found == {
        "level": "warning", "logger": "usage_core.test", "message": "Removed 3 files\nof the store"
    }  # fmt: skip


def test_an_error_has_its_type_and_its_way_but_no_data() -> None:
    found = written("It failed", error=ValueError("Could not convert 'ann@example.com' to INT of prod-key"))
    error = found["error"]
    assert isinstance(error, dict)
    assert (error["type"], error["message"]) == ("ValueError", "Could not convert '…' to INT of prod-key")
    assert error["at"][-1].startswith("test_logs.py:")
    assert "ann" not in json.dumps(found)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("from Ann.Other+x@mail.example.com now", "from [address] now"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [hidden]"),
        ("client_secret=hush, next", "client_secret=[hidden], next"),
        ('{"api_key": "sk-123"}', '{"api_key": [hidden]'),
        ("GET https://x.example/cb?code=1&state=2 failed", "GET https://x.example/cb failed"),
        ("postgresql://ann:hush@db/usage", "postgresql://db/usage"),
        ("The store in /srv/data is full", "The store in /srv/data is full"),
    ],
)
def test_secrets_and_people_are_left_out(text: str, left: str) -> None:
    assert scrubbed(text) == left


def test_the_setting() -> None:
    assert [is_json({"USAGE_LOG": kind}) for kind in ("", "text", " JSON ")] == [False, False, True]
    with pytest.raises(SettingRefused, match="Write text or json"):
        is_json({"USAGE_LOG": "xml"})


def test_an_error_that_is_none_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("test.brief")
    logger.addFilter(Brief(KeyError, said="The other side has gone"))
    for error in (KeyError("secret"), ValueError("odd")):
        try:
            raise error
        except (KeyError, ValueError):
            logger.exception("Exception in application\n")
    gone, odd = caplog.records
    assert (gone.getMessage(), gone.exc_info) == ("The other side has gone (KeyError).", None)
    assert odd.exc_info
    assert odd.getMessage() == "Exception in application\n"
