"""Days, times, periods and timeframes as a person reads them, in the zone they are asked for in."""

from datetime import UTC, date, datetime, timedelta

from usage_core.timeframe import Grain, Timeframe, midnight, zone_info
from usage_core.wording.amounts import UNKNOWN
from usage_core.wording.phrases import plural

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def day(value: date) -> str:
    """A day: `3 Aug 2026`."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def clock(value: datetime) -> str:
    """A time of day: `09:14`."""
    return f"{value.hour:02d}:{value.minute:02d}"


def moment(instant: datetime | None, zone: str, *, to_the_second: bool = False) -> str:
    """An instant (UTC; the store's have no zone of their own) as a zone's clocks show it."""
    if instant is None:
        return UNKNOWN
    utc = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    local = utc.astimezone(zone_info(zone))
    return f"{day(local)}, {clock(local)}{local::%S}" if to_the_second else f"{day(local)}, {clock(local)}"


def days(first: date, last: date) -> str:
    """The days from first to last, both included: `3 – 9 Aug 2026`, `24 Oct – 22 Nov 2026`."""
    if first == last:
        return day(first)
    if first.year != last.year:
        return f"{day(first)} – {day(last)}"
    if first.month != last.month:
        return f"{first.day} {MONTHS[first.month - 1]} – {day(last)}"
    return f"{first.day} – {day(last)}"


def month(day_of: date) -> str:
    """A month by any day of it: `Aug 2026`."""
    return f"{MONTHS[day_of.month - 1]} {day_of.year}"


def month_name(day_of: date, *, year: bool = False) -> str:
    """The name of a month by any day of it: `August`, `August 2026`."""
    name = MONTH_NAMES[day_of.month - 1]
    return f"{name} {day_of.year}" if year else name


def period(start: datetime, grain: Grain, weekday: bool = True) -> str:
    """One period of a chart over time, by its local start: `Mon 3 Aug 2026, 09:00`, `Aug 2026`."""
    if grain == "month":
        return month(start)
    if grain == "week":
        return days(start.date(), start.date() + timedelta(days=6))
    name = f"{WEEKDAYS[start.weekday()]} {day(start)}" if weekday else day(start)
    return f"{name}, {clock(start)}" if grain == "hour" else name


def length(frame: Timeframe) -> str:
    """How long a timeframe is: `30 days` it touches, or `24 hours` where it does not start at midnight."""
    if frame.start == midnight(frame.first_day, frame.zone):
        return plural(frame.days, "day")
    return _length(frame.length)


def _length(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    parts = [plural(minutes // 60, "hour")] if minutes >= 60 else []
    return " ".join(parts + ([plural(minutes % 60, "minute")] if minutes % 60 else []))


def day_range(frame: Timeframe) -> str:
    """A timeframe in its own zone: `24 Oct – 22 Nov 2026 (30 days)`.

    A timeframe that starts within a day, or is less than a day long, is written with its times:
    `21 Nov, 09:15 – 22 Nov 2026, 09:15 (24 hours)`.
    """
    from_midnight = frame.start == midnight(frame.first_day, frame.zone)
    whole_day = frame.end == midnight(frame.last_day + timedelta(days=1), frame.zone)
    if from_midnight and (frame.days > 1 or whole_day):
        return f"{days(frame.first_day, frame.last_day)} ({plural(frame.days, 'day')})"
    zone = zone_info(frame.zone)
    start, end = frame.start.astimezone(zone), frame.end.astimezone(zone)
    if start.date() == end.date():
        return f"{day(start)}, {clock(start)} – {clock(end)} ({_length(frame.length)})"
    left = day(start) if start.year != end.year else f"{start.day} {MONTHS[start.month - 1]}"
    return f"{left}, {clock(start)} – {day(end)}, {clock(end)} ({_length(frame.length)})"
