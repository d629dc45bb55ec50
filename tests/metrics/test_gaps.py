"""Hours without data: where many calls are usual and none came, and only there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.importing import Shelf
from usage_core.metrics.answer import coverage
from usage_core.metrics.gaps import MANY, Gap, Hours, awaited, find, looked_at
from usage_core.metrics.gaps import hours as hours_of
from usage_core.metrics.question import MOST_ROWS
from usage_core.timeframe import Timeframe

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END = datetime(2026, 11, 9, tzinfo=UTC)
WEEK = Timeframe(END - 7 * DAY, END)
BEGAN, ENDED = END - 70 * DAY, END + DAY
NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)


def hours(each: int = 30) -> dict[datetime, int]:
    """Ten weeks of hours with as many calls, and a day after."""
    return {BEGAN + n * HOUR: each for n in range(71 * 24)}


def answer(calls: dict[datetime, int]) -> Hours:
    within = {hour.replace(tzinfo=None): n for hour, n in calls.items() if n and hour < WEEK.end}
    return Hours(np.array([*within], "datetime64[us]"), np.array([*within.values()]))


def found(calls: dict[datetime, int], first: datetime = BEGAN, last: datetime = ENDED) -> tuple[Gap, ...]:
    return find(answer(calls), WEEK, first, last)


def test_no_hour_is_missing_where_none_is() -> None:
    assert found(hours()) == ()


def test_a_gap_has_its_edges_and_what_is_usual() -> None:
    assert found(hours() | {NOON: 0, NOON + HOUR: 0}) == (Gap(NOON, NOON + 2 * HOUR, 60),)


def test_few_calls_may_be_missing_by_chance() -> None:
    few = {NOON + n * HOUR: 0 for n in range(MANY // 2 - 1)}
    assert found(hours(2) | few) == ()
    assert found(hours(2) | few | {NOON - HOUR: 0}) == (Gap(NOON - HOUR, NOON + 9 * HOUR, MANY),)


def test_hours_that_are_always_silent_are_not_missing() -> None:
    by_day = {hour: n * (8 <= hour.hour < 18) for hour, n in hours().items()}
    assert found(by_day) == ()
    silent = {NOON + n * HOUR: 0 for n in range(-10, 10)}
    [gap] = found(by_day | silent)
    assert (gap.start.hour, gap.end.hour, gap.usual_calls) == (8, 18, 10 * 30)


def test_what_comes_at_one_hour_of_the_day_is_missing_where_it_does_not() -> None:
    once = {hour: n * (hour.hour == NOON.hour) for hour, n in hours().items()}
    assert found(once) == ()
    assert found(once | {NOON: 0}) == (Gap(NOON, NOON + HOUR, 30),)


def test_a_changed_clock_is_no_gap() -> None:
    """The same working day an hour later, from the Monday on."""
    work = {hour: n * (8 <= (hour - HOUR * (hour >= WEEK.start)).hour < 18) for hour, n in hours().items()}
    assert found(work) == ()
    job = {hour: n * ((hour + HOUR * (hour >= WEEK.start)).hour == 3) for hour, n in hours().items()}
    assert found(job) == ()


def test_what_was_not_brought_in_yet_is_no_gap() -> None:
    late = {hour: n for hour, n in hours().items() if hour < NOON}
    assert found(late, last=NOON - timedelta(minutes=1)) == ()
    assert found(late, last=ENDED) == (Gap(NOON, END, 30 * ((END - NOON) // HOUR)),)


def test_what_is_usual_since_the_last_call_is_awaited() -> None:
    """From the next hour on, as far as it is many; nothing that is not over."""
    last = NOON + timedelta(minutes=20)
    late = answer({hour: n for hour, n in hours().items() if hour <= NOON})
    assert awaited(late, BEGAN, last, NOON + 5 * HOUR + timedelta(minutes=59)) == 4 * 30
    assert awaited(late, BEGAN, last, NOON + HOUR) == 0
    assert awaited(late, BEGAN, last, NOON - DAY) == 0
    assert awaited(late, NOON - 21 * DAY, last, NOON + DAY) == 0
    few = answer({hour: n for hour, n in hours(1).items() if hour <= NOON})
    assert [awaited(few, BEGAN, last, NOON + n * HOUR) for n in (MANY, MANY + 1)] == [0, MANY]


def test_too_little_history_makes_no_gap() -> None:
    recent = {hour: n for hour, n in hours().items() if hour >= WEEK.start - 21 * DAY}
    assert found(recent | {NOON: 0}, first=WEEK.start - 21 * DAY) == ()


@given(st.sets(st.integers(0, 7 * 24 - 1), max_size=40))
def test_every_silent_hour_of_a_busy_week_is_in_a_gap(silent: set[int]) -> None:
    missing = {WEEK.start + n * HOUR for n in silent}
    gaps = found(hours() | dict.fromkeys(missing, 0))
    told = {gap.start + n * HOUR for gap in gaps for n in range((gap.end - gap.start) // HOUR)}
    assert told == missing
    assert sum(gap.usual_calls for gap in gaps) == 30 * len(missing)


def test_what_is_looked_at_is_bounded() -> None:
    decade = looked_at(Timeframe(datetime(2016, 1, 1, tzinfo=UTC), END)).timeframe
    assert (decade.end - decade.start) // HOUR <= MOST_ROWS
    half = looked_at(Timeframe(END - DAY - timedelta(minutes=30), END, "Asia/Kolkata")).timeframe
    assert half.start.minute == 0


def test_hours_are_counted_of_what_is_in_sight(shelf: Shelf) -> None:
    at = ["2026-11-08T09:59:59.999Z", "2026-11-08T10:00:00Z", "2026-11-08T10:30:00Z", "2026-11-09T00:00:00Z"]
    shelf.rows(*({"called_at": moment, "api_key_id": f"key-{moment[14]}"} for moment in at))
    selection = looked_at(WEEK)
    with shelf.lake.reading() as connection:
        known = coverage(connection)
        for some in (selection, replace(selection, only=("key-0", "key-3", "key-5"))):
            counted = hours_of(connection, some, known)
            starts = counted.starts.astype("datetime64[h]").astype(str).tolist()
            assert dict(zip(starts, counted.calls.tolist(), strict=True)) == {
                "2026-11-08T09": 1,
                "2026-11-08T10": 2,
            }
        counted = hours_of(connection, replace(selection, only=("key-3",)), known)
        assert counted.calls.tolist() == [1]
