"""Money, counts, durations, shares and sizes as a person reads them.

Halves are rounded away from zero, as people do.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeAlias

UNKNOWN = "–"
"""What is shown where a figure is not known."""

Number: TypeAlias = int | float | Decimal

_SCALES = ("", "k", "M", "B", "T")
_BYTES = ("B", "kB", "MB", "GB", "TB")


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def decimal_of(value: Number) -> Decimal:
    """A number as the decimal it is written as: 0.1 is a tenth."""
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


def money_signed(amount: Decimal) -> str:
    """As `money_exact`, with a plus where it is more than nothing: for a difference."""
    return f"{'+' if amount > 0 else ''}{money_exact(amount)}"


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
    amount = decimal_of(value)
    return f"{_round(amount, 1 if abs(_round(amount, 1)) < 100 else 0):,f}"


def read_exact(text: str) -> Decimal | None:
    """The amount behind `money_exact` or `count_exact`; None where it is neither."""
    try:
        return Decimal(text.replace("$", "", 1).replace(",", ""))
    except InvalidOperation:
        return None


def duration_ms(milliseconds: Number | None) -> str:
    """A duration given in milliseconds: `840 ms`, `3.8 s`, `2 min 05 s`, `1 h 05 min`."""
    if milliseconds is None or not (value := decimal_of(milliseconds)).is_finite():
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
    if tokens_per_s is None or not (value := decimal_of(tokens_per_s)).is_finite():
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
    if fraction is None or not (value := decimal_of(fraction)).is_finite():
        return UNKNOWN
    shown = _round(abs(value) * 100, 1)
    sign = "-" if value < 0 else ""
    if value != 0 and shown == 0:
        return f"{sign}<0.1 %"
    if shown == 100 and abs(value) < 1:
        return f"{sign}>99.9 %"
    return f"{sign}{shown:,f} %"


def bytes_size(size: int | None) -> str:
    """The size of a file: `840 B`, `12.8 kB`, `3.4 MB` (steps of 1,000)."""
    if size is None:
        return UNKNOWN
    if size < 1000:
        return f"{size} B"
    return _scaled(Decimal(size), 1, 1, _BYTES)
