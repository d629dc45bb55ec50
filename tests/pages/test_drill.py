"""A click narrows what is shown, leads to the page that explains it, and can be taken back."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import drill, trail
from pages.parts.drill import Drill, Rows
from tests.metrics.by_hand import Row, call
from tests.pages.conftest import HOME, check, found, send, texts, visit
from usage_core.charts.chart import PICK_AT, PICK_NAME, Chart
from usage_core.selection import Selection
from usage_core.timeframe import Grain, custom

Holding = Callable[..., None]

TODAY = datetime.now(UTC).date()
DAYS = [TODAY - timedelta(days=n) for n in range(1, 6)]
HOSTILE = "**[x](javascript:alert(1))** <b>:smile:"
PRICES = {"input_price": Decimal("0.000007"), "output_price": Decimal(0)}


def rows() -> list[Row]:
    """On each of five days key n of eleven has made n calls; the model of a call goes by turns."""
    made = []
    for day in DAYS:
        for key in range(11):
            for n in range(key + 1):
                at = datetime.combine(day, time(9, n))
                name = HOSTILE if key == 10 else f"Team {key}"
                more = {"api_key_id": f"k{key}", "api_key_name": name, "model": f"m{n % 2}"}
                made.append(call(at, input_tokens=1000 + key, output_tokens=0, **more, **PRICES))
    return made


ROWS = rows()


@pytest.fixture
def overview(holding: Holding) -> AppTest:
    holding("drill", ROWS)
    return visit(HOME, tf="7 days")


def click(app: AppTest, key: str, **pick: str | None) -> AppTest:
    """Click a mark of a chart, as the browser tells it."""
    state = {"selection": {"pick": [pick]}}
    return send(app, found(app, "vega_lite_chart", key).id, state)


def choose(app: AppTest, key: str, row: int) -> AppTest:
    """Choose a row of a table."""
    state = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return send(app, found(app, "dataframe", key).id, state)


def narrowed(app: AppTest) -> str | None:
    said = [text for text in texts(app) if "Narrowed to" in text]
    assert len(said) <= 1
    return said[0].partition("Narrowed to ")[2] if said else None


def back(app: AppTest) -> Any:
    return next(button for button in app.main.button if button.key == "way-back")


def link(app: AppTest) -> dict[str, list[str]]:
    given = {name: values for name, values in app.query_params.items() if name != "tz"}
    return {name: [values] if isinstance(values, str) else list(values) for name, values in given.items()}


def shown_calls(app: AppTest) -> str:
    return app.sidebar.caption[-1].value.partition(" call")[0]


def at(day: date) -> str:
    return f"{day}T00:00"


def test_a_bar_narrows_to_its_day_and_series_and_back(overview: AppTest) -> None:
    before = link(overview)
    app = click(overview, "spend", pick_name="Team 7", pick_at=at(DAYS[2]))
    check(app, "Overview")
    day = DAYS[2].isoformat()
    expected = {"tf": ["Custom"], "range": [day, day], "key": ["Team 7"], "by": ["Model"]}
    assert link(app) == expected
    assert shown_calls(app) == "8"
    assert narrowed(app) == f"**Team 7**, {DAYS[2].day} {DAYS[2]:%b %Y}"
    first, last = TODAY - timedelta(days=6), TODAY
    assert back(app).label.startswith("Back to ")
    assert str(first.day) in back(app).label
    assert f"{last:%b %Y}, all API keys" in back(app).label
    app = back(app).click().run()
    check(app, "Overview")
    assert link(app) == before
    assert narrowed(app) is None
    assert shown_calls(app) == str(len(ROWS))


def test_an_hour_of_the_week_leads_to_the_day_of_its_peak(holding: Holding) -> None:
    holding("drill", ROWS)
    app = click(visit("usage/patterns", tf="7 days"), "week", pick_at=at(DAYS[1]))
    check(app, "Overview")
    assert link(app) == {"tf": ["Custom"], "range": [DAYS[1].isoformat()] * 2}
    check(back(app).click().run(), "Patterns")


def test_a_part_of_a_change_leads_to_what_its_key_spent(holding: Holding) -> None:
    holding("drill", ROWS)
    days = [DAYS[2].isoformat(), DAYS[0].isoformat()]
    app = click(visit(HOME, tf="Custom", range=days), "why", pick_name="Team 7")
    check(app, "Cost")
    assert link(app)["key"] == ["Team 7"]
    assert link(app)["by"] == ["Model"]


def test_the_same_bar_can_be_clicked_again(overview: AppTest) -> None:
    pick = {"pick_name": "Team 7", "pick_at": at(DAYS[2])}
    app = back(click(overview, "spend", **pick)).click().run()
    app = click(app, "spend", **pick)
    assert shown_calls(app) == "8"


def test_other_is_no_key_but_its_day_is_a_day(overview: AppTest) -> None:
    app = click(overview, "spend", pick_name=None, pick_at=at(DAYS[0]))
    assert link(app)["range"] == [DAYS[0].isoformat()] * 2
    assert set(link(app)) == {"tf", "range"}
    assert shown_calls(app) == str(sum(range(1, 12)))


@pytest.mark.usefixtures("every_view")
@pytest.mark.parametrize(
    "pick",
    [
        {},
        {"pick_name": "Other"},
        {"pick_name": "nobody", "pick_at": "yesterday"},
        {"pick_name": "", "pick_at": "9999-12-31T23:00"},
        {"pick_name": "' OR 1=1 --", "pick_at": "1970-01-01T00:00"},
    ],
    ids=str,
)
def test_what_is_unknown_narrows_nothing(overview: AppTest, pick: dict[str, str]) -> None:
    before = link(overview)
    app = click(overview, "spend", **pick)
    assert link(app) == before
    assert narrowed(app) is None
    app = click(app, "top-model", **pick)
    check(app, "Overview")
    assert link(app) == before


@pytest.mark.usefixtures("every_view")
def test_a_row_leads_to_the_page_that_explains_it_and_back(overview: AppTest) -> None:
    app = click(overview, "top-key", pick_name="Team 4")
    check(app, "Cost")
    assert link(app) == {"tf": ["7 days"], "key": ["Team 4"], "by": ["Model"]}
    assert narrowed(app) == "**Team 4**"
    assert back(app).label == "Back to Overview, all API keys"
    assert shown_calls(app) == str(5 * len(DAYS))
    app = back(app).click().run()
    check(app, "Overview")
    assert link(app) == {"tf": ["7 days"]}


@pytest.mark.usefixtures("every_view")
def test_steps_are_taken_back_one_by_one(overview: AppTest) -> None:
    app = click(overview, "top-model", pick_name="m1")
    app = click(app, "cost", pick_name="Team 3", pick_at=at(DAYS[1]))
    check(app, "Cost")
    assert narrowed(app) == f"**Team 3**, **m1**, {DAYS[1].day} {DAYS[1]:%b %Y}"
    assert shown_calls(app) == "2"
    app = back(app).click().run()
    check(app, "Cost")
    assert narrowed(app) == "**m1**"
    app = back(app).click().run()
    check(app, "Overview")
    assert narrowed(app) is None


def test_what_is_changed_by_hand_is_not_taken_back(overview: AppTest) -> None:
    app = click(overview, "spend", pick_name="Team 7", pick_at=at(DAYS[2]))
    # Another timeframe: the click's is gone, so there is nothing of it to undo.
    app.query_params["tf"] = "30 days"
    app = app.sidebar.get("button_group")[0].set_value("30 days").run()
    assert narrowed(app) is None
    assert shown_calls(app) == str(8 * len(DAYS))


def test_a_hostile_name_is_plain_text(overview: AppTest) -> None:
    app = click(overview, "spend", pick_name=HOSTILE, pick_at=at(DAYS[2]))
    assert link(app)["key"] == [HOSTILE]
    said = narrowed(app) or ""
    assert r"\*\*\[x\]\(javascript" in said
    assert r"\<b\>" in said
    app = click(app, "spend", pick_name="m0", pick_at=None)
    assert shown_calls(app) == "6"


def test_the_trail_is_bounded(overview: AppTest) -> None:
    app = overview
    for _ in range(trail.MOST_STEPS // 2 + 1):
        app = click(app, "spend", pick_name="Team 7", pick_at=at(DAYS[2]))
        app = back(app).click().run()
        app = click(app, "spend", pick_name="Team 6", pick_at=at(DAYS[2]))
        app = back(app).click().run()
    assert len(app.session_state["trail-steps"]) == trail.MOST_STEPS


def test_numbers_are_made_when_they_are_opened(overview: AppTest) -> None:
    assert not [each for each in overview.dataframe if "numbers" in each.proto.id]
    app = visit(HOME, **{"tf": "7 days", "spend-numbers": "true"})
    table = app.dataframe[0].value
    assert list(table.columns) == ["Day", "Name", "Cost (USD)", "Share of the day", "Calls"]
    costs = {(row["called_at"].date(), row["api_key_id"]): Decimal(0) for row in ROWS}
    for row in ROWS:
        # millionths of a USD per million tokens: a call costs a few thousandths of a millionth
        costs[row["called_at"].date(), row["api_key_id"]] += (
            row["input_tokens"] * PRICES["input_price"] / 1_000_000
        )
    assert sum(Decimal(str(cost)) for cost in table["Cost (USD)"]) == pytest.approx(sum(costs.values()))
    assert table["Calls"].sum() == len(ROWS)
    assert HOSTILE in set(table["Name"])


def test_a_row_of_the_numbers_narrows_as_its_bar_does(holding: Holding) -> None:
    holding("drill", ROWS)
    app = visit(HOME, **{"tf": "7 days", "spend-numbers": "true"})
    table = app.dataframe[0].value
    row = int(((table["Name"] == "Team 9") & (table["Calls"] == 10)).to_numpy().nonzero()[0][1])
    app = choose(app, "spend-numbers-table", row)
    assert shown_calls(app) == "10"
    assert link(app)["key"] == ["Team 9"]
    assert link(app)["spend-numbers"] == ["true"]


@pytest.mark.usefixtures("every_view")
def test_only_what_leads_somewhere_has_a_hand(overview: AppTest) -> None:
    clicked = found(overview, "vega_lite_chart", "spend")
    assert list(clicked.selection_mode) == ["pick"]
    columns = pa.ipc.open_stream(clicked.data.data).read_all().column_names
    assert {PICK_NAME, PICK_AT} < set(columns)
    for proto in (each.proto for each in visit("usage/patterns", tf="7 days").get("vega_lite_chart")):
        columns = pa.ipc.open_stream(proto.data.data).read_all().column_names
        if not proto.selection_mode:
            assert not {PICK_NAME, PICK_AT} & set(columns)
            assert "params" not in json.loads(proto.spec)


def test_a_link_to_one_day_fills_both_dates(holding: Holding) -> None:
    holding("drill", ROWS)
    app = visit(HOME, tf="Custom", range=[DAYS[0].isoformat()] * 2)
    check(app, "Overview")
    assert app.sidebar.date_input[0].value == (DAYS[0], DAYS[0])
    assert shown_calls(app) == str(sum(range(1, 12)))


FRAME = custom(date(2026, 11, 3), date(2026, 11, 20), "Europe/Berlin")


@pytest.mark.parametrize(
    ("start", "grain", "expected"),
    [
        ("2026-11-05T00:00", "day", ("2026-11-05", "2026-11-05")),
        ("2026-11-05T13:00", "hour", ("2026-11-05", "2026-11-05")),
        ("2026-11-09T00:00", "week", ("2026-11-09", "2026-11-15")),
        ("2026-11-02T00:00", "week", ("2026-11-03", "2026-11-08")),
        ("2026-11-16T00:00", "week", ("2026-11-16", "2026-11-20")),
        ("2026-11-01T00:00", "month", None),
        ("2026-10-26T00:00", "week", None),
        ("2026-12-01T00:00", "day", None),
        ("no time", "day", None),
        ("9999-12-31T00:00", "month", None),
        (None, "day", None),
        ("2026-11-05T00:00", None, None),
    ],
)
def test_a_period_is_cut_to_the_timeframe(
    start: str | None, grain: Grain | None, expected: tuple[str, str] | None
) -> None:
    found = drill._period(start, grain, Selection(FRAME))
    assert found == ({"tf": ["Custom"], "range": list(expected)} if expected else {})


def test_where_a_drill_leads() -> None:
    one = ["one"]
    assert Rows(at=one).lead(Drill())
    assert Rows(further=[{"took": "1-2"}]).lead(Drill())
    assert not Rows(one).lead(Drill())
    assert Rows(one).lead(Drill("key"))
    assert not Rows().lead(Drill("key"))


@pytest.mark.parametrize("rows", [0, 1, 400])
def test_what_a_chart_is_sent_is_its_frame_with_each_text_once(rows: int) -> None:
    frame = pd.DataFrame(
        {
            "name": [("a", "b", None)[n % 3] for n in range(rows)],
            "exact": [f"${n}" for n in range(rows)],
            "value": [n / 7 for n in range(rows)],
        }
    ).astype({"name": object, "exact": object, "value": float})
    sent = drill._sent(Chart(frame, {"title": "t"}, "t"), ())
    assert sent.to_pylist() == pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
    assert pa.types.is_dictionary(sent.schema.field("name").type) == (rows == 400)
    assert not pa.types.is_dictionary(sent.schema.field("exact").type) or not rows
