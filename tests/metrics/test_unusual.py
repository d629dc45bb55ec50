"""Unusual days: found where they are, and nowhere else."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.by_hand import call, held
from usage_core.metrics import unusual
from usage_core.metrics.answer import ask
from usage_core.metrics.question import MOST_ROWS
from usage_core.metrics.unusual import Extent, Finding, Unusual, extent, find
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe, midnight

DAY = timedelta(days=1)
LAST = date(2026, 11, 8)  # a Sunday
FIRST = LAST - 83 * DAY
WEEK = Timeframe(midnight(LAST - 6 * DAY, "UTC"), midnight(LAST + DAY, "UTC"))
TUESDAY = date(2026, 11, 3)
Costs = dict[tuple[date, str], Any]
KNOWN = Extent(FIRST - DAY, LAST + DAY)


def steady(cost: int = 10, keys: tuple[str, ...] = ("a", "b")) -> Costs:
    """Twelve weeks of days of the same cost."""
    return {(FIRST + n * DAY, key): Decimal(cost) for n in range(84) for key in keys}


def answer(costs: Costs, unpriced: int = 0) -> pd.DataFrame:
    rows = [(datetime.combine(day, time()), key, cost) for (day, key), cost in sorted(costs.items())]
    frame = pd.DataFrame(rows, columns=["day", "key", "cost_usd"], dtype=object)
    return frame.assign(day=pd.to_datetime(frame["day"]), calls=5, unpriced_calls=unpriced)


def found(costs: Costs, frame: Timeframe = WEEK, known: Extent = KNOWN, **given: Any) -> Unusual:
    keys = tuple(dict.fromkeys(key for _, key in costs))
    return find(answer(costs, **given), keys, frame, known)


def test_what_is_always_the_same_is_usual() -> None:
    assert found(steady()) == Unusual((), 0, 7, 7)


def test_a_dear_day_of_a_key_is_one_of_all_calls_too() -> None:
    result = found(steady() | {(TUESDAY, "a"): Decimal(50)})
    amounts = {"first": TUESDAY, "last": TUESDAY, "days": 1}
    assert result.found == (
        Finding(None, **amounts, cost=Decimal(60), low=Decimal(20), high=Decimal(20), usual=Decimal(20)),
        Finding("a", **amounts, cost=Decimal(50), low=Decimal(10), high=Decimal(10), usual=Decimal(10)),
    )
    assert [finding.excess for finding in result.found] == [40, 40]


def test_a_cheap_day_is_found() -> None:
    [every, key] = found(steady() | {(TUESDAY, "a"): Decimal(1)}).found
    assert (every.excess, key.excess, key.key) == (-9, -9, "a")


@pytest.mark.parametrize("odd", [Decimal(13), Decimal("7.5")])
def test_a_day_within_a_third_is_usual(odd: Decimal) -> None:
    """Equal days have no spread of their own: a tenth of the median stands for it."""
    assert not found(steady() | {(TUESDAY, "a"): odd}).found


def test_one_odd_day_before_changes_nothing() -> None:
    """The median does not move, and what is said to be usual leaves the odd day out."""
    costs = steady() | {(TUESDAY - 7 * DAY, "a"): Decimal(500), (TUESDAY, "a"): Decimal(50)}
    every = found(costs).found[0]
    assert (every.usual, every.high) == (20, 20)


def test_a_weekday_is_held_against_its_own_kind() -> None:
    """Cheap weekends are usual, and a weekend as dear as a weekday is not."""
    costs = {(day, key): cost * (day.weekday() < 5) for (day, key), cost in steady().items()}
    assert not found(costs).found
    saturday = TUESDAY + 4 * DAY
    assert found(costs | {(saturday, "a"): Decimal(10)}).found[0].first == saturday


def test_what_varies_has_to_be_further_off() -> None:
    varied = {(day, key): cost + day.toordinal() // 7 % 5 for (day, key), cost in steady().items()}
    assert not found(varied | {(TUESDAY, "a"): Decimal(16)}).found
    low, high = (
        getattr(found(varied | {(TUESDAY, "a"): Decimal(90)}).found[0], edge) for edge in ("low", "high")
    )
    assert (low, high) == (20, 28)


def test_too_little_history_judges_nothing() -> None:
    costs = {place: cost for place, cost in steady().items() if place[0] > LAST - 28 * DAY}
    assert found(costs | {(TUESDAY, "a"): Decimal(50)}, known=Extent(LAST - 27 * DAY, LAST)) == Unusual(
        (), 0, 0, 7
    )
    assert found({}) == Unusual((), 0, 0, 0)


def test_a_new_key_is_not_unusual_but_what_it_adds_is() -> None:
    costs = steady() | {(TUESDAY + n * DAY, "new"): Decimal(50) for n in range(6)}
    assert {finding.key for finding in found(costs).found} == {None}


def test_days_in_a_row_are_one_finding_and_two_are_two() -> None:
    quiet = {(TUESDAY + n * DAY, "a"): Decimal(0) for n in range(3)}
    [every, key] = found(steady() | quiet).found
    assert (key.first, key.last, key.days) == (TUESDAY, TUESDAY + 2 * DAY, 3)
    assert (key.cost, key.low, key.high, every.usual) == (0, 30, 30, 60)
    dear = {(TUESDAY + n * DAY, "a"): Decimal(50) for n in range(2)}
    assert len(found(steady() | dear).found) == 4


def test_a_weekend_does_not_end_a_row_of_silent_days() -> None:
    frame = Timeframe(midnight(LAST - 13 * DAY, "UTC"), WEEK.end)
    costs = {(day, key): cost * (key == "b" or day.weekday() < 5) for (day, key), cost in steady().items()}
    silent = {(LAST - n * DAY, "a"): Decimal(0) for n in range(14)}
    [key] = [finding for finding in found(costs | silent, frame).found if finding.key == "a"]
    assert (key.first, key.last, key.days) == (LAST - 13 * DAY, LAST - 2 * DAY, 10)


def test_a_day_that_is_not_over_is_dear_but_never_cheap() -> None:
    noon = Timeframe(WEEK.start, midnight(LAST, "UTC") + timedelta(hours=12))
    assert not found(steady() | {(LAST, "a"): Decimal(0)}, noon).found
    assert found(steady() | {(LAST, "a"): Decimal(99)}, noon).found
    assert not found(steady() | {(LAST, "a"): Decimal(0)}, known=Extent(FIRST - DAY, LAST)).found


def test_a_day_whose_calls_have_no_price_is_never_cheap() -> None:
    assert not found(steady() | {(TUESDAY, "a"): Decimal(1)}, unpriced=1).found
    unknown = {(TUESDAY, key): None for key in ("a", "b")}
    assert found(steady() | unknown).days == 6


def test_a_day_without_any_call_is_not_judged() -> None:
    costs = {place: cost for place, cost in steady().items() if place[0] != TUESDAY}
    assert found(costs) == Unusual((), 0, 6, 6)


def test_small_amounts_do_not_matter() -> None:
    costs = steady() | steady(1, ("small",))
    assert not found(costs | {(TUESDAY, "small"): Decimal(3)}).found


def test_a_single_key_is_named() -> None:
    [only] = found(steady(keys=("a",)) | {(TUESDAY, "a"): Decimal(50)}).found
    assert only.key == "a"


def test_the_largest_come_first_and_the_rest_is_counted() -> None:
    keys = tuple(f"k{n}" for n in range(9))
    dear = {(TUESDAY, key): Decimal(50 + n) for n, key in enumerate(keys)}
    result = found(steady(keys=keys) | dear)
    sizes = [abs(finding.excess) for finding in result.found]
    assert sizes == sorted(sizes, reverse=True)
    assert (len(result.found), result.more) == (8, 2)


@given(
    costs=st.dictionaries(
        st.tuples(st.dates(FIRST, LAST), st.sampled_from("abc")),
        st.none() | st.decimals(0, 100, places=2),
        max_size=60,
    )
)
def test_whatever_the_costs_findings_are_outside_what_is_usual(costs: Costs) -> None:
    result = found(costs)
    assert 0 <= result.judged <= result.days <= 7
    for finding in result.found:
        assert finding.low <= finding.usual <= finding.high
        assert not finding.low <= finding.cost <= finding.high


def test_the_questions_are_answered_within_bounds(engine: sa.Engine) -> None:
    """A key that is silent in the selection is looked at too; ten years are looked at for their last."""
    rows = [
        call(datetime.combine(LAST - n * DAY, time(9)), api_key_id=f"k{n % 12}", cost_pico=10**12)
        for n in range(60)
    ]
    selection = Selection(WEEK)
    with held(engine, rows) as connection:
        keys = tuple(ask(connection, unusual.costliest(selection))["key"])
        frame = ask(connection, unusual.question(selection, keys))
    assert len(keys) == unusual.MOST_KEYS
    assert set(frame["key"]) <= {*keys, "\x1fother"}
    assert sum(frame["calls"]) == 60
    decade = Selection(Timeframe(datetime(2016, 1, 1, tzinfo=UTC), WEEK.end))
    days = unusual.question(decade, keys).selection.timeframe.days
    assert days * (unusual.MOST_KEYS + 1) <= MOST_ROWS


def test_the_extent_is_of_local_days() -> None:
    late = datetime(2026, 11, 7, 23, 30, tzinfo=UTC)
    assert extent(late, late, "Europe/Berlin") == Extent(LAST, LAST)
