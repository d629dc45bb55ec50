"""Every chart and every table of the pages of figures leads to something, and there is a way back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.latency_calls import said
from tests.pages.conftest import HOME, check, found, texts, visit
from tests.pages.test_drill import choose, click, link, narrowed
from tests.pages.varied import DORMANT, SILENT, TODAY, varied
from usage_core.metrics.slow_calls import Within
from usage_core.schema import COLUMNS

pytestmark = pytest.mark.usefixtures("every_view")

Holding = Callable[..., None]

DAY = timedelta(days=1)
CALLS = {column.name: column.label for column in COLUMNS}
OPEN: dict[str, list[dict[str, str]]] = {
    HOME: [{}],
    "usage/cost": [
        {"columns": "Model"},
        {"view": "What if", "replay-at": "small (OpenAI)"},
        {"view": "Keys to look at"},
    ],
    "usage/latency": [{}],
    "usage/patterns": [{"capacity": "Calls in flight"}, {"tf": "7 days"}],
}
"""Pages with the parameters of a link that together show everything on them."""


@pytest.fixture(autouse=True)
def everything(holding: Holding) -> None:
    holding("varied", varied())


@pytest.mark.parametrize(("page", "params"), [(page, each) for page in OPEN for each in OPEN[page]], ids=str)
def test_every_chart_and_table_leads_somewhere(page: str, params: dict[str, str]) -> None:
    charts = visit(page, **params).get("vega_lite_chart")
    assert all(list(chart.proto.selection_mode) == ["pick"] for chart in charts)
    opened = {f"{str(chart.key).rpartition('-')[0]}-numbers": "true" for chart in charts}
    app = visit(page, **params, **opened)
    assert not app.exception
    read = [table.proto for table in app.dataframe if not table.proto.editing_mode]
    leads = {proto.id: bool(proto.selection_mode) for proto in read}
    assert len(leads) >= len(charts)  # the numbers of each
    assert [key for key, is_clicked in leads.items() if not is_clicked] == []


def rows(app: AppTest, column: str) -> list[dict[str, Any]]:
    return next(each.value for each in app.dataframe if column in each.value).to_dict("records")


def test_a_bar_of_times_shows_its_calls_and_back() -> None:
    app = click(visit("usage/latency"), "distribution", pick_took="6000-7000")
    check(app, "Latency")
    assert link(app) == {"took": ["6000-7000"], "view": ["Slowest calls"]}
    times = [row[CALLS["completion_time_ms"]] for row in rows(app, CALLS["api_key_name"])]
    assert set(times) == {5000 + 100 * day for day in range(10, 21)}
    assert ":material/filter_alt: Calls that took **6.0 s** to **7.0 s**" in texts(app)
    assert narrowed(app) is None
    app = next(button for button in app.main.button if button.label == "Back to all calls").click().run()
    assert link(app) == {"view": ["Slowest calls"]}
    assert len(rows(app, CALLS["api_key_name"])) == 50


def test_a_cell_shows_its_calls() -> None:
    app = visit("usage/latency")
    app = click(app, "tokens", pick_took="6000-7000", pick_output="60-62")
    assert {row[CALLS["output_tokens"]] for row in rows(app, CALLS["api_key_name"])} == {60, 61, 62}
    app = click(app, "distribution", pick_took="6000-7000")
    assert "output" not in link(app)


@pytest.mark.parametrize("took", ["", "7000", "7-", "1-2-3", "-5-9", "٣-٤", "9" * 16 + "-1"])
def test_nonsense_for_a_range_narrows_to_nothing(took: str) -> None:
    app = visit("usage/latency", took=took, output="' OR 1=1 --")
    check(app, "Latency")
    assert len(rows(app, CALLS["api_key_name"])) == 50
    assert not [button for button in app.main.button if button.label == "Back to all calls"]


def test_a_range_that_holds_nothing_says_so() -> None:
    app = visit("usage/latency", took="7000-6000")
    check(app, "Latency")
    assert "No such call." in texts(app)
    assert [button for button in app.main.button if button.label == "Back to all calls"]


def test_ranges_in_words() -> None:
    assert said(Within((900, 900), None)) == "Calls that took **900 ms**"
    assert said(Within(None, (1, 2000))) == "Calls that have **1** to **2,000** output tokens"
    both = "Calls that took **1.0 s** to **2.0 s** and have **5** output tokens"
    assert said(Within((1000, 2000), (5, 5))) == both


def test_a_day_of_the_month_is_shown_whatever_the_timeframe() -> None:
    app = click(visit("usage/cost", tf="7 days"), "month", pick_at="2026-01-31/2026-01-31")
    assert link(app) == {"tf": ["Custom"], "range": ["2026-01-31"] * 2}
    assert narrowed(app) == "31 Jan 2026"


def test_a_silent_key_is_shown_when_it_made_its_last_calls() -> None:
    app = visit("usage/cost", view="Keys to look at")
    names = [row["API key"] for row in rows(app, "Days ago")]
    app = choose(app, "silent", names.index(SILENT))
    last = TODAY - 46 * DAY
    assert link(app)["key"] == [SILENT]
    assert link(app)["range"] == [(last - 29 * DAY).isoformat(), last.isoformat()]
    check(app, "Cost")


def test_a_dormant_key_is_shown_when_it_made_calls() -> None:
    app = visit("usage/patterns")
    moved = rows(app, "Movement")
    place = next(n for n, row in enumerate(moved) if row["API key"] == DORMANT)
    assert link(choose(app, "moved", place)) == {
        "key": [DORMANT],
        "tf": ["Custom"],
        "range": [(TODAY - 59 * DAY).isoformat(), (TODAY - 30 * DAY).isoformat()],
    }


def test_a_model_of_the_list_is_replayed_at() -> None:
    app = visit("usage/cost", view="What if", **{"priced-as": "A price I type"})
    labels = [row["Model"] for row in rows(app, "Would cost (USD)")]
    app = choose(app, "models-seen", labels.index("small"))
    assert link(app) == {"view": ["What if"], "replay-at": ["small (OpenAI)"]}
    assert found(app, "dataframe", "replayed-table")


def test_a_peak_leads_to_its_model_and_day() -> None:
    app = visit("usage/patterns", capacity="Calls per minute")
    peaks = rows(app, "Peak")
    place = next(n for n, row in enumerate(peaks) if row["Model"] == "large")
    app = choose(app, "peaks", place)
    check(app, "Overview")
    assert (link(app)["model"], link(app)["provider"]) == (["large"], ["OpenAI"])
    assert len(set(link(app)["range"])) == 1
