"""The Cost page: every view over no, one and many calls, and what it says worked out by hand."""

import csv
import inspect
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import cost, cost_change, cost_tables
from pages.parts.figures import Totals
from tests.metrics.by_hand import Row, call, figures
from tests.pages.conftest import check, texts, visit
from tests.pages.test_hostile_text import HOSTILE, check_texts, hostile_calls
from tests.pages.test_pages import STORES
from usage_core import cached, timeframe
from usage_core.metrics.change import Change, Part, Reason
from usage_core.metrics.definitions import METRICS
from usage_core.selection import Selection

Holding = Callable[..., None]

PAGE = "usage/cost"
VIEWS = ("Table", "What if", "Keys to look at")

START = datetime(2026, 8, 1)  # noqa: DTZ001 - the store's times are UTC and say no zone
LINK: dict[str, str | list[str]] = {"tf": "Custom", "range": ["2026-10-01", "2026-10-31"]}
OCTOBER = timeframe.custom(
    datetime(2026, 10, 1, tzinfo=UTC).date(), datetime(2026, 10, 31, tzinfo=UTC).date(), "UTC"
)
MILLION = 1_000_000


def priced(
    at: datetime, key: str, model: str, price: tuple[str, str], tokens: tuple[int, int], **given: Any
) -> Row:
    prices = [Decimal(each) for each in price]
    return call(
        at,
        api_key_id=key,
        api_key_name=key,
        model=model,
        provider=given.pop("provider", "OpenAI"),
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        input_price=prices[0],
        output_price=prices[1],
        completion_time_ms=1_000,
        cost_pico=sum(count * int(each * MILLION) for count, each in zip(tokens, prices, strict=True)),
        **given,
    )


def three_months() -> list[Row]:
    """Every day from 1 Aug to 31 Oct: 10 USD by Anna on a dear model, 1 USD by Bob on a cheap one of the
    same provider, and 2 USD by Carl, who made no call in the last 40 days."""
    rows = []
    for number in range(92):
        at = START + timedelta(days=number, hours=23, minutes=30)
        rows.append(priced(at, "Anna", "big", ("5", "5"), (MILLION, MILLION)))
        rows.append(priced(at, "Bob", "small", ("0.5", "0.5"), (MILLION, MILLION)))
        if number < 52:
            rows.append(priced(at, "Carl", "other", ("2", "1"), (MILLION, 0), provider="Mistral"))
    rows.append(
        call(
            START + timedelta(days=80), api_key_id="Anna", api_key_name="Anna", model="big", provider="OpenAI"
        )
    )
    return rows


LOG = three_months()
IN_OCTOBER = [row for row in LOG if row["called_at"].month == 10]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("store", ["one", "many", "bare"])
def test_every_view_is_drawn(holding: Holding, store: str, view: str) -> None:
    holding(store, STORES[store])
    app = visit(PAGE, view=view)
    check(app, "Cost")
    check(app.run(), "Cost")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_the_sample(holding: Holding, view: str) -> None:
    holding("none")
    check(visit(PAGE, view=view, tf="90 days"), "Cost")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("by", ["API key", "Model"])
def test_hostile_names_are_only_names(holding: Holding, view: str, by: str) -> None:
    holding("hostile", hostile_calls())
    days: dict[str, str | list[str]] = {"tf": "Custom", "range": ["2026-11-01", "2026-11-10"]}
    name = HOSTILE["html"]
    stand_in = {"stands-for": "One I choose", "stand-in": f"{name.lower()} (from {name})"}
    replay = {"replay-at": f"{name.lower()} (from {name})", "columns": "Provider"}
    check_texts(visit(PAGE, view=view, by=by, **days, **stand_in, **replay), "Cost")


def metric(app: AppTest, label: str) -> Any:
    return next(each for each in app.metric if each.label == label)


def test_what_the_tiles_say(holding: Holding) -> None:
    holding("three-months", LOG)
    app = visit(PAGE, **LINK)
    check(app, "Cost")
    assert metric(app, "Cost").value == "$341.00"
    assert metric(app, "Cost per call").value == "$5.50"
    assert metric(app, "Per million tokens").value == "$2.75"


def test_what_is_narrowed_to_says_why_it_changed(holding: Holding) -> None:
    """In the 31 days of October Anna is called as in those before, and once more without a price."""
    holding("three-months", LOG)
    said = " ".join(texts(visit(PAGE, key="Anna", **LINK)))
    assert "Cost is the same as in the 31 days before." in said
    assert "Cost is the same" not in " ".join(texts(visit(PAGE, **LINK)))
    carl = " ".join(texts(visit(PAGE, key="Carl", tf="Custom", range=["2026-09-01", "2026-09-30"])))
    assert "Cost fell by" in carl


def captions(app: AppTest) -> str:
    return " ".join(each.value for each in app.main.caption)


def test_a_month_that_is_over_is_told_as_it_is(holding: Holding) -> None:
    """Whatever the timeframe, with the filters."""
    holding("three-months", LOG)
    app = visit(PAGE, tf="Custom", range=["2026-08-01", "2026-08-10"])
    assert metric(app, "October 2026").value == "$341.00"
    # 30 days at 11, and 21 of them 2 for Carl: 372.
    assert metric(app, "October 2026").delta == "-8.3 % ($31.00)"
    assert "projected" not in " ".join(each.label for each in app.metric)
    assert metric(visit(PAGE, key="Bob", **LINK), "October 2026").value == "$31.00"


def test_a_month_that_is_not_over_is_projected_and_tested(holding: Holding) -> None:
    """Anna and Bob cost 11 a day, Carl nothing any more; until 21 October that is 231."""
    rows = [row for row in LOG if row["called_at"] < datetime(2026, 10, 22) and row["api_key_id"] != "Carl"]  # noqa: DTZ001
    holding("october-21", rows)
    app = visit(PAGE, **LINK)
    assert metric(app, "October so far").value == "$231.00"
    assert metric(app, "October so far").delta == "no change"
    assert metric(app, "October, projected").value == "about $341.00"
    assert metric(app, "October, projected").delta == r"\$341\.00 to \$341\.00"
    said = captions(app)
    assert "mean of each weekday over the last 8 weeks" in said
    assert "from 44 earlier days" in said
    assert "1 call without a price not included." in said
    assert "Tested from the same day of the month before" in said


def test_a_short_log_says_what_a_projection_needs(holding: Holding) -> None:
    rows = [row for row in LOG if datetime(2026, 10, 10) < row["called_at"] < datetime(2026, 10, 22)]  # noqa: DTZ001
    holding("ten-days", rows)
    app = visit(PAGE, **LINK)
    assert metric(app, "October, projected").value == "–"
    assert metric(app, "October, projected").delta == "11 of 47 days known"
    assert "A projection needs 47 complete days of calls" in captions(app)


@pytest.mark.usefixtures("every_view")
@pytest.mark.parametrize("page", [PAGE, "usage/overview"])
def test_without_any_price_nothing_is_said_to_cost_0(holding: Holding, page: str) -> None:
    holding("unpriced", [call(START + timedelta(days=n), model="our-own") for n in range(20)])
    app = visit(page, tf="Custom", range=["2026-08-01", "2026-08-31"])
    check(app, page.partition("/")[2].capitalize())
    assert "$0" not in " ".join(texts(app)) + "".join(each.value for each in app.metric)
    charts = [json.loads(each.proto.spec) for each in app.get("vega_lite_chart")]
    notes = [each["mark"]["type"] for each in charts if "mark" in each]
    assert notes == ["text"] * 3
    if page == PAGE:
        assert [metric(app, "August so far").value, metric(app, "Cost").value] == ["–", "–"]


def test_the_cost_of_one_key_is_said_to_be_all(holding: Holding) -> None:
    holding("three-months", LOG)
    assert "All of the cost, **\\$31\\.00**, is that of **Bob**." in said(visit(PAGE, key="Bob", **LINK))


def test_what_the_cost_is_made_of(holding: Holding) -> None:
    holding("three-months", LOG)
    assert "Input is 50.0 % of the cost, output 50.0 %. Nothing is known of cache tokens." in captions(
        visit(PAGE, **LINK)
    )


def test_a_recorded_cost_is_not_said_to_be_of_no_input_and_no_output(monkeypatch: pytest.MonkeyPatch) -> None:
    row = dict.fromkeys((*cost.FIGURES, "cache_read_tokens", "cache_write_tokens", "input_tokens"))
    monkeypatch.setattr(cost, "totals", lambda _: Totals({**row, "cost_usd": Decimal(1)}, {}))
    told = inspect.unwrap(cost.made_of)(Selection(OCTOBER))
    assert told.startswith("How much of it is input and how much output is not known: its source recorded")


def test_a_price_that_nobody_set_is_said_to_be_one_of_all_tokens(
    holding: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding("three-months", LOG)
    known = Change(Decimal(1), Decimal(2), (Part(Reason.PRICE, Decimal(1)),), 0, 0, cut=False)
    for apart in (True, False):
        monkeypatch.setattr(cost_change, "change", lambda _, apart=apart: replace(known, apart=apart))
        why, notes = (
            inspect.unwrap(each)(Selection(OCTOBER)) for each in (cost_change.why, cost_change.notes)
        )
        assert ("**price** " if apart else "**price per token** ") in why
        assert ("one price together" in notes) != apart


def test_what_was_read_from_and_written_to_a_cache_is_said() -> None:
    row = dict.fromkeys(("cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens"))
    row["input_tokens"] = 1000
    assert cost.of_cache(row) == "Nothing is known of cache tokens."
    row |= {"cache_read_tokens": 100, "cache_write_tokens": 400}
    said = "Of the input tokens, 10.0 % read from a cache and 40.0 % written to a cache."
    assert cost.of_cache(row) == said
    row["cache_write_1h_tokens"] = 100
    assert cost.of_cache(row) == f"{said} Of those written, 25.0 % are known to be kept for an hour."


def table(app: AppTest, column: str) -> list[dict[str, Any]]:
    """The records of the table that has a column."""
    frame = next(each.value for each in app.dataframe if column in each.value)
    return list(frame.to_dict("records"))


def test_a_table_of_all_figures(holding: Holding) -> None:
    holding("three-months", LOG)
    records = table(visit(PAGE, **LINK), "Cumulative share")
    assert [record["API key"] for record in records] == ["Anna", "Bob"]
    assert [record["Share"] for record in records] == pytest.approx([31000 / 341, 3100 / 341])
    assert [record["Cumulative share"] for record in records] == pytest.approx([31000 / 341, 100])
    for record in records:
        expected = figures([row for row in IN_OCTOBER if row["api_key_id"] == record["API key"]])
        for name in cost_tables.FIGURES:
            heading = METRICS[name].label + (" (USD)" if METRICS[name].unit == "USD" else "")
            if expected[name] is not None:
                assert record[heading] == pytest.approx(float(expected[name] or 0)), heading
            else:
                assert heading not in record


@pytest.mark.parametrize(
    ("rows", "first"), [("Month", "Oct 2026"), ("Week", "28 Sep – 4 Oct 2026"), ("Day", "Thu 1 Oct 2026")]
)
def test_a_table_over_time(holding: Holding, rows: str, first: str) -> None:
    holding("three-months", LOG)
    records = table(visit(PAGE, rows=rows, **LINK), rows)
    assert records[0][rows] == first
    assert sum(record["Cost (USD)"] for record in records) == pytest.approx(341)


def test_a_table_by_two_breakdowns_adds_up(holding: Holding) -> None:
    holding("three-months", LOG)
    records = table(visit(PAGE, columns="Model", by="API key", **LINK), "big")
    assert [record["API key"] for record in records] == ["Anna", "Bob", "Total"]
    assert [(record["big"], record["small"], record["Total"]) for record in records][2] == (310, 31, 341)
    assert records[0]["big"] == 310
    assert records[0]["small"] != records[0]["small"] or records[0]["small"] is None  # no calls: empty


@pytest.mark.parametrize("params", [{"columns": "API key"}, {"rows": "Day", "columns": "Month"}])
def test_a_table_that_makes_no_sense_is_refused_in_its_place(
    holding: Holding, params: dict[str, str]
) -> None:
    holding("three-months", LOG)
    app = visit(PAGE, by="API key", **params, **LINK)
    check(app, "Cost")
    assert "Choose two different breakdowns" in " ".join(each.value for each in app.info)


def test_the_file_of_a_table_is_exact(holding: Holding) -> None:
    holding("three-months", LOG)
    cached.refresh()
    selection = Selection(OCTOBER)
    wanted = cost_tables.Wanted("key", "model", "cost_usd", 1)
    rows = list(csv.reader(io.StringIO(cost_tables.crossed(selection, wanted).file)))
    assert rows == [
        ["API key", "big", "small", "Total"],
        ["Anna", "310", "", "310"],
        ["Other", "", "31", "31"],
        ["Total", "310", "31", "341"],
    ]
    header, *rows = csv.reader(io.StringIO(cost_tables.all_figures(selection, "key").file))
    assert dict(zip(header, rows[0], strict=True))["Cost per call (USD)"] == "10"
    assert dict(zip(header, rows[0], strict=True))["Calls without a price"] == "1"


def said(app: AppTest) -> str:
    return " ".join(str(each.value) for each in app.main.markdown)


def test_calls_are_replayed_at_another_model_s_price(holding: Holding) -> None:
    """62 calls of two million tokens each, for 341: at 0.5 both ways they would have cost 62."""
    holding("three-months", LOG)
    app = visit(PAGE, view="What if", **{"replay-at": "small (OpenAI)"}, **LINK)
    check(app, "Cost")
    text = said(app)
    assert "known, **62**, cost **\\$341\\.00**" in text
    assert "Left out: 1 call without a known cost or known tokens." in text
    assert "these calls would have cost **\\$62\\.00**: **\\$279\\.00 less** (81.8 %) than they did" in text
    # (341 - 62 x 0.5) / 62 per million output tokens
    assert "Costs would be equal at an output price of \\$5\\.00 per million tokens." in text
    assert (
        "It is cheaper for 1 of 2 keys, with 50.0 % of the calls: moving only those saves \\$279\\.00."
        in text
    )
    assert "p50 / p95 1.0 s / 1.0 s (31 calls)" in text
    records = {record["Model"]: record for record in table(app, "Input price")}
    assert records["big"]["Would cost (USD)"] == pytest.approx(620)
    assert records["small"]["Would cost (USD)"] == pytest.approx(62)
    assert records["small"]["Change"] == pytest.approx(100 * (62 / 341 - 1))
    assert [record["API key"] for record in table(app, "Difference (USD)")] == ["Anna", "Bob"]


def test_calls_are_replayed_at_a_price_typed(holding: Holding) -> None:
    holding("three-months", LOG)
    params = {"priced-as": "A price I type", "price-input": "1.5", "price-output": "0.25"}
    app = visit(PAGE, view="What if", **params, **LINK)
    check(app, "Cost")
    assert (
        "\\$1\\.50 in and \\$0\\.25 out per million tokens, these calls would have cost **\\$108\\.50**"
        in said(app)
    )
    assert "was not measured here" in said(app)


@pytest.mark.parametrize(
    ("model", "text"),
    [("gpt-4o-mini", "these calls would have cost **\\$46\\.50**"), ("gpt-4o:nothing", "What")],
)
def test_calls_are_replayed_at_a_listed_price(holding: Holding, model: str, text: str) -> None:
    holding("three-months", LOG)
    params = {"priced-as": "A listed model", "listed-by": "openai", "listed-as": model}
    app = visit(PAGE, view="What if", **params, **LINK)
    check(app, "Cost")
    assert text in said(app) + "What"


def test_a_listed_model_without_a_single_price_is_said_to_be(holding: Holding) -> None:
    holding("three-months", LOG)
    params = {"priced-as": "A listed model", "listed-by": "google", "listed-as": "gemini-2.5-pro"}
    app = visit(PAGE, view="What if", **params, **LINK)
    assert "no single price in the catalogue" in " ".join(each.value for each in app.info)


def test_what_keys_would_save(holding: Holding) -> None:
    """Anna's calls with Bob's model; Carl's provider has no other."""
    holding("three-months", LOG)
    whole: dict[str, str | list[str]] = {"tf": "Custom", "range": ["2026-08-01", "2026-10-31"]}
    app = visit(PAGE, view="Keys to look at", **whole)
    check(app, "Cost")
    text = said(app)
    assert "**\\$828\\.00 less**" in text
    assert "**Anna** alone \\$828\\.00" in text
    assert "Only one model is used by 3 of 3 keys." in text
    records = table(app, "Would save (USD)")
    assert [record["API key"] for record in records] == ["Anna", "Carl", "Bob"]
    assert records[0]["With"] == "small"
    assert records[0]["Calls that would move"] == 92
    assert [record["Would save (USD)"] for record in records] == [828, 0, 0]


def test_a_model_of_the_reader_s_choice_may_stand_for_others(holding: Holding) -> None:
    holding("three-months", LOG)
    params = {"stands-for": "One I choose", "stand-in": "other (Mistral)"}
    app = visit(PAGE, view="Keys to look at", **params, **LINK)
    # 2 in and 1 out per million: 3 instead of 10 a day for Anna, more than Bob's.
    assert "**\\$217\\.00 less**" in said(app)


@pytest.mark.parametrize(("days", "keys"), [("7 days", ["Carl"]), ("90 days", [])])
def test_keys_without_calls(holding: Holding, days: str, keys: list[str]) -> None:
    holding("three-months", LOG)
    app = visit(PAGE, view="Keys to look at", **{"silent-for": days}, **LINK)
    check(app, "Cost")
    if not keys:
        assert "Every one of the 3 keys made a call in these days." in said(app)
        return
    assert f"**1 key** of 3 made no call in the {days} before" in said(app)
    [record] = table(app, "Cost in all (USD)")
    assert (record["API key"], record["Days ago"], record["Calls in all"]) == ("Carl", 40, 52)
    assert record["Cost in all (USD)"] == pytest.approx(104)


@pytest.mark.parametrize(
    "params",
    [
        {"view": "nothing"},
        {"rows": "Hour", "columns": "called_at", "cells": "'; --", "most": "-1"},
        {"view": "What if", "calls-of": "x", "priced-as": "y", "replay-at": "nobody"},
        {"view": "What if", "priced-as": "A price I type", "price-input": "-1", "price-output": "nan"},
        {"view": "What if", "priced-as": "A listed model", "listed-by": "../x", "listed-as": "y"},
        {"view": "Keys to look at", "stands-for": "One I choose", "stand-in": "nobody", "silent-for": "1"},
    ],
    ids=str,
)
def test_nonsense_in_a_link(holding: Holding, params: dict[str, str]) -> None:
    holding("three-months", LOG)
    app = visit(PAGE, **params, **LINK)
    check(app, "Cost")
    assert texts(app)
