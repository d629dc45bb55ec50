"""The Export page: every file that can be had, and the way to it."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import export
from tests.pages.conftest import check, texts, visit
from tests.pages.test_pages import STORES
from usage_core import cached, timeframe
from usage_core.export.formats import CODECS, FORMATS, file
from usage_core.selection import Selection

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


@pytest.mark.parametrize(("name", "told"), [("csv", True), ("csv-detail", False), ("parquet", False)])
@pytest.mark.parametrize("recorded", [True, False])
def test_a_file_without_the_cost_says_so(
    holding: Callable[..., None], monkeypatch: pytest.MonkeyPatch, name: str, recorded: bool, told: bool
) -> None:
    holding("many", STORES["many"])
    found = {"calls": 1, "cost_usd": Decimal(2), "input_cost_usd": None if recorded else Decimal(2)}
    monkeypatch.setattr(cached, "answer", lambda _: pd.DataFrame([found | {"output_cost_usd": None}]))
    frame = timeframe.preset(timeframe.Preset.MONTH, datetime.now(UTC), "UTC")
    said = export.told(Selection(frame), file(name), None)
    assert ("What these calls cost, \\$2\\.00, does not follow" in said) == (recorded and told)


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
