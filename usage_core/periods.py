"""The periods a timeframe is cut into, by the clocks of its zone."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from usage_core.timeframe import SECOND, Grain, Timeframe, zone_info

UNCHANGED_TWICE = timedelta(days=5)
"""No zone's clocks have changed twice within this time since 1970; a week is the shortest there was."""


@lru_cache(maxsize=512)
def offsets(frame: Timeframe) -> tuple[tuple[datetime, timedelta], ...]:
    """The zone's UTC offsets within a timeframe: (from when in UTC, offset), the first at its start.

    Offsets are constant between two entries, so local time is a CASE over a few instants: exact
    for every zone, and much cheaper than time-zone arithmetic in the database.
    """
    return tuple(_offsets(frame))


def _offsets(frame: Timeframe) -> Iterator[tuple[datetime, timedelta]]:
    zone = zone_info(frame.zone)
    at, current = frame.start, _offset(frame.start, zone)
    yield at, current
    while at < frame.end:
        step = min(at + UNCHANGED_TWICE, frame.end)
        if _offset(step, zone) != current:
            seconds = range(1, (step - at) // SECOND + 1)
            start = at
            change = bisect_left(seconds, True, key=lambda n: _offset(start + n * SECOND, zone) != current)
            at = start + seconds[change] * SECOND
            current = _offset(at, zone)
            yield at, current
        else:
            at = step


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def buckets(frame: Timeframe, grain: Grain) -> list[datetime]:
    """The local starts (naive) of every period from the first the timeframe touches to the last."""
    # Clocks that are put back at midnight show the day before again, so the first instant need not
    # be in the first period: every stretch between two changes is looked at.
    starts, changes = zip(*offsets(frame), strict=True)
    ends = [*starts[1:], frame.end]
    shown = [
        start_of((edge + offset).replace(tzinfo=None), grain)
        for start, end, offset in zip(starts, ends, changes, strict=True)
        for edge in (start, end - timedelta(microseconds=1))
        if start < end
    ]
    found, last = [min(shown)], max(shown)
    while found[-1] < last:
        found.append(following(found[-1], grain))
    return found


def start_of(local: datetime, grain: Grain) -> datetime:
    """The start of the period a local time is in; weeks start on Monday."""
    hour = local.replace(minute=0, second=0, microsecond=0)
    if grain == "hour":
        return hour
    day = hour.replace(hour=0)
    if grain == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if grain == "month" else day


_LENGTHS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


def following(start: datetime, grain: Grain) -> datetime:
    """The start of the period after."""
    if grain == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + _LENGTHS[grain]


def is_over(frame: Timeframe, grain: Grain) -> bool:
    """Whether the timeframe reaches to the end of its last period."""
    end = following(buckets(frame, grain)[-1], grain)
    return frame.end >= end.replace(tzinfo=zone_info(frame.zone)).astimezone(UTC)
