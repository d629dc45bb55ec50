"""The Patterns page: what it answers about known calls, and the limits one can enter on it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import patterns, patterns_capacity
from tests.metrics.by_hand import Row, call
from tests.pages.conftest import check, texts, view, visit
from tests.pages.test_hostile_text import LINK as HOSTILE_LINK
from tests.pages.test_hostile_text import check_texts, hostile_calls
from tests.pages.test_pages import STORES
from usage_core import cached, timeframe
from usage_core.metrics import peaks
from usage_core.metrics.limits import change, limits
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe

Holding = Callable[..., None]
PAGE = "usage/patterns"
KINDS = tuple(patterns_capacity.KINDS)

BIG: dict[str, Any] = {"provider": "OpenAI", "model": "big"}
SMALL: dict[str, Any] = {"provider": "Anthropic", "model": "small"}
MONDAY = datetime(2026, 9, 7, tzinfo=UTC).replace(tzinfo=None)
WEEK, DAY, SECOND = timedelta(days=7), timedelta(days=1), timedelta(seconds=1)
EIGHT_WEEKS: dict[str, Any] = {"tf": "Custom", "range": ["2026-09-07", "2026-11-01"]}


def growing() -> list[Row]:
    """On the Tuesdays of eight weeks at 10:00 one call more each week, of ten seconds and 1,000 tokens."""
    tuesdays = [MONDAY + week * WEEK + DAY + timedelta(hours=10) for week in range(8)]
    big = [
        call(at + n * SECOND, input_tokens=1_000, completion_time_ms=10_000, api_key_id="a", **BIG)
        for week, at in enumerate(tuesdays)
        for n in range(week + 1)
    ]
    # On Saturday at 15:00, so that it is the busiest hour; the first and last hour are known, too.
    often = [
        call(MONDAY + 5 * DAY + timedelta(hours=15, minutes=n), **SMALL, api_key_id="b") for n in range(50)
    ]
    edges = [MONDAY, MONDAY + 8 * WEEK - timedelta(minutes=30)]
    return [*big, *often, *[call(at, **SMALL, api_key_id="b") for at in edges]]


@pytest.fixture
def holding(holding: Holding) -> Holding:
    """As for other pages; and what is asked here, outside of a page, is asked of the same store."""

    def hold(*given: Any) -> None:
        holding(*given)
        cached.refresh()

    return hold


@pytest.fixture
def grown(holding: Holding) -> None:
    """To be read only: its answers are known from one test to the next."""
    holding("growing", growing())


@pytest.fixture
def unlimited(holding: Holding) -> None:
    """The same calls, and no limit that a test has entered."""
    holding("growing to a limit", growing())
    if cached.shown().lake.answer(limits):
        enter(dict.fromkeys(KINDS))


def enter(entered: Mapping[str, int | None]) -> None:
    """Limits of their kinds, in one change of the store."""
    cached.refresh()
    with cached.shown().lake.writing() as connection:
        for kind, limit in entered.items():
            limited = patterns_capacity.KINDS[kind]
            change(connection, limited, {("OpenAI", "big"): limit}, datetime.now(UTC))
    cached.refresh()


def selected(first: str, last: str) -> Selection:
    return Selection(timeframe.custom(date.fromisoformat(first), date.fromisoformat(last), "UTC"))


EVERY = selected("2026-09-07", "2026-11-01")


def look_at(kind: str, **params: Any) -> AppTest:
    """The page with its peaks of this kind, and without what else it may show."""
    return visit(PAGE, view="Capacity", capacity=kind, **(params or EIGHT_WEEKS))


def capacity_sentence(app: AppTest) -> str:
    return next(said for said in view(app, "Capacity") if "at most" in said)


def test_what_it_answers(grown: None) -> None:
    """50 + 2 of 88 calls are Anthropic's; the Saturday hour occurred eight times."""
    app = visit(PAGE, **EIGHT_WEEKS)
    check(app, "Patterns")
    assert app.main.markdown[0].value == (
        "The busiest hour of the week is **Saturday 15:00 to 16:00**, with 6\\.3 calls on average; the "
        "largest single hour had 50 calls, on Sat 12 Sep 2026, 15:00 to 16:00. Weekends hold 58.0 %. "
        "**small** has the largest share of the calls, 59.1 %; of the providers, **Anthropic** has 59.1 %."
    )
    tokens = visit(PAGE, of="Tokens", **EIGHT_WEEKS).main.markdown[0].value
    assert tokens.startswith(
        "The hour with most tokens of the week is **Tuesday 10:00 to 11:00**, with 4,500"
    )
    assert visit(PAGE, of="Cost", **EIGHT_WEEKS).main.markdown[0].value == (
        "Nothing is known of the cost of these 88 calls."
    )


def test_hours_of_the_week_by_hand(grown: None) -> None:
    known = patterns.lived(EVERY.timeframe)
    assert known == EVERY.timeframe
    cells = patterns.hours(EVERY, "calls", known).set_index(["weekday", "hour"])
    assert len(cells) == 168
    assert set(cells["times"]) == {Decimal(8)}
    assert cells.loc[(6, 15), ["total", "mean", "peak"]].tolist() == [50, Decimal("6.25"), 50]
    assert cells.loc[(2, 10), ["total", "mean", "peak"]].tolist() == [36, Decimal("4.5"), 8]
    assert cells.loc[(3, 10), ["total", "mean", "peak"]].tolist() == [0, 0, 0]
    costs = patterns.hours(EVERY, "cost_usd", known).set_index(["weekday", "hour"])
    assert costs.loc[(6, 15), ["total", "mean", "peak"]].tolist() == [None, None, None]
    assert costs.loc[(3, 10), "total"] == Decimal(0)


def test_only_what_is_known_counts(grown: None) -> None:
    """A quarter: before the first hour with calls and after the last, nothing is known."""
    quarter = selected("2026-08-01", "2026-12-31")
    assert patterns.lived(quarter.timeframe) == EVERY.timeframe
    chart = patterns.calendar_chart(quarter, "calls", EVERY.timeframe)
    days = chart.frame.set_index("period")
    assert len(days) == 153
    assert days["value"].notna().sum() == 56
    assert days.loc["Sat 12 Sep 2026", "exact"] == "50"
    assert days.loc["Sun 13 Sep 2026", "exact"] == "0"
    assert days.loc["Sun 6 Sep 2026", "exact"] == "no data"


def test_mean_and_peak_are_chosen_in_the_link(grown: None) -> None:
    known = EVERY.timeframe
    mean, peak = (patterns.week_chart(EVERY, "calls", way, known) for way in ("mean", "peak"))
    assert mean.alternative == "Calls by hour and weekday, mean (UTC): most on Sat at 15:00 (6.3)."
    assert peak.alternative == "Calls by hour and weekday, peak (UTC): most on Sat at 15:00 (50)."
    cell = mean.frame[(mean.frame["day"] == "Tue") & (mean.frame["time"] == "10:00")].iloc[0]
    assert (cell["exact"], cell["of"], cell["most"]) == ("4.5", "36 in 8 hours", "8, 27 Oct 2026")
    check(visit(PAGE, hour="Peak", of="Tokens", **EIGHT_WEEKS), "Patterns")


def test_few_calls_say_no_pattern(holding: Holding) -> None:
    holding("few", growing()[:19])
    app = visit(PAGE, **EIGHT_WEEKS)
    assert app.main.markdown[0].value == "19 calls so far; too few for a pattern."


def test_what_is_called_most_has_a_colour_though_it_costs_little(holding: Holding) -> None:
    """Nine models cost something; the tenth costs nothing and has most of the calls."""
    at = MONDAY + DAY
    rows = [
        call(
            at,
            provider="P",
            model=f"m{n}",
            cost_pico=(n + 1) * 10**12,
            input_tokens=1,
            output_tokens=0,
            input_price=Decimal((n + 1) * 10**5),
            output_price=Decimal(0),
        )
        for n in range(9)
    ]
    rows += [call(at + n * SECOND, provider="P", model="free") for n in range(30)]
    holding("cheap", rows)
    chart = patterns.share_chart(EVERY, "calls", "model")
    assert chart.frame["name"].iloc[0] == "free"
    domain = chart.spec["encoding"]["color"]["scale"]["domain"]
    assert domain[:8] == ["free", "m0", "m6", "m5", "m4", "m3", "m2", "m1"]


def test_keys_that_changed(holding: Holding) -> None:
    """Ten days, and ten before: "new" came, "gone" went, "up" and "down" changed, "same" did not."""
    counts = {"new": (0, 5), "gone": (7, 0), "up": (10, 40), "down": (50, 20), "same": (9, 9)}
    first = MONDAY - 10 * DAY
    rows = [
        call(start + n * SECOND, api_key_id=key, api_key_name=key)
        for key, (before, now) in counts.items()
        for start, calls in ((first, before), (MONDAY, now))
        for n in range(calls)
    ]
    holding("moved", rows)
    app = visit(PAGE, view="Keys that changed", tf="Custom", range=["2026-09-07", "2026-09-16"])
    check(app, "Patterns")
    said = " ".join(texts(app))
    assert (
        "Of 5 API keys, **1** is new, **1** grew, **1** shrank and **1** is dormant "
        "against the 10 days before."
    ) in said
    assert "Growing: at least 25 % and 20 calls more." in said
    table = app.dataframe[0].value
    assert table.to_dict("records") == [
        {"Movement": "New", "API key": "new", "Calls": 5, "Before": 0, "Change": "new"},
        {"Movement": "Growing", "API key": "up", "Calls": 40, "Before": 10, "Change": "+300.0 % (30)"},
        {"Movement": "Shrinking", "API key": "down", "Calls": 20, "Before": 50, "Change": "-60.0 % (30)"},
        {"Movement": "Dormant", "API key": "gone", "Calls": 0, "Before": 7, "Change": "-100.0 % (7)"},
    ]
    longer = " ".join(
        texts(visit(PAGE, view="Keys that changed", tf="Custom", range=["2026-09-07", "2026-09-30"]))
    )
    assert "against the 24 days before, of which calls are kept from 28 Aug 2026 on only" in longer
    none = " ".join(
        texts(visit(PAGE, view="Keys that changed", tf="Custom", range=["2026-08-20", "2026-09-30"]))
    )
    assert "There are no calls in the 42 days before to compare with." in none


PEAKS = {
    "Calls per minute": "There were at most **8** calls in one minute, on 27 Oct 2026, 10\\:00.",
    "Tokens per minute": "There were at most **8,000** tokens in one minute, on 27 Oct 2026, 10\\:00.",
    "Calls in flight": "There were at most **8** calls in flight at once, on 27 Oct 2026, 10\\:00.",
}


@pytest.mark.parametrize("kind", KINDS)
def test_peaks_by_provider_and_model(grown: None, kind: str) -> None:
    app = look_at(kind)
    check(app, "Patterns")
    assert capacity_sentence(app) == (
        f"{PEAKS[kind]} No limit is entered for these models; with one, this says how much of it is used."
    )
    known = EVERY.timeframe
    found = patterns_capacity.peaks(EVERY, patterns_capacity.KINDS[kind], known)
    each = {row.served: row.peak for row in found.each}
    assert each[("OpenAI", "big")] == (8_000 if kind == "Tokens per minute" else 8)
    # Of the small model neither tokens nor times are known.
    assert each.get(("Anthropic", "small")) == (1 if kind == "Calls per minute" else 0)
    assert found.left_out == (0 if kind == "Calls per minute" else 52)
    assert found.weeks == 8


@pytest.mark.usefixtures("every_view")
def test_nothing_is_read_of_the_calls_before_it_is_asked_for(
    grown: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_asked: object) -> None:
        raise AssertionError("read calls")

    monkeypatch.setattr(cached, "found_in_calls", refuse)
    check(visit(PAGE, **EIGHT_WEEKS), "Patterns")
    assert visit(PAGE, capacity=KINDS[0], **EIGHT_WEEKS).exception


@pytest.mark.parametrize("kind", ["Calls per minute", "Calls in flight"])
def test_calls_read_month_by_month_have_the_same_peaks(
    unlimited: None, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    limited = patterns_capacity.KINDS[kind]
    enter({kind: 12})
    at_once = patterns_capacity.peaks(EVERY, limited, EVERY.timeframe)
    assert len(patterns_capacity.pieces(EVERY)) == 1
    monkeypatch.setattr(patterns_capacity, "AT_ONCE", 10)
    cached.forget()
    pieces = patterns_capacity.pieces(EVERY)
    assert [piece.timeframe.first_day.month for piece in pieces] == [9, 10, 11]
    assert (pieces[0].timeframe.start, pieces[-1].timeframe.end) == (
        EVERY.timeframe.start,
        EVERY.timeframe.end,
    )
    assert patterns_capacity.peaks(EVERY, limited, EVERY.timeframe) == at_once
    check(look_at(kind), "Patterns")
    cached.forget()


def test_headroom_and_when_the_trend_meets_the_limit(unlimited: None) -> None:
    """One more each week, eight in the eighth: twelve four weeks later, in the middle of a week."""
    scales = {kind: 1_000 if kind == "Tokens per minute" else 1 for kind in KINDS}
    enter({kind: 12 * scale for kind, scale in scales.items()})
    for kind, scale in scales.items():
        assert capacity_sentence(look_at(kind)) == (
            f"{PEAKS[kind]} Nearest to its limit was **big** of OpenAI, with {8 * scale:,d} of "
            f"{12 * scale:,d}, 66.7 %. Growing as in these weeks, **big** of OpenAI meets its limit roughly "
            "on **26 Nov 2026**."
        )
    enter({kind: 7 * scale for kind, scale in scales.items()})
    for kind, scale in scales.items():
        assert capacity_sentence(look_at(kind)).endswith(
            f"**big** of OpenAI went over its limit: {8 * scale:,d} of {7 * scale:,d}."
        ), kind


def test_a_short_timeframe_says_nothing_of_a_trend(unlimited: None) -> None:
    enter({KINDS[0]: 12})
    app = look_at(KINDS[0], tf="Custom", range=["2026-10-05", "2026-11-01"])
    assert "meets its limit" not in capacity_sentence(app)
    assert "it takes at least 6, and this timeframe has 4." in " ".join(texts(app))


def test_the_peaks_are_still_known_when_a_limit_was_entered(
    unlimited: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes long is not done again: only an import changes it."""
    check(look_at(KINDS[0]), "Patterns")
    enter({KINDS[0]: 9})

    def refuse(*_asked: object) -> None:
        raise AssertionError("read calls")

    monkeypatch.setattr(peaks, "_of_stretch", refuse)
    assert "with 8 of 9" in capacity_sentence(look_at(KINDS[0]))


def typing(monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    """The first limit of the table is edited to a value, the others are left."""

    def editor(table: pd.DataFrame, **_options: object) -> pd.DataFrame:
        typed = list(table["Limit"])
        return table.assign(Limit=pd.Series([value, *typed[1:]], dtype=object))

    monkeypatch.setattr(st, "data_editor", editor)


def save(kind: str) -> AppTest:
    app = look_at(kind)
    next(button for button in app.main.button if button.label == "Save limits").click().run()
    check_no_exception(app)
    return app


def check_no_exception(app: AppTest) -> None:
    assert not app.exception, app.exception


def entered() -> dict[Any, Any]:
    cached.refresh()
    found = cached.shown().lake.answer(limits)
    return {served: limit.calls_per_minute for served, limit in found.items()}


def test_a_limit_is_saved_and_taken_back(unlimited: None, monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, 20.0)
    app = save(KINDS[0])
    assert [each.value for each in app.success] == ["1 limit saved."]
    assert "with 8 of 20, 40.0 %" in capacity_sentence(app)
    assert entered() == {("OpenAI", "big"): 20}
    again = save(KINDS[0])
    assert [each.value for each in again.info] == ["No limit was changed."]
    typing(monkeypatch, None)
    assert "No limit is entered" in capacity_sentence(save(KINDS[0]))
    assert entered() == {}


@pytest.mark.parametrize("value", [0, -5, 1.5, "many"])
def test_a_limit_that_cannot_be_is_refused(
    unlimited: None, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    typing(monkeypatch, value)
    app = save(KINDS[0])
    [said] = [each.value for each in app.error]
    assert "is not a limit" in said.replace("\\", "")
    assert said.replace("\\", "").endswith("Nothing was saved.")
    assert entered() == {}


@pytest.mark.parametrize("store", ["one", "many"])
def test_capacity_of_one_and_many_calls(holding: Holding, store: str) -> None:
    holding(store, STORES[store])
    for kind in KINDS:
        check(look_at(kind, of="Cost", hour="Peak", tf="24 hours"), "Patterns")


@pytest.mark.usefixtures("every_view")
def test_capacity_over_a_year_in_a_zone_of_quarter_hours(holding: Holding) -> None:
    holding("many", STORES["many"])
    check(visit(PAGE, capacity=KINDS[0], tf="12 months", tz="Asia/Kathmandu"), "Patterns")


@pytest.mark.usefixtures("every_view")
def test_hostile_names_in_every_part(holding: Holding) -> None:
    holding("hostile", hostile_calls())
    check_texts(visit(PAGE, capacity=KINDS[0], **HOSTILE_LINK), "Patterns")


@pytest.mark.parametrize("kind", KINDS[1:])
def test_hostile_names_at_their_limits(holding: Holding, kind: str) -> None:
    holding("hostile", hostile_calls())
    check_texts(look_at(kind, **HOSTILE_LINK), "Patterns")


@pytest.mark.usefixtures("every_view")
def test_a_log_with_a_wrong_clock(holding: Holding) -> None:
    """Calls of the year 2090: what they are dated has passed."""
    at = datetime(2090, 6, 1, 12, tzinfo=UTC).replace(tzinfo=None)
    holding("ahead", [call(at + n * SECOND) for n in range(30)])
    app = visit(PAGE, tf="Custom", range=["2090-05-28", "2090-06-03"])
    check(app, "Patterns")
    known = patterns.lived(selected("2090-05-28", "2090-06-03").timeframe)
    start = at.replace(tzinfo=UTC)
    assert known == Timeframe(start, start + timedelta(minutes=1))
    assert "Thu 1 Jun 2090, 12:00 to 13:00" in app.main.markdown[0].value
