"""Every number, duration, date and piece of a sentence that a person reads, written in one place.

Nothing here depends on the machine's locale, and every function has an answer for "unknown": an
en dash, so an unknown amount never passes for zero. Halves are rounded away from zero, as people do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from usage_core.timeframe import Grain, Timeframe, midnight, zone_info

UNKNOWN = "–"
"""What is shown where a figure is not known."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Number: TypeAlias = int | float | Decimal
N = TypeVar("N", int, float, Decimal)

_SCALES = ("", "k", "M", "B", "T")
_BYTES = ("B", "kB", "MB", "GB", "TB")


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _decimal(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _scaled(amount: Decimal, places: int, power: int, names: Sequence[str] = _SCALES) -> str:
    """The amount in thousands to the given power, moved up where rounding reaches the next one."""
    while power < len(names) - 1 and _round(amount.scaleb(-3 * power), places) >= 1000:
        power += 1
    return f"{_round(amount.scaleb(-3 * power), places):,f} {names[power]}"


def money(amount: Decimal | None) -> str:
    """An amount of USD for reading: `$0.0132`, `$12.34`, `$4,512`, `$1.28 M`."""
    if amount is None or not amount.is_finite():
        return UNKNOWN
    return f"{'-' if amount < 0 else ''}{_dollars(abs(amount))}"


def _dollars(amount: Decimal) -> str:
    """An amount of 0 or more; each limit is tried on the rounded amount, so $999.995 is $1,000."""
    if 0 < amount < Decimal("0.0001"):
        return "<$0.0001"
    if amount > 0 and _round(amount, 4) < 1:
        return f"${_round(amount, 4):f}"
    if _round(amount, 2) < 1000:
        return f"${_round(amount, 2):f}"
    if _round(amount, 0) < 1_000_000:
        return f"${_round(amount, 0):,f}"
    return f"${_scaled(amount, 2, 2)}"


def money_rounded(amount: Decimal | None) -> str:
    """As `money`, but in whole dollars from $100: for a difference beside its share, `($483)`."""
    if amount is not None and _round(abs(amount), 2) >= 100 and _round(abs(amount), 0) <= 1000:
        return f"{'-' if amount < 0 else ''}${_round(abs(amount), 0):,f}"
    return money(amount)


def money_exact(amount: Decimal | None) -> str:
    """An amount of USD with every decimal it has, at least two: `$1,234.50`, `$0.000132`."""
    if amount is None or not amount.is_finite():
        return UNKNOWN
    whole, _, decimals = f"{abs(amount):,f}".partition(".")
    return f"{'-' if amount < 0 else ''}${whole}.{decimals.rstrip('0').ljust(2, '0')}"


def plain_decimal(amount: Decimal) -> str:
    """A decimal for a program: every decimal it has, no exponent, no zeros at its end: `0.01325`, `12`."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def count(value: int | None) -> str:
    """A number of calls or tokens for reading: `1,284`, `12.8 k`, `3.4 M`, `1.2 B`."""
    if value is None:
        return UNKNOWN
    if abs(value) < 10_000:
        return f"{value:,d}"
    return f"{'-' if value < 0 else ''}{_scaled(Decimal(abs(value)), 1, 1)}"


def count_exact(value: int | None) -> str:
    """A number of calls or tokens in full: `12,841`."""
    return UNKNOWN if value is None else f"{value:,d}"


def average(value: Number | None) -> str:
    """A mean number of calls or tokens: `0.4`, `31.2`, `1,284`; below 100 with a decimal."""
    if value is None:
        return UNKNOWN
    amount = _decimal(value)
    return f"{_round(amount, 1 if abs(_round(amount, 1)) < 100 else 0):,f}"


def read_exact(text: str) -> Decimal | None:
    """The amount behind `money_exact` or `count_exact`; None where it is neither."""
    try:
        return Decimal(text.replace("$", "", 1).replace(",", ""))
    except InvalidOperation:
        return None


def plural(value: int, one: str, many: str | None = None) -> str:
    """An exact number with its noun: `1 call`, `18,332 calls`."""
    return f"{value:,d} {one if value == 1 else many or one + 's'}"


def joined(parts: Sequence[str]) -> str:
    """Words in a row: `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def duration_ms(milliseconds: Number | None) -> str:
    """A duration given in milliseconds: `840 ms`, `3.8 s`, `2 min 05 s`, `1 h 05 min`."""
    if milliseconds is None or not (value := _decimal(milliseconds)).is_finite():
        return UNKNOWN
    sign, value = ("-" if value < 0 else ""), abs(value)
    if 0 < value < 1:
        return f"{sign}<1 ms"
    if _round(value, 0) < 1000:
        return f"{sign}{_round(value, 0):f} ms"
    if _round(value / 1000, 1) < 60:
        return f"{sign}{_round(value / 1000, 1):f} s"
    minutes, seconds = divmod(int(_round(value / 1000, 0)), 60)
    if minutes < 60:
        return f"{sign}{minutes} min {seconds:02d} s"
    hours, minutes = divmod(int(_round(value / 60_000, 0)), 60)
    return f"{sign}{hours:,d} h {minutes:02d} min"


def speed(tokens_per_s: Number | None) -> str:
    """A number of tokens per second: `42.3 tokens/s`."""
    if tokens_per_s is None or not (value := _decimal(tokens_per_s)).is_finite():
        return UNKNOWN
    return f"{_round(value, 1):,f} tokens/s"


def figure(unit: str, amount: Any) -> str:
    """A figure of a unit (see `metrics.definitions.Unit`) at a glance."""
    if unit == "USD":
        return money(amount)
    if unit == "tokens/s":
        return speed(amount)
    return duration_ms(amount) if unit == "ms" else count(amount)


def figure_exact(unit: str, amount: Any) -> str:
    """A figure of a unit in full."""
    if unit == "USD":
        return money_exact(amount)
    if unit == "tokens/s":
        return speed(amount)
    return duration_ms(amount) if unit == "ms" else count_exact(amount)


def share(fraction: Number | None) -> str:
    """A fraction of a whole: 0.1234 is `12.3 %`. A part never reads as nothing, nor as all."""
    if fraction is None or not (value := _decimal(fraction)).is_finite():
        return UNKNOWN
    shown = _round(abs(value) * 100, 1)
    sign = "-" if value < 0 else ""
    if value != 0 and shown == 0:
        return f"{sign}<0.1 %"
    if shown == 100 and abs(value) < 1:
        return f"{sign}>99.9 %"
    return f"{sign}{shown:,f} %"


class Direction(StrEnum):
    """Which way a figure went."""

    UP = "up"
    DOWN = "down"
    FLAT = "flat"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """A change in words, and which way it went; whether that is good is for the figure to say."""

    text: str
    direction: Direction


def change(now: N | None, before: N | None, formatter: Callable[[N], str]) -> Change:
    """How a figure changed: `+12.0 % ($483)`, the difference written by `formatter`, or `new`."""
    if now is None:
        return Change(UNKNOWN, Direction.UNKNOWN)
    difference = now - before if before is not None else now
    if difference == 0:
        return Change("no change", Direction.FLAT)
    if not before:
        # There is no share of nothing: a first amount is new, a first credit stands for itself.
        return Change("new", Direction.UP) if now > 0 else Change(formatter(now), Direction.DOWN)
    percent = share(abs(_decimal(difference)) / abs(_decimal(before)))
    up = difference > 0
    text = f"{'+' if up else '-'}{percent} ({formatter(abs(difference))})"
    return Change(text, Direction.UP if up else Direction.DOWN)


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


def period(start: datetime, grain: Grain, weekday: bool = True) -> str:
    """One period of a chart over time, by its local start: `Mon 3 Aug 2026, 09:00`, `Aug 2026`."""
    if grain == "month":
        return f"{MONTHS[start.month - 1]} {start.year}"
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


def bytes_size(size: int | None) -> str:
    """The size of a file: `840 B`, `12.8 kB`, `3.4 MB` (steps of 1,000)."""
    if size is None:
        return UNKNOWN
    if size < 1000:
        return f"{size} B"
    return _scaled(Decimal(size), 1, 1, _BYTES)
