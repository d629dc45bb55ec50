"""Timeframes: half-open ranges [start, end) of whole minutes, in one reporting time zone."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from usage_core.errors import SelectionError

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)

FIRST_YEAR, LAST_YEAR = 1970, 2200
# A day and more before the first year begins anywhere, so that every timeframe has one before it.
_EARLIEST, _LATEST = datetime(FIRST_YEAR - 1, 12, 30, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 2, tzinfo=UTC)

Grain: TypeAlias = Literal["hour", "day", "week", "month"]
"""The length of the periods of a chart or table over time."""


class Preset(StrEnum):
    """A timeframe by name; the name stands in links, so a link stays relative to its reader's day."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    YEAR = "12m"
    CUSTOM = "custom"

    @property
    def label(self) -> str:
        """The preset as a person reads it."""
        return _LABELS[self]


_LABELS = {
    Preset.DAY: "24 hours",
    Preset.WEEK: "7 days",
    Preset.MONTH: "30 days",
    Preset.QUARTER: "90 days",
    Preset.THIS_MONTH: "This month",
    Preset.LAST_MONTH: "Last month",
    Preset.YEAR: "12 months",
    Preset.CUSTOM: "Custom",
}
_DAYS = {Preset.WEEK: 7, Preset.MONTH: 30, Preset.QUARTER: 90}


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """The IANA zones a person may pick, UTC first: regions with cities, no names such as EST or GMT+3."""
    regions = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe")
    names = {n for n in available_timezones() if n.split("/")[0] in (*regions, "Indian", "Pacific")}
    return ("UTC", *sorted(names))


def zone_info(name: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        SelectionError: the name is no time zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SelectionError(
            f"{name[:60]!r} is not a time zone. Use an IANA name such as Europe/Berlin or UTC."
        ) from None


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a local day, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone_info(zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Timeframe:
    """A half-open range [start, end) of aware UTC instants on whole minutes, and its zone."""

    start: datetime
    end: datetime
    zone: str = "UTC"

    def __post_init__(self) -> None:
        zone_info(self.zone)
        for edge in (self.start, self.end):
            if edge.tzinfo is None or edge.utcoffset() != timedelta(0):
                raise SelectionError("A timeframe's edges are UTC instants.")
            if not _EARLIEST <= edge <= _LATEST:
                raise SelectionError(f"A timeframe lies between the years {FIRST_YEAR} and {LAST_YEAR}.")
            if edge.second or edge.microsecond:
                raise SelectionError("A timeframe starts and ends on a whole minute.")
        for name in ("start", "end"):  # arithmetic in any other zone, even London's, follows its clocks
            object.__setattr__(self, name, getattr(self, name).astimezone(UTC))
        if self.start >= self.end:
            raise SelectionError("The timeframe ends before it starts. Swap the two dates.")

    @property
    def length(self) -> timedelta:
        """How long the timeframe is."""
        return self.end - self.start

    @property
    def previous(self) -> "Timeframe":
        """The timeframe of equal length just before this one; a shorter one where time began since."""
        return Timeframe(max(self.start - self.length, _EARLIEST), self.start, self.zone)

    @property
    def first_day(self) -> date:
        """The first local day the timeframe touches."""
        return self.start.astimezone(zone_info(self.zone)).date()

    @property
    def last_day(self) -> date:
        """The last local day the timeframe touches."""
        return (self.end - timedelta(microseconds=1)).astimezone(zone_info(self.zone)).date()

    @property
    def days(self) -> int:
        """How many local days the timeframe touches."""
        return (self.last_day - self.first_day).days + 1


def custom(first: date, last: date, zone: str) -> Timeframe:
    """The local days from first to last, both included, in either order."""
    first, last = sorted((first, last))
    try:
        start, end = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    except OverflowError:
        raise SelectionError(f"Pick a year between {FIRST_YEAR} and {LAST_YEAR}.") from None
    if start == end:
        raise SelectionError(f"There was no {first} in {zone}: its clocks were put forward by a day.")
    return Timeframe(start, end, zone)


def preset(name: Preset, now: datetime, zone: str) -> Timeframe:
    """The timeframe of a preset, up to the next whole minute after `now` (an aware instant).

    Presets of days and months count local days of the zone, today included; "last month" is the
    whole calendar month before.
    """
    end = (now.astimezone(UTC) + MINUTE).replace(second=0, microsecond=0)
    if name is Preset.DAY:
        return Timeframe(end - timedelta(hours=24), end, zone)
    today = now.astimezone(zone_info(zone)).date()
    this_month = today.replace(day=1)
    if name is Preset.LAST_MONTH:
        return custom((this_month - timedelta(days=1)).replace(day=1), this_month - timedelta(days=1), zone)
    if name is Preset.THIS_MONTH:
        first = this_month
    elif name is Preset.YEAR:
        first = _same_day_last_year(today) + timedelta(days=1)
    elif name in _DAYS:
        first = today - timedelta(days=_DAYS[name] - 1)
    else:
        raise SelectionError("A custom timeframe needs its two dates.")
    return Timeframe(midnight(first, zone), end, zone)


def _same_day_last_year(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


def parse_edge(text: str, zone: str) -> datetime:
    """A date or a date with time, as typed: local to the zone unless it names an offset or Z.

    Raises:
        SelectionError: not a date, or not on a whole minute.
    """
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SelectionError(
            f"{text[:60]!r} is not a date. Write 2026-11-01, or 2026-11-01T09:30, or with Z or +01:00."
        ) from None
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone_info(zone))
    if value.second or value.microsecond:
        raise SelectionError(f"{text[:60]!r} is not on a whole minute.")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise SelectionError(f"{text[:60]!r} is outside the calendar.") from None


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


def is_zone(name: str) -> bool:
    """Whether a name is a time zone."""
    try:
        zone_info(name)
    except SelectionError:
        return False
    return True
