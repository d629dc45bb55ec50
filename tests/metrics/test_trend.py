"""Trends: what is said of straight, noisy, odd and flat weeks."""

import random
from datetime import UTC, date, datetime, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_core.metrics.trend import LEAST_WEEKS, Meeting, complete_weeks, line, meets
from usage_core.timeframe import Timeframe, custom

MONDAY = datetime(2026, 8, 3, tzinfo=UTC).replace(tzinfo=None)
WEEK = timedelta(days=7)


def mondays(count: int) -> list[datetime]:
    return [MONDAY + n * WEEK for n in range(count)]


def test_a_straight_rise_meets_its_limit_on_the_day_it_does() -> None:
    """10, 20, ... 80 in the middles of eight weeks: 130 five weeks after the last, on a Thursday."""
    values = [10.0 * (n + 1) for n in range(8)]
    assert line(values) is not None
    expected = (MONDAY + 12 * WEEK).date() + timedelta(days=4)
    assert meets(mondays(8), values, 130) == Meeting(expected, expected, expected)


@pytest.mark.parametrize(
    "values",
    [
        [10.0] * 12,
        [float(12 - n) for n in range(12)],
        [10.0 * (n + 1) for n in range(LEAST_WEEKS - 1)],
        [5, 9, 2, 8, 3, 7, 4, 9, 1, 6],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 500],
        [],
    ],
    ids=["flat", "falling", "too few", "noise", "one odd week", "nothing"],
)
def test_nothing_is_said_without_history_and_growth(values: list[float]) -> None:
    assert meets(mondays(len(values)), values, 1000) is None


def test_one_odd_week_does_not_turn_the_line() -> None:
    values = [100.0 + 5 * n for n in range(13)]
    odd = [*values[:6], 100_000.0, *values[7:]]
    straight, bent = line(values), line(odd)
    assert straight
    assert bent
    assert (straight.slope, straight.start) == (5, 100)
    assert bent.slope == pytest.approx(5, rel=0.05)
    assert bent.start == pytest.approx(100, rel=0.05)


def test_a_trend_beyond_its_limit_meets_it_in_the_last_week() -> None:
    values = [10.0 * (n + 1) for n in range(8)]
    found = meets(mondays(8), values, 30)
    assert found
    assert MONDAY + 7 * WEEK <= datetime(found.day.year, found.day.month, found.day.day) < MONDAY + 8 * WEEK  # noqa: DTZ001


def test_what_is_years_ahead_is_not_said() -> None:
    values = [100.0 + n for n in range(8)]
    assert meets(mondays(8), values, 10**6) is None
    near = meets(mondays(8), values, 240)
    assert near
    assert near.day < date(2029, 8, 1)


def test_the_end_of_the_interval_may_be_unknown() -> None:
    rng = random.Random(3)
    values = [100 + 2 * n + rng.uniform(-6, 6) for n in range(12)]
    found = meets(mondays(12), values, 370)
    assert found
    assert found.last is None
    assert found.first < found.day


@given(
    values=st.lists(st.integers(0, 10**6), min_size=LEAST_WEEKS, max_size=30),
    limit=st.integers(1, 10**7),
)
def test_the_day_lies_within_its_interval(values: list[int], limit: int) -> None:
    found = line(values)
    assert found
    assert found.least <= found.slope <= found.most
    slopes = [
        (later - value) / (place - week)
        for week, value in enumerate(values)
        for place, later in enumerate(values)
        if place > week
    ]
    assert found.slope == pytest.approx(median(slopes))
    met = meets(mondays(len(values)), values, limit)
    if met:
        assert met.first <= met.day
        assert met.last is None or met.day <= met.last
        assert met.first >= mondays(len(values))[-1].date()
    else:
        three_years_on = found.start + found.slope * (len(values) + 155)
        assert found.least <= 0 or three_years_on < limit


def test_the_interval_holds_the_true_slope_nine_times_in_ten() -> None:
    rng, held = random.Random(11), 0
    for _ in range(400):
        found = line([5 * n + rng.gauss(0, 20) for n in range(13)])
        assert found
        held += found.least <= 5 <= found.most
    assert 0.85 <= held / 400 <= 0.97


@pytest.mark.parametrize(
    ("first", "last", "weeks"),
    [
        ("2026-11-02", "2026-11-08", 1),
        ("2026-11-03", "2026-11-15", 1),
        ("2026-11-03", "2026-11-09", 0),
        ("2026-10-19", "2026-11-01", 2),  # clocks are put back in it
    ],
)
def test_only_complete_weeks_count(first: str, last: str, weeks: int) -> None:
    frame = custom(date.fromisoformat(first), date.fromisoformat(last), "Europe/Berlin")
    found = complete_weeks(frame)
    assert len(found) == weeks
    assert all(monday.weekday() == 0 and frame.first_day <= monday.date() for monday in found)


def test_a_week_that_is_not_over_is_not_complete() -> None:
    frame = custom(date(2026, 11, 2), date(2026, 11, 8), "UTC")
    assert complete_weeks(Timeframe(frame.start, frame.end - timedelta(minutes=1))) == []
