"""Edges as typed, offsets in every zone there is, and periods that cover a timeframe once."""

from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.test_timeframe import GRAINS, MINUTE, at, frames, instants, zones
from usage_core.errors import SelectionError
from usage_core.periods import buckets, following, is_over, offsets, start_of
from usage_core.timeframe import Grain, Timeframe, is_zone, parse_edge, zone_names


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-11-01", "UTC", "2026-11-01 00:00"),
        (" 2026-11-01 ", "Asia/Kathmandu", "2026-10-31 18:15"),
        ("2026-11-01T09:30", "Europe/Berlin", "2026-11-01 08:30"),
        ("2026-11-01 09:30", "Europe/Berlin", "2026-11-01 08:30"),
        ("2026-11-01T09:30Z", "Europe/Berlin", "2026-11-01 09:30"),
        ("2026-11-01T09:30:00.000Z", "Europe/Berlin", "2026-11-01 09:30"),
        ("2026-11-01T09:30+05:45", "Europe/Berlin", "2026-11-01 03:45"),
        ("2026-11-01T09:30-10:00", "UTC", "2026-11-01 19:30"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25 00:30"),  # the first of two
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29 01:30"),  # there is none: as if not yet changed
    ],
)
def test_edges_as_typed(text: str, zone: str, expected: str) -> None:
    found = parse_edge(text, zone)
    assert found == at(expected)
    assert found.utcoffset() == timedelta(0)


EARLY = at("1999-01-01 12:00"), at("2009-01-01 12:00")  # Brazil tried summer time for a week in 2000

NO_EDGES = ("", " ", "now", "2026-13-01", "2026-02-29", "01.11.2026", "2026-11-01T25:00", "1e9", "\x00")
NO_EDGES += ("2026-11-01T09:30 CET", "2026-11-01T09:30:01", "2026-11-01T09:30:00.000001", "\ud800", "x" * 500)
NO_EDGES += ("0001-01-01T00:00+14:00", "9999-12-31T23:59-01:00", "2026-11-01'; --")


@pytest.mark.parametrize("text", NO_EDGES)
def test_edges_that_are_none(text: str) -> None:
    with pytest.raises(SelectionError) as refused:
        parse_edge(text, "UTC")
    assert len(str(refused.value)) < 300


@given(st.text(max_size=20))
def test_any_text_is_an_edge_or_refused(text: str) -> None:
    for zone in ("UTC", "Pacific/Kiritimati"):
        try:
            assert parse_edge(text, zone).utcoffset() == timedelta(0)
        except SelectionError as error:
            assert str(error).endswith(".")


@given(instants, zones)
def test_an_edge_written_in_a_zone_is_read_back(moment: datetime, zone: str) -> None:
    local = moment.replace(second=0, microsecond=0).astimezone(ZoneInfo(zone))
    assume(local.second == 0)  # Monrovia before 1972
    assert parse_edge(local.isoformat(), "UTC") == local
    if not local.fold:
        assert parse_edge(local.replace(tzinfo=None).isoformat(), zone) == local.astimezone(UTC)


def offset_at(frame: Timeframe, moment: datetime) -> timedelta:
    return [offset for start, offset in offsets(frame) if start <= moment][-1]


@given(frames, st.floats(0, 0.99))
@settings(max_examples=100)
def test_offsets_are_those_of_the_zone(frame: Timeframe, share: float) -> None:
    zone = ZoneInfo(frame.zone)
    moments = [frame.start, frame.start + frame.length * share, frame.end - timedelta(microseconds=1)]
    for start, _ in offsets(frame):
        moments += [m for m in (start, start - timedelta(microseconds=1)) if frame.start <= m < frame.end]
    for moment in moments:
        assert offset_at(frame, moment) == moment.astimezone(zone).utcoffset(), moment


def test_no_change_of_any_zone_is_missed() -> None:
    """Clocks that change and change back look unchanged from afar: looking more often finds no more."""
    seen = {offsets(frame): frame for zone in zone_names() if (frame := Timeframe(*EARLY, zone))}
    assert len(seen) > 100
    for changes, frame in seen.items():
        zone = ZoneInfo(frame.zone)
        days = range((frame.end - frame.start).days)
        daily = [(frame.start + timedelta(days=n)).astimezone(zone).utcoffset() for n in days]
        assert [offset for _, offset in changes] == [offset for offset, _ in groupby(daily)]
        for (_, before), (start, after) in pairwise(changes):
            assert (start - timedelta(microseconds=1)).astimezone(zone).utcoffset() == before != after


@given(frames, st.sampled_from(GRAINS), st.floats(0, 0.99))
@settings(max_examples=80)
def test_periods_cover_a_timeframe_once(frame: Timeframe, grain: Grain, share: float) -> None:
    if grain == "hour":
        frame = Timeframe(max(frame.start, frame.end - timedelta(days=40)), frame.end, frame.zone)
    found = buckets(frame, grain)
    assert found == sorted(set(found))
    assert [following(each, grain) for each in found[:-1]] == found[1:]
    assert all(start_of(each, grain) == each for each in found)
    zone = ZoneInfo(frame.zone)
    touched = [frame.start, frame.start + frame.length * share, frame.end - timedelta(microseconds=1)]
    places = [start_of(each.astimezone(zone).replace(tzinfo=None), grain) for each in touched]
    assert set(places) <= set(found)
    if len(offsets(frame)) == 1:
        assert (found[0], found[-1]) == (places[0], places[-1])


@pytest.mark.parametrize(
    ("start", "end", "zone", "grain", "expected"),
    [
        ("2026-11-01", "2026-11-03", "UTC", "day", True),
        ("2026-11-01", "2026-11-02 23:59", "UTC", "day", False),
        ("2026-11-01", "2026-11-03", "UTC", "week", False),
        ("2026-11-01", "2026-11-09", "UTC", "week", True),
        ("2026-11-01", "2026-12-01", "Europe/Berlin", "month", True),
        ("2026-11-01", "2026-11-30", "Europe/Berlin", "month", False),
        ("2026-10-24", "2026-10-26", "Europe/Berlin", "day", True),
        ("2026-10-24", "2026-10-25 23:59", "Europe/Berlin", "day", False),
        ("2026-03-28", "2026-03-30", "Europe/Berlin", "day", True),
        ("2026-11-01", "2026-11-01 09:45", "Asia/Kathmandu", "hour", False),
        ("2026-11-01", "2026-11-01 10:00", "Asia/Kathmandu", "hour", True),
    ],
)
def test_whether_the_last_period_is_over(
    start: str, end: str, zone: str, grain: Grain, expected: bool
) -> None:
    assert is_over(Timeframe(at(start, zone), at(end, zone), zone), grain) is expected


def test_only_the_second_of_two_equal_hours_ends_them() -> None:
    start = at("2026-10-25 00:00", "Europe/Berlin")
    first, second = (Timeframe(start, at(f"2026-10-25 0{hour}:00"), "Europe/Berlin") for hour in (1, 2))
    assert buckets(first, "hour") == buckets(second, "hour")
    assert not is_over(first, "hour")
    assert is_over(second, "hour")


@given(frames, st.sampled_from(GRAINS))
def test_a_last_period_is_over_at_its_end_and_not_before(frame: Timeframe, grain: Grain) -> None:
    end = following(buckets(frame, grain)[-1], grain).replace(tzinfo=ZoneInfo(frame.zone)).astimezone(UTC)
    assume(end > frame.start + MINUTE)
    whole, less = Timeframe(frame.start, end, frame.zone), Timeframe(frame.start, end - MINUTE, frame.zone)
    assume(len(offsets(whole)) == 1)
    assert is_over(whole, grain)
    assert not is_over(less, grain)


def test_zones_to_pick() -> None:
    names = zone_names()
    assert names[0] == "UTC"
    assert len(set(names)) == len(names) > 400
    assert all(map(is_zone, names))
    assert {"Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"} <= set(names)
    assert set(names) - {"UTC"} <= available_timezones()


@pytest.mark.parametrize(
    "name", ["", " ", "Berlin", "europe", "../Europe/Berlin", "/etc/passwd", "\x00", "\ud800", "Europe"]
)
def test_names_that_are_no_zone(name: str) -> None:
    assert not is_zone(name)
    with pytest.raises(SelectionError):
        Timeframe(at("2026-11-01"), at("2026-11-02"), name)
