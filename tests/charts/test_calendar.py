from datetime import datetime

import pandas as pd
import pytest

from tests.charts.samples import check, parts
from usage_core.charts.calendar import MOST_WEEKS, calendar
from usage_core.charts.periods import Periods

MONDAY = pd.Timestamp("2026-11-02")
DAY_MS = 86_400_000


def days(values: list[float | None], first: pd.Timestamp = MONDAY) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": pd.date_range(first, periods=len(values)),
            "value": pd.Series(values, dtype=float),
            "exact": ["–" if value is None else f"{value:,.0f}" for value in values],
            "calls": [0 if value == 0 else 12 for value in values],
        }
    )


def over(first: str, last: str, *, incomplete: bool = False) -> Periods:
    edges = (datetime.fromisoformat(day) for day in (first, last))
    return Periods("day", "Europe/Berlin", incomplete, *edges)


TWO_WEEKS = over("2026-11-02", "2026-11-15")


def test_weeks_are_columns_and_monday_is_the_first_row() -> None:
    chart = calendar(days([1.0] * 14), "Calls", "calls", TWO_WEEKS)
    check(chart)
    cells = chart.frame
    assert list(cells["weekday"][:7]) == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert cells["from"].nunique() == 2
    assert cells["from"][:7].nunique() == 1
    assert cells["from"][7] - cells["from"][0] == 7 * DAY_MS
    assert (cells["to"] - cells["from"] < 7 * DAY_MS).all()
    scales = {str(scale["domain"]) for scale in parts(chart.spec, "scale") if "Mon" in scale["domain"]}
    assert scales == {"['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']"}


def test_a_timeframe_within_weeks_draws_no_day_beyond_it() -> None:
    chart = calendar(
        days([5.0], pd.Timestamp("2026-11-05")), "Calls", "calls", over("2026-11-04", "2026-11-09")
    )
    check(chart)
    assert list(chart.frame["weekday"]) == ["Wed", "Thu", "Fri", "Sat", "Sun", "Mon"]
    assert list(chart.frame["day"]) == ["4", "5", "6", "7", "8", "9"]


def test_zero_no_data_and_unknown_are_told_apart() -> None:
    chart = calendar(days([3.0, 0.0, None]), "Cost", "USD", over("2026-11-02", "2026-11-05"))
    check(chart)
    cells = chart.frame
    assert cells["value"].isna().tolist() == [False, False, True, True]
    assert cells["exact"].tolist() == ["3", "0", "–", "no data"]
    assert cells["calls"].tolist() == ["12", "0", "12", "–"]
    outlines = [mark for mark in parts(chart.spec, "mark") if mark.get("filled") is False]
    assert len(outlines) == 1
    assert "An outline is a day without data" in " ".join(map(str, parts(chart.spec, "title")))


def test_a_day_with_calls_can_be_picked() -> None:
    chart = calendar(days([3.0, 0.0]), "Calls", "calls", over("2026-11-02", "2026-11-04"))
    assert chart.frame["pick_at"].tolist() == ["2026-11-02T00:00", None, None]
    assert chart.grain == "day"
    assert [param["name"] for param in chart.spec["params"]] == ["pick"]


def test_the_alternative_says_what_the_picture_shows() -> None:
    chart = calendar(
        days([3.0, 0.0, 1284.0]), "Calls", "calls", over("2026-11-02", "2026-11-04", incomplete=True)
    )
    assert chart.alternative == (
        "Calls per day (Europe/Berlin): most on Wed 4 Nov 2026 (not over yet) (1,284), 1 day with nothing."
    )
    assert "4 Nov 2026 is not over yet: it may still grow" in " ".join(map(str, parts(chart.spec, "title")))


@pytest.mark.parametrize(("weeks", "numbered"), [(1, True), (15, True), (16, False), (53, False)])
def test_few_weeks_are_numbered_and_many_have_months(weeks: int, numbered: bool) -> None:
    first = pd.Timestamp("2025-11-24")
    periods = Periods("day", "UTC", first=first, last=first + pd.Timedelta(days=7 * weeks - 1))
    chart = calendar(days([1.0] * 7 * weeks, first), "Calls", "calls", periods)
    check(chart)
    assert (len(chart.spec["layer"]) == 3) is numbered
    axis = next(axis for axis in parts(chart.spec["layer"][0]["encoding"]["x"], "axis"))
    assert ("%b'" in axis["labelExpr"] and "%-d" not in axis["labelExpr"]) is not numbered
    labelled = [pd.Timestamp(tick, unit="ms") for tick in axis["values"]]
    if numbered:
        assert len(labelled) == weeks
    else:
        sundays = [tick + pd.Timedelta(days=6) for tick in labelled]
        assert len({(day.year, day.month) for day in sundays}) == len(sundays)
        assert all(day.day <= 7 for day in sundays)


def test_of_many_years_the_last_two_are_drawn_and_it_says_so() -> None:
    first = pd.Timestamp("2020-01-01")
    periods = Periods("day", "UTC", first=first, last=pd.Timestamp("2026-11-22"))
    chart = calendar(days([1.0] * 2518, first), "Calls", "calls", periods)
    check(chart)
    assert chart.frame["from"].nunique() == MOST_WEEKS
    assert chart.frame["period"].iloc[-1] == "Sun 22 Nov 2026"
    assert "Days before 11 Nov 2024 are not drawn" in " ".join(map(str, parts(chart.spec, "title")))


def test_cells_say_their_day_and_amount_and_how_strong_they_are() -> None:
    chart = calendar(
        days([20_000.0, 5_000.0, 0.0, None]), "Tokens", "tokens", over("2026-11-02", "2026-11-05")
    )
    assert chart.frame["written"].tolist() == ["2 · 20.0 k", "3 · 5,000", "4 · 0", "5 · –"]
    assert chart.frame["part"].tolist()[:3] == [1.0, 0.25, 0.0]
    zeros = calendar(days([0.0, 0.0]), "Calls", "calls", over("2026-11-02", "2026-11-03"))
    check(zeros)
    assert zeros.frame["part"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("frame", [days([]), days([None, None])])
def test_nothing_keeps_title_and_place(frame: pd.DataFrame) -> None:
    chart = calendar(frame, "Calls", "calls", TWO_WEEKS)
    check(chart)
    assert chart.frame["note"].tolist() == ["No calls in this timeframe"]


def test_two_charts_of_one_shape_share_a_spec() -> None:
    one, two = (calendar(days([7.0, second]), "Calls", "calls", TWO_WEEKS) for second in (1.0, 2.0))
    assert one.spec is two.spec
