"""Periods in zones of every kind, row by row against zoneinfo, and days that add up to their range."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
import sqlalchemy as sa

from tests.metrics.by_hand import GROUPS, Row, answered, call, held
from usage_core.metrics.question import Question
from usage_core.periods import buckets
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe, custom

PERIODS = ("hour", "day", "week", "month")
BY_TIME = (*PERIODS, "weekday", "hour_of_day")
SUMS = ("calls", "tokens", "cost_usd")

# Zone, a day in the middle of the range: where clocks change there, the day they do.
CASES = [
    ("UTC", date(2026, 12, 31)),
    ("Asia/Kolkata", date(2026, 11, 1)),
    ("Asia/Kathmandu", date(2026, 11, 1)),
    ("Pacific/Honolulu", date(2026, 11, 1)),
    ("America/St_Johns", date(2026, 3, 8)),
    ("America/St_Johns", date(2026, 11, 1)),
    ("America/St_Johns", date(2010, 11, 7)),  # a minute after midnight back to the day before
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Africa/Cairo", date(2026, 4, 24)),  # a day that starts at 01:00
    ("America/Havana", date(2026, 11, 1)),  # midnight twice
    ("Pacific/Apia", date(2011, 12, 30)),  # a day that never was
]
IDS = [f"{zone}-{day}" for zone, day in CASES]


def week_around(zone: str, day: date) -> Timeframe:
    return custom(day - timedelta(days=3), day + timedelta(days=3), zone)


def calls_in(frame: Timeframe) -> list[Row]:
    """Calls at random instants, on every half hour, and a microsecond before it."""
    draw = Random(7)
    start = frame.start.replace(tzinfo=None)
    times = [start + timedelta(minutes=30 * n) for n in range(int(frame.length / timedelta(minutes=30)))]
    times += [time - timedelta(microseconds=1) for time in times[1:]]
    times += [start + frame.length * draw.random() for _ in range(300)]
    return [
        call(time, input_tokens=draw.randrange(10**6), cost_pico=draw.randrange(10**12)) for time in times
    ]


@contextmanager
def week(engine: sa.Engine, zone: str, day: date) -> Iterator[tuple[sa.Connection, Timeframe, list[Row]]]:
    frame = week_around(zone, day)
    rows = calls_in(frame)
    with held(engine, rows) as connection:
        yield connection, frame, rows


def sums(rows: list[Row]) -> dict[str, int | Decimal]:
    cost = Decimal(sum(row["cost_pico"] for row in rows)).scaleb(-12)
    return {"calls": len(rows), "tokens": sum(row["input_tokens"] for row in rows), "cost_usd": cost}


@pytest.mark.parametrize(("zone", "day"), CASES, ids=IDS)
def test_every_call_is_in_the_period_its_zone_says(engine: sa.Engine, zone: str, day: date) -> None:
    with week(engine, zone, day) as (connection, frame, rows):
        for name in BY_TIME:
            groups: dict[tuple[object, ...], list[Row]] = {}
            for row in rows:
                groups.setdefault((GROUPS[name](row, zone),), []).append(row)
            found = answered(connection, Question(Selection(frame), SUMS, (name,)))
            assert found == {group: sums(each) for group, each in groups.items()}, name


@pytest.mark.parametrize(("zone", "day"), CASES, ids=IDS)
def test_single_days_add_up_to_their_range(engine: sa.Engine, zone: str, day: date) -> None:
    with week(engine, zone, day) as (connection, frame, rows):
        whole = answered(connection, Question(Selection(frame), SUMS))[()]
        days = [day + timedelta(days=n) for n in range(-3, 4)]
        if zone == "Pacific/Apia":
            days.remove(day)
        frames = [custom(each, each, zone) for each in days]
        single = [answered(connection, Question(Selection(each), SUMS))[()] for each in frames]
    assert [each.end for each in frames[:-1]] == [each.start for each in frames[1:]]
    assert whole == sums(rows) == {name: sum(each[name] for each in single) for name in SUMS}


@pytest.mark.parametrize(("zone", "day"), CASES, ids=IDS)
def test_every_breakdown_adds_up_to_the_total(engine: sa.Engine, zone: str, day: date) -> None:
    with week(engine, zone, day) as (connection, frame, rows):
        for by in [("day",), ("hour", "key"), ("weekday", "hour_of_day"), ("month", "model"), ("time_bin",)]:
            parts = answered(connection, Question(Selection(frame), SUMS, by)).values()
            assert {name: sum(part[name] for part in parts) for name in SUMS} == sums(rows), by


@pytest.mark.parametrize(("zone", "day"), CASES, ids=IDS)
def test_a_chart_has_a_place_for_every_period_answered(engine: sa.Engine, zone: str, day: date) -> None:
    """And single days, which may be longer or shorter than a day, too."""
    with week(engine, zone, day) as (connection, frame, _):
        middle = frame if zone == "Pacific/Apia" else custom(day, day, zone)
        for each in (frame, middle):
            for grain in PERIODS:
                answer = answered(connection, Question(Selection(each), ("calls",), (grain,)))
                assert {group for (group,) in answer} <= set(buckets(each, grain)), grain


def test_a_range_over_many_clock_changes(engine: sa.Engine) -> None:
    """Twenty years of Berlin: forty changes in one statement."""
    frame = custom(date(2006, 1, 1), date(2025, 12, 31), "Europe/Berlin")
    start = frame.start.replace(tzinfo=None)
    rows = [call(start + timedelta(hours=n)) for n in range(0, 20 * 365 * 24, 97)]
    with held(engine, rows) as connection:
        found = answered(connection, Question(Selection(frame), ("calls",), ("hour_of_day",)))
    expected: dict[tuple[int], int] = {}
    for row in rows:
        hour = GROUPS["hour_of_day"](row, frame.zone)
        expected[hour,] = expected.get((hour,), 0) + 1
    assert {group: figures["calls"] for group, figures in found.items()} == expected


def test_neighbouring_ranges_share_no_call(engine: sa.Engine) -> None:
    """Ranges that meet at any minute, in a zone that is a quarter of an hour off."""
    edges = [datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=15 * n) for n in range(97)]
    rows = [
        call(edge.replace(tzinfo=None) + timedelta(microseconds=n)) for edge in edges[1:] for n in (-1, 0)
    ]
    with held(engine, rows) as connection:
        found = [
            answered(connection, Question(Selection(Timeframe(start, end, "Asia/Kathmandu")), ("calls",)))
            for start, end in pairwise(edges)
        ]
    assert [each[()]["calls"] for each in found] == [1] + [2] * 95
