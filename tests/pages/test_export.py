"""The Export page: every file that can be had, and the way to it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import export
from tests.metrics.by_hand import call
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


def test_some_hours_of_a_day(holding: Callable[..., None]) -> None:
    day: dict[str, str | list[str]] = {"tf": "Custom", "range": ["2026-03-29", "2026-03-29"]}
    day |= {"tz": "Europe/Berlin"}
    stores = [call(datetime(2026, 3, 29, hour, 30)) for hour in range(20)]  # noqa: DTZ001 - the store's
    holding("a-day", stores)
    app = visit(PAGE, hours=["15:00", "17:00"], **day)
    check(app, "Export")
    assert link(app).startswith("api/v1/calls?from=2026-03-29T13%3A00Z&to=2026-03-29T15%3A00Z&")
    [told] = [text for text in texts(app) if text.startswith("The file holds")]
    assert "**2 calls**" in told
    assert "15:00 to 17:00, Europe/Berlin" in told.replace("\\", "")
    assert "&to=2026-03-29T22%3A00Z&" in link(visit(PAGE, **day))
    assert not visit(PAGE, tz="UTC", tf="12 months").main.select_slider


def test_the_hours_of_days_on_which_clocks_change() -> None:
    short, long = (
        export.hours_of(timeframe.custom(day, day, "Europe/Berlin"))
        for day in (date(2026, 3, 29), date(2026, 10, 25))
    )
    assert [*short][:4] == ["00:00", "01:00", "03:00", "04:00"]
    assert [*long][:5] == ["00:00", "01:00", "02:00", "02:00 again", "03:00"]
    assert (len(short), len(long)) == (24, 26)
    assert all(list(each)[-1] == "24:00" for each in (short, long))
    assert export.hours_of(timeframe.custom(date(2026, 3, 29), date(2026, 3, 30), "UTC")) == {}


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
