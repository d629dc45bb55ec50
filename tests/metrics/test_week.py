"""Hours of the week against plain Python: every minute of a timeframe as zoneinfo's clocks show it."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.by_hand import Row, calls, figures, held
from tests.metrics.test_zones import CASES, IDS, calls_in, week_around
from usage_core.errors import SelectionError
from usage_core.metrics.week import SUMS, occurred, times, week
from usage_core.selection import Selection
from usage_core.timeframe import MINUTE, Timeframe, custom

ZONES = sorted({zone for zone, _ in CASES})
HOUR = timedelta(hours=1)
START, LAST = (datetime(2026, 10, day, tzinfo=UTC) for day in (22, 27))


def minutes_shown(frame: Timeframe) -> dict[tuple[int, int], timedelta]:
    """For how many minutes the clocks showed each hour of the week."""
    zone, found, at = ZoneInfo(frame.zone), Counter[tuple[int, int]](), frame.start
    while at < frame.end:
        local = at.astimezone(zone)
        found[local.isoweekday(), local.hour] += 1
        at += MINUTE
    return {hour: minutes * MINUTE for hour, minutes in found.items()}


def single_hours(rows: list[Row], zone: str) -> dict[tuple[datetime, timedelta], list[Row]]:
    """Calls by the hour the clocks showed, told apart where it was shown twice."""
    found: dict[tuple[datetime, timedelta], list[Row]] = {}
    for row in rows:
        local = row["called_at"].replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        hour = local.replace(minute=0, second=0, microsecond=0, tzinfo=None)
        found.setdefault((hour, local.utcoffset() or timedelta()), []).append(row)
    return found


def by_hand(rows: list[Row], zone: str, metric: str) -> list[dict[str, Any]]:
    cells: dict[tuple[int, int], list[tuple[datetime, list[Row]]]] = {}
    for (hour, _offset), some in single_hours(rows, zone).items():
        cells.setdefault((hour.isoweekday(), hour.hour), []).append((hour, some))
    return [
        {"weekday": weekday, "hour": hour, **_cell(hours, metric)}
        for (weekday, hour), hours in sorted(cells.items())
    ]


def _cell(hours: list[tuple[datetime, list[Row]]], metric: str) -> dict[str, Any]:
    every = [row for _, rows in hours for row in rows]
    known = [(figures(rows)[metric], at) for at, rows in hours if figures(rows)[metric] is not None]
    peak = max((amount for amount, _ in known), default=None)
    at = min((at for amount, at in known if amount == peak), default=min(at for at, _ in hours))
    return {"calls": len(every), "total": figures(every)[metric], "peak": peak, "peak_at": at}


def records(frame: Any) -> list[dict[str, Any]]:
    return [{**record, "peak_at": record["peak_at"].to_pydatetime()} for record in frame.to_dict("records")]


@given(
    zone=st.sampled_from(ZONES),
    place=st.sampled_from([day for _, day in CASES]),
    start=st.integers(-4 * 1440, 4 * 1440),
    minutes=st.integers(1, 10 * 1440) | st.integers(1, 130),
)
@settings(max_examples=12)
def test_hours_occur_as_often_as_the_clocks_show_them(
    zone: str, place: date, start: int, minutes: int
) -> None:
    first = datetime(place.year, place.month, place.day, tzinfo=UTC) + start * MINUTE
    frame = Timeframe(first, first + minutes * MINUTE, zone)
    assert occurred(frame) == minutes_shown(frame)


@pytest.mark.parametrize(
    ("zone", "year", "spring", "autumn"),
    [("Europe/Berlin", 2026, (7, 2), (7, 2)), ("America/New_York", 2026, (7, 2), (7, 1))],
)
def test_a_year_has_one_skipped_and_one_repeated_hour(
    zone: str, year: int, spring: tuple[int, int], autumn: tuple[int, int]
) -> None:
    """2026 has 52 Sundays: in Berlin 02:00 was skipped once and shown twice once; in New York, 01:00 was
    shown twice."""
    hours = occurred(custom(date(year, 1, 1), date(year, 12, 31), zone))
    expected = {(day, hour): 53 if day == 4 else 52 for day in range(1, 8) for hour in range(24)}
    expected[spring] -= 1
    expected[autumn] += 1
    assert {hour: each // HOUR for hour, each in hours.items()} == expected


def test_part_of_an_hour_counts_as_such_once_there_was_a_whole_one() -> None:
    assert times(HOUR) == times(HOUR / 60) == 1
    assert times(HOUR * 3 / 2) == Decimal("1.5")


@given(
    rows=calls(START.replace(tzinfo=None), LAST.replace(tzinfo=None), most=25),
    zone=st.sampled_from(("Europe/Berlin", "UTC", "Asia/Kathmandu", "Australia/Lord_Howe")),
    metric=st.sampled_from(SUMS),
)
@settings(max_examples=15)
def test_hours_of_the_week_are_what_they_are_by_hand(
    engine: sa.Engine, rows: list[Row], zone: str, metric: str
) -> None:
    frame = Timeframe(START, LAST + MINUTE, zone)
    with held(engine, rows) as connection:
        found = week(connection, Selection(frame), metric)
    assert records(found) == by_hand(rows, zone, metric)


@pytest.mark.parametrize("metric", SUMS)
@pytest.mark.parametrize(("zone", "day"), CASES, ids=IDS)
def test_weeks_in_which_clocks_change(engine: sa.Engine, zone: str, day: date, metric: str) -> None:
    frame = week_around(zone, day)
    rows = calls_in(frame)
    with held(engine, rows) as connection:
        found = week(connection, Selection(frame), metric)
    assert records(found) == by_hand(rows, zone, metric)
    assert set(zip(found["weekday"], found["hour"], strict=True)) == set(occurred(frame))


def test_a_figure_that_does_not_add_up_is_refused(engine: sa.Engine) -> None:
    with held(engine, []) as connection, pytest.raises(SelectionError, match="active_keys"):
        week(connection, Selection(week_around("UTC", date(2026, 11, 1))), "active_keys")
    with held(engine, []) as connection:
        assert week(connection, Selection(week_around("UTC", date(2026, 11, 1))), "calls").empty
