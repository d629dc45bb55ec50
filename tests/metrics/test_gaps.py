"""Hours without data: where many calls are usual and none came, and only there."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.by_hand import call, held
from usage_core.metrics.answer import ask
from usage_core.metrics.gaps import MANY, Gap, awaited, find, question
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


def answer(calls: dict[datetime, int]) -> pd.DataFrame:
    within = [(hour.replace(tzinfo=None), n) for hour, n in calls.items() if n and hour < WEEK.end]
    frame = pd.DataFrame(within, columns=["hour", "calls"])
    return frame.assign(hour=pd.to_datetime(frame["hour"]))


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


def test_the_question_is_answered_within_bounds(engine: sa.Engine) -> None:
    decade = question(Timeframe(datetime(2016, 1, 1, tzinfo=UTC), END))
    frame = decade.selection.timeframe
    assert (frame.end - frame.start) // HOUR <= MOST_ROWS
    half = question(Timeframe(END - DAY - timedelta(minutes=30), END, "Asia/Kolkata"))
    assert half.selection.timeframe.start.minute == 0
    with held(
        engine, [call((END - HOUR).replace(tzinfo=None)), call((END - 2 * HOUR).replace(tzinfo=None))]
    ) as c:
        assert list(ask(c, half)["calls"]) == [1, 1]
