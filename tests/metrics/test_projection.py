"""Where a month is heading: worked out again in plain Python, and what the method does with known series."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from statistics import mean

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_core.metrics.projection import (
    LEAST_DAYS,
    LEAST_STARTS,
    MOST_STARTS,
    WEEKS,
    Month,
    days_needed,
    history_from,
    month_so_far,
    project,
)

DAY = timedelta(days=1)


def weekday_means(costs: Sequence[float], ahead: int) -> list[float]:
    """What each coming day is expected to cost, in a loop."""
    weeks = min(WEEKS, len(costs) // 7)
    return [
        mean(costs[len(costs) + day % 7 - 7 * back] for back in range(1, weeks + 1)) for day in range(ahead)
    ]


def by_hand(costs: Sequence[float], ahead: int) -> tuple[float, float, float]:
    """Low, middle and high of the sum of all coming days."""
    starts = range(max(LEAST_DAYS, len(costs) - MOST_STARTS), len(costs) - ahead + 1)
    misses = [
        sum(costs[start : start + ahead]) - sum(weekday_means(costs[:start], ahead)) for start in starts
    ]
    apart = 1 + (len(misses) - 1) / ahead
    outer = min(1.0, math.ceil(0.9 * (apart + 1)) / apart)
    expected = sum(weekday_means(costs, ahead))
    low, middle, high = (expected + float(np.quantile(misses, part)) for part in (1 - outer, 0.5, outer))
    return low, middle, high


@given(costs=st.lists(st.floats(0, 10_000), min_size=days_needed(5), max_size=110), ahead=st.integers(1, 5))
@settings(max_examples=12)
def test_it_is_what_it_is_by_hand(costs: list[float], ahead: int) -> None:
    course = project(costs, ahead)
    assert course is not None
    assert course.starts == len(costs) - LEAST_DAYS - ahead + 1
    days = [by_hand(costs, days) for days in range(1, ahead + 1)]
    for name, place in (("low", 0), ("middle", 1), ("high", 2)):
        never_falling = list(accumulate((max(0.0, day[place]) for day in days), max))
        assert getattr(course, name) == pytest.approx(never_falling, rel=1e-9, abs=1e-6)


@given(costs=st.lists(st.floats(0, 1e9), min_size=days_needed(31), max_size=400), ahead=st.integers(1, 31))
@settings(max_examples=12)
def test_added_up_nothing_falls_and_the_range_holds_the_middle(costs: list[float], ahead: int) -> None:
    course = project(costs, ahead)
    assert course is not None
    assert len(course.low) == len(course.middle) == len(course.high) == ahead
    for bound in (course.low, course.middle, course.high):
        assert list(bound) == sorted(bound)
        assert bound[0] >= 0
    assert all(
        low <= mid <= high for low, mid, high in zip(course.low, course.middle, course.high, strict=True)
    )


@pytest.mark.parametrize("ahead", [1, 9, 31])
def test_with_too_few_days_nothing_is_said(ahead: int) -> None:
    needed = days_needed(ahead)
    assert needed == LEAST_DAYS + ahead + LEAST_STARTS - 1
    assert project([1.0] * (needed - 1), ahead) is None
    assert project([1.0] * needed, ahead) is not None
    assert project([1.0] * 500, 0) is None


def test_a_week_that_repeats_is_known_for_certain() -> None:
    week = [80.0, 90.0, 85.0, 100.0, 95.0, 12.0, 7.0]
    course = project(week * 12, 10)
    assert course is not None
    expected = list(accumulate((week * 2)[:10]))
    assert course.low == course.middle == course.high == pytest.approx(expected)


def test_steady_growth_is_followed() -> None:
    """The mean of eight weeks lags behind by the same amount every time; the median miss takes it away."""
    costs = [100.0 + day for day in range(7 * WEEKS + MOST_STARTS + 30)]
    course = project(costs, 20)
    assert course is not None
    expected = list(accumulate(100.0 + len(costs) + day for day in range(20)))
    assert course.middle == pytest.approx(expected)
    assert course.high == pytest.approx(expected)


def test_few_stretches_are_bounded_by_the_smallest_and_the_greatest_miss() -> None:
    costs = [10.0] * 60
    costs[50] = 110.0
    course = project(costs, 20)
    assert course is not None
    # The odd day raises the mean of its weekday over eight weeks by 100 / 8, twice within 20 days or thrice.
    least = min(sum(costs[at : at + 20]) - sum(weekday_means(costs[:at], 20)) for at in range(28, 41))
    most = max(sum(costs[at : at + 20]) - sum(weekday_means(costs[:at], 20)) for at in range(28, 41))
    assert (least, most) == (0, 100)
    expected = sum(weekday_means(costs, 20))
    assert (course.low[-1], course.high[-1]) == pytest.approx((expected + least, expected + most))


def days(first: date, costs: Sequence[Decimal | None], unpriced: int = 0) -> pd.DataFrame:
    """An answer by day."""
    return pd.DataFrame(
        {
            "day": pd.Series([first + n * DAY for n in range(len(costs))], dtype="datetime64[us]"),
            "cost_usd": pd.Series(list(costs), dtype=object),
            "unpriced_calls": [unpriced] * len(costs),
        }
    )


CENT = Decimal("0.000000000001")
LAST_CALL = datetime(2026, 11, 21, 23, 50, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def year_of(cost: Decimal = Decimal("10.000000000001")) -> pd.DataFrame:
    """The same cost each day from 1 Jan to 21 Nov 2026."""
    return days(date(2026, 1, 1), [cost] * 325, unpriced=2)


def test_a_month_to_date_is_exact() -> None:
    month = month_so_far(year_of(), LAST_CALL, TODAY, "UTC")
    assert (month.first, month.last, month.through) == (
        date(2026, 11, 1),
        date(2026, 11, 30),
        date(2026, 11, 21),
    )
    assert month.so_far == month.complete == Decimal("210.000000000021")
    assert month.unpriced == 42
    assert month.days_known == 324  # of the first day, a part may be missing
    assert sum(month.before.values()) == Decimal("310.000000000031")
    assert month.expected() == pytest.approx((300, 300, 300))
    assert not month.is_over


def test_earlier_months_are_projected_from_the_same_day() -> None:
    """Days cost 10, those of October 20: nobody could know, so it is off by what was to come."""
    frame = year_of(Decimal(10))
    october = (frame["day"] >= "2026-10-01") & (frame["day"] < "2026-11-01")
    frame.loc[october, "cost_usd"] = Decimal(20)
    month = month_so_far(frame, LAST_CALL, TODAY, "UTC")
    tests = {test.month: test for test in month.tests}
    # Until the 21st of February there are 51 days, and projecting 7 takes 44; January is not whole.
    assert list(tests) == [date(2026, number, 1) for number in range(2, 11)]
    for number in range(2, 10):
        test = tests[date(2026, number, 1)]
        assert test.held
        assert test.missed_by == pytest.approx(0)
    test = tests[date(2026, 10, 1)]
    assert test.actual == 620
    known = [float(cost) for cost in frame["cost_usd"][1:]]
    at = (date(2026, 10, 22) - date(2026, 1, 2)).days
    course = project(known[:at], 10)
    assert course is not None
    assert test.middle == pytest.approx(21 * 20 + course.middle[-1])
    assert test.missed_by == pytest.approx(620 - test.middle)
    assert test.held == (test.low <= 620 <= test.high)


@pytest.mark.parametrize(
    ("last_call", "today", "through"),
    [
        ((2026, 11, 21, 23, 50), (2026, 11, 22), (2026, 11, 21)),  # the log has the whole day
        ((2026, 11, 21, 22, 50), (2026, 11, 22), (2026, 11, 20)),  # the log may have ended within it
        ((2026, 11, 21, 23, 50), (2026, 11, 21), (2026, 11, 20)),  # the day is not over
        ((2026, 11, 1, 9, 0), (2026, 11, 1), (2026, 10, 31)),  # the month has no complete day
        ((2026, 11, 21, 12, 0), (2026, 12, 24), (2026, 11, 20)),  # nothing is known of later days
        ((2190, 1, 1, 0, 0), (2026, 11, 22), (2026, 11, 21)),  # a clock far ahead is not believed
    ],
)
def test_which_days_are_complete(
    last_call: tuple[int, ...], today: tuple[int, int, int], through: tuple[int, int, int]
) -> None:
    moment = datetime(*last_call, tzinfo=UTC)  # type: ignore[arg-type]
    month = month_so_far(year_of(), moment, date(*today), "UTC")
    assert month.through == date(*through)
    assert month.first == date(2026, 11, 1)
    assert all(month.first <= day <= min(moment.date(), date(*today)) for day in month.costs)


def test_a_day_that_is_not_over_counts_as_spent_and_is_projected() -> None:
    frame = year_of(Decimal(10))
    frame.loc[324, "cost_usd"] = Decimal(500)
    month = month_so_far(frame, LAST_CALL, date(2026, 11, 21), "UTC")
    assert month.so_far == 700
    assert month.complete == 200
    assert month.expected() == (700, 700, 700)  # 300 is expected, and more is already spent


def test_a_month_that_is_over_is_not_projected() -> None:
    frame = days(date(2026, 1, 1), [Decimal(1)] * 304)
    month = month_so_far(frame, datetime(2026, 10, 31, 23, 59, tzinfo=UTC), date(2026, 11, 3), "UTC")
    assert month.is_over
    assert month.so_far == 31
    assert (month.course, month.expected(), month.tests) == (None, None, ())


def test_the_month_is_the_zones() -> None:
    """In Auckland it is December already."""
    frame = days(date(2026, 1, 1), [Decimal(1)] * 335)
    moment = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert month_so_far(frame, moment, date(2026, 12, 1), "Pacific/Auckland").first == date(2026, 12, 1)
    assert month_so_far(frame, moment, date(2026, 12, 1), "UTC").first == date(2026, 11, 1)


def test_days_without_calls_cost_nothing_and_days_without_prices_are_counted() -> None:
    frame = year_of(Decimal(3))
    frame.loc[310, "cost_usd"] = None
    frame = frame.drop(index=[311, 312])
    month = month_so_far(frame, LAST_CALL, TODAY, "UTC")
    assert month.so_far == 3 * 18
    assert month.days_known == 324
    assert month.unpriced == 2 * 19


@pytest.mark.parametrize("known", [0, 1, 20])
def test_a_short_log_has_no_projection(known: int) -> None:
    frame = days(TODAY - known * DAY, [Decimal(5)] * known)
    month = month_so_far(frame, LAST_CALL, TODAY, "UTC")
    assert month.so_far == 5 * known
    assert month.days_known == max(0, known - 1)
    assert month.days_needed == days_needed(9)
    assert (month.course, month.expected(), month.tests, month.before) == (None, None, (), {})


def test_as_much_is_looked_at_as_is_asked_for() -> None:
    assert history_from(datetime(2026, 11, 21, tzinfo=UTC), "UTC") == date(2024, 11, 1)
    assert history_from(datetime(2026, 1, 31, 23, 30, tzinfo=UTC), "Europe/Berlin") == date(2024, 2, 1)
    assert history_from(datetime(1970, 5, 1, tzinfo=UTC), "UTC").year == 1970


def test_a_month_is_what_its_days_are() -> None:
    month = month_so_far(year_of(CENT), LAST_CALL, TODAY, "UTC")
    assert isinstance(month, Month)
    assert month.so_far == sum(month.costs.values()) == 21 * CENT
