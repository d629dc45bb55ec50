"""The Export page: every file that can be had, and the way to it."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import check, texts, visit
from tests.pages.test_pages import STORES
from usage_core.export.formats import CODECS, FORMATS

PAGE = "usage/export"
CSV_WITH_ALL = FORMATS["csv-detail"].label


def link(app: AppTest) -> str:
    [address] = [each.proto.url for each in app.main.get("link_button")]
    return str(address)


@pytest.mark.parametrize("name", FORMATS)
def test_the_link_and_the_command_are_of_the_file_chosen(holding: Callable[..., None], name: str) -> None:
    holding("many", STORES["many"])
    app = visit(PAGE, format=FORMATS[name].label, compression="zstd")
    check(app, "Export")
    what = "usage" if FORMATS[name].content else "calls"
    packed = "&compression=zstd" if FORMATS[name].is_text else ""
    assert link(app).endswith(f"&format={name}{packed}")
    [command] = [each.value for each in app.code]
    assert (f"--format={name}" in command) == (name != "csv")
    assert ("--compress=zstd" in command) == FORMATS[name].is_text
    assert command.endswith(f"-o {what}{FORMATS[name].suffix}{CODECS['zstd'] if packed else ''}")


def test_a_format_that_is_none_is_the_usual_one(holding: Callable[..., None]) -> None:
    holding("many", STORES["many"])
    app = visit(PAGE, format="xlsx", compression="rar")
    check(app, "Export")
    assert link(app).endswith("&format=csv")


def test_sums_in_place_of_calls(holding: Callable[..., None]) -> None:
    holding("many", STORES["many"])
    app = visit(PAGE, rows="API key and model", per="Week", format="JSON Lines")
    check(app, "Export")
    assert link(app).startswith("api/v1/sums?")
    assert link(app).endswith("&format=jsonl&by=key-model&per=week")
    [command] = [each.value for each in app.code]
    assert "--by=key-model --per=week --format=jsonl -o usage.jsonl" in command
    first = app.dataframe[0].value
    assert list(first.columns)[:4] == ["Period", "API Key ID", "API Key Name", "Provider"]
    assert len(first) == 8
    assert CSV_WITH_ALL not in app.main.selectbox(key="format").options
    assert any("a row for each API key, model and week:" in text for text in texts(app))
