"""Timeframes: half-open ranges [start, end) of whole minutes, in one reporting time zone."""

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


STEPS = (timedelta(hours=1), timedelta(minutes=15), timedelta(minutes=5))
"""On such steps of UTC timeframes end that last until now, the longest first."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

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
    """The timeframe of a preset, up to the next whole minute after `now` (an aware instant), or soon after
    it; see `_soon`.

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
    start = midnight(first, zone)
    return Timeframe(start, _soon(start, end, midnight(today + timedelta(days=1), zone)), zone)


def _soon(start: datetime, end: datetime, tomorrow: datetime) -> datetime:
    """When a timeframe ends that lasts until now: later by less than a thousandth of its length, so that all
    that is found for it, and for as long a time before it, stays known for a while rather than a minute.
    Today is not over before it is."""
    for step in STEPS:
        later = end + (EPOCH - end) % step
        if step * 1000 <= end - start and later < tomorrow:
            return later
    return end


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


def is_zone(name: str) -> bool:
    """Whether a name is a time zone."""
    try:
        zone_info(name)
    except SelectionError:
        return False
    return True
