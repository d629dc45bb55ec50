"""Timeframes: what presets and dates mean in every zone, down to the minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_core.errors import SelectionError
from usage_core.timeframe import (
    Grain,
    Preset,
    Timeframe,
    custom,
    midnight,
    preset,
)

ZONES = ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Honolulu", "America/St_Johns", "Europe/Berlin")
ZONES += ("Australia/Lord_Howe", "Pacific/Kiritimati", "Africa/Cairo", "America/Havana")
GRAINS: tuple[Grain, ...] = ("hour", "day", "week", "month")
EARLIEST, DAY_SECONDS = datetime(1975, 1, 1, tzinfo=UTC), 24 * 60 * 60
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NAMED = [name for name in Preset if name is not Preset.CUSTOM]

instants = st.integers(0, 148 * 365 * DAY_SECONDS).map(
    lambda n: EARLIEST + timedelta(seconds=n, microseconds=n % 7)
)
ends = instants.map(lambda at: at.replace(second=0, microsecond=0))
lengths = st.integers(1, 60 * 24 * 800).map(lambda minutes: timedelta(minutes=minutes))
zones = st.sampled_from(sorted(available_timezones()))
frames = st.builds(lambda end, length, zone: Timeframe(end - length, end, zone), ends, lengths, zones)


def at(text: str, zone: str = "UTC") -> datetime:
    """An instant as a zone's clocks show it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def days_of(name: Preset, now: str, zone: str) -> tuple[str, str]:
    found = preset(name, at(now, zone), zone)
    return str(found.first_day), str(found.last_day)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("name", "now", "expected"),
    [
        (Preset.WEEK, "2026-11-22 17:36:38.5", ("2026-11-16", "2026-11-22")),
        (Preset.WEEK, "2026-03-02 00:00", ("2026-02-24", "2026-03-02")),
        (Preset.WEEK, "2028-03-01 23:59:59.999999", ("2028-02-24", "2028-03-01")),
        (Preset.MONTH, "2026-11-22 00:00", ("2026-10-24", "2026-11-22")),
        (Preset.MONTH, "2026-12-31 23:59:59.999999", ("2026-12-02", "2026-12-31")),
        (Preset.QUARTER, "2026-11-22 12:00", ("2026-08-25", "2026-11-22")),
        (Preset.THIS_MONTH, "2026-11-01 00:00", ("2026-11-01", "2026-11-01")),
        (Preset.THIS_MONTH, "2026-10-31 23:59:59.999999", ("2026-10-01", "2026-10-31")),
        (Preset.THIS_MONTH, "2028-02-29 12:00", ("2028-02-01", "2028-02-29")),
        (Preset.LAST_MONTH, "2026-11-01 00:00", ("2026-10-01", "2026-10-31")),
        (Preset.LAST_MONTH, "2026-12-31 23:59:59.999999", ("2026-11-01", "2026-11-30")),
        (Preset.LAST_MONTH, "2028-03-31 12:00", ("2028-02-01", "2028-02-29")),
        (Preset.LAST_MONTH, "2027-01-15 12:00", ("2026-12-01", "2026-12-31")),
        (Preset.YEAR, "2026-11-22 12:00", ("2025-11-23", "2026-11-22")),
        (Preset.YEAR, "2028-02-29 12:00", ("2027-03-01", "2028-02-29")),
        (Preset.YEAR, "2029-02-28 12:00", ("2028-02-29", "2029-02-28")),
        (Preset.YEAR, "2026-12-31 23:59", ("2026-01-01", "2026-12-31")),
    ],
)
def test_presets_of_days_and_months(zone: str, name: Preset, now: str, expected: tuple[str, str]) -> None:
    assert days_of(name, now, zone) == expected


@given(st.sampled_from(NAMED), instants, zones)
@settings(max_examples=100)
def test_presets_at_any_instant(name: Preset, now: datetime, zone: str) -> None:
    found = preset(name, now, zone)
    today = now.astimezone(ZoneInfo(zone)).date()
    if name is Preset.LAST_MONTH:
        assert found == custom(found.first_day, found.last_day, zone)
        assert found.first_day.day == 1
        assert found.last_day + DAY == today.replace(day=1)
        return
    assert found.start <= now < found.end <= now + max(MINUTE, found.length / 1000)
    assert found.last_day == today
    if name is Preset.DAY:
        assert found.length == DAY
    else:
        assert found.start == midnight(found.first_day, zone)


@pytest.mark.parametrize(
    ("name", "now", "end"),
    [
        (Preset.DAY, "2026-11-22 12:00:30", "2026-11-22 12:01"),
        (Preset.WEEK, "2026-11-22 12:01:30", "2026-11-22 12:05"),
        (Preset.MONTH, "2026-11-22 12:01:30", "2026-11-22 12:15"),
        (Preset.QUARTER, "2026-11-22 12:00", "2026-11-22 13:00"),
        (Preset.YEAR, "2026-11-22 22:59:59", "2026-11-22 23:00"),
        (Preset.YEAR, "2026-11-22 23:10", "2026-11-22 23:15"),
        (Preset.YEAR, "2026-11-22 23:57", "2026-11-22 23:58"),
        (Preset.THIS_MONTH, "2026-11-01 00:20", "2026-11-01 00:21"),
    ],
)
def test_long_presets_end_the_same_for_a_while_and_never_with_a_day_that_goes_on(
    name: Preset, now: str, end: str
) -> None:
    assert preset(name, at(now), "UTC").end == at(end)


def test_24_hours_are_24_hours_when_clocks_change() -> None:
    found = preset(Preset.DAY, at("2026-10-25 12:00:30", "Europe/Berlin"), "Europe/Berlin")
    assert (found.start, found.end) == (at("2026-10-24 11:01"), at("2026-10-25 11:01"))
    assert found.start.astimezone(ZoneInfo("Europe/Berlin")).hour == 13


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("America/Havana", date(2026, 11, 1), 25),
        ("Asia/Kathmandu", date(2026, 11, 1), 24),
    ],
)
def test_days_on_which_clocks_change(zone: str, day: date, hours: float) -> None:
    found = custom(day, day, zone)
    assert found.length == timedelta(hours=hours)
    assert (found.first_day, found.last_day, found.days) == (day, day, 1)
    week = preset(Preset.WEEK, found.end - MINUTE, zone)
    assert week.length == timedelta(days=6, hours=hours)


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "America/St_Johns", "Etc/GMT+12"])
def test_today_is_not_empty_in_the_evening_west_of_utc(zone: str) -> None:
    """When UTC is in the next day already."""
    now = at("2026-11-30 23:30", zone)
    assert now.date() == date(2026, 12, 1)
    for name in (Preset.DAY, Preset.WEEK, Preset.MONTH, Preset.THIS_MONTH, Preset.YEAR):
        found = preset(name, now, zone)
        assert found.start < now < found.end
        assert found.last_day == date(2026, 11, 30)
    assert days_of(Preset.THIS_MONTH, "2026-11-30 23:30", zone) == ("2026-11-01", "2026-11-30")


def test_a_custom_timeframe_is_no_preset() -> None:
    with pytest.raises(SelectionError):
        preset(Preset.CUSTOM, at("2026-11-22"), "UTC")
    assert len({name.label for name in Preset}) == len(list(Preset))


@given(st.dates(date(1971, 1, 1), date(2199, 12, 30)), st.integers(0, 1000), st.sampled_from(ZONES))
def test_custom_in_either_order(first: date, more: int, zone: str) -> None:
    last = min(first + timedelta(days=more), date(2199, 12, 30))
    found = custom(first, last, zone)
    assert custom(last, first, zone) == found
    assert (found.first_day, found.last_day, found.days) == (first, last, (last - first).days + 1)


def test_a_day_that_never_was_is_named() -> None:
    with pytest.raises(SelectionError, match="2011-12-30"):
        custom(date(2011, 12, 30), date(2011, 12, 30), "Pacific/Apia")
    assert custom(date(2011, 12, 29), date(2011, 12, 31), "Pacific/Apia").length == 2 * DAY


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_longest_timeframe_still_has_one_before(zone: str) -> None:
    ever = custom(date(1970, 1, 1), date(2200, 12, 31), zone)
    assert ever.previous.end == ever.start
    assert timedelta(0) < ever.previous.length < ever.length


@pytest.mark.parametrize("edge", [date.min, date.max, date(1969, 1, 1), date(2201, 12, 31)])
def test_years_out_of_reach_are_refused(edge: date) -> None:
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Honolulu"):
        with pytest.raises(SelectionError, match="1970"):
            custom(edge, edge, zone)


@given(frames)
def test_the_period_before_is_as_long_and_ends_where_this_starts(frame: Timeframe) -> None:
    before = frame.previous
    assert (before.end, before.length, before.zone) == (frame.start, frame.length, frame.zone)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (at("2026-11-02"), at("2026-11-01")),
        (at("2026-11-01"), at("2026-11-01")),
        (at("2026-11-01 00:00:01"), at("2026-11-02")),
        (at("2026-11-01"), at("2026-11-02 00:00:00.000001")),
        (at("2026-11-01").replace(tzinfo=None), at("2026-11-02")),
        (at("2026-11-01"), at("2026-11-02").astimezone(ZoneInfo("Asia/Tokyo"))),
        (at("1969-12-29"), at("2026-11-02")),
        (at("2026-11-01"), at("2201-01-03")),
    ],
)
def test_edges_that_make_no_timeframe(start: datetime, end: datetime) -> None:
    with pytest.raises(SelectionError):
        Timeframe(start, end)


def test_edges_in_london_in_winter_are_utc() -> None:
    """Their offset is 0, but a day later in London's arithmetic may not be a day later."""
    london = [datetime(2026, month, 28, tzinfo=ZoneInfo("Europe/London")) for month in (1, 3)]
    found = Timeframe(*london, "Europe/London")
    assert found == Timeframe(at("2026-01-28"), at("2026-03-28"), "Europe/London")
    assert (found.end + 2 * DAY).astimezone(ZoneInfo("Europe/London")).hour == 1
