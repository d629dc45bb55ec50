"""Fields of bills, read strictly: what is not understood is refused with its line and its heading."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from usage_core.bills.format import BillRefused, TokenClass
from usage_core.errors import printed

PLACES = 18
"""Amounts are kept to so many decimals; a program's float has no more that mean anything."""

MOST_DECIMALS = 12
"""More printed decimals do not make an amount more exact: they are zeros, or the noise of a float."""

MOST, MOST_TOKENS = Decimal(10) ** 10, 10**18

_AMOUNT = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][-+]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one record; `number` is its line in a table, its place in JSON."""

    file: str
    number: int
    values: Mapping[str, Any]

    def refuse(self, name: str, expected: str) -> BillRefused:
        """The error for a field: which, what it holds, what was expected."""
        held = printed(str(self.values.get(name, ""))[:60])
        return BillRefused(
            f"{self.file}, line {self.number}: {name} is {held!r}; {expected} was expected. "
            "A bill is taken whole or not at all, so nothing of it was stored."
        )

    def text(self, *names: str) -> str | None:
        """The first of some fields that is not empty."""
        for name in names:
            value = self.values.get(name)
            if value is not None and str(value).strip():
                return str(value).strip()
        return None

    def amount(self, name: str) -> Decimal | None:
        """An amount of money, exact to 18 decimals; None where empty."""
        text = self.text(name)
        if text is None:
            return None
        sign = "-" if text.startswith("(") and text.endswith(")") else ""
        bare = sign + text.strip("()").replace("$", "", 1).strip()
        if not _AMOUNT.fullmatch(bare):
            raise self.refuse(name, "an amount such as 12.50")
        try:
            value = Decimal(bare.replace(",", ""))
        except ArithmeticError:
            raise self.refuse(name, "an amount such as 12.50") from None
        if abs(value) >= MOST:
            raise self.refuse(name, "an amount below ten thousand million")
        return value.quantize(Decimal(1).scaleb(-PLACES), ROUND_HALF_EVEN)

    def whole(self, name: str) -> int | None:
        """A whole number of 0 or more, as `1,234` or `3.0`; None where empty."""
        text = self.text(name)
        if text is None:
            return None
        try:
            value = Decimal(text.replace(",", ""))
        except ArithmeticError:
            raise self.refuse(name, "a whole number") from None
        # In this order: the whole of a number with a huge exponent would take for ever.
        if not value.is_finite() or not 0 <= value < MOST_TOKENS or value != int(value):
            raise self.refuse(name, "a whole number of 0 or more")
        return int(value)

    def times(self, name: str, unit: int) -> int | None:
        """A number of units as a whole number: 52.5 with a unit of 1,000 is 52,500; None where empty."""
        text = self.text(name)
        if text is None:
            return None
        try:
            value = Decimal(text.replace(",", "")) * unit
        except ArithmeticError:
            raise self.refuse(name, "a number") from None
        if not value.is_finite() or not 0 <= value < MOST_TOKENS:
            raise self.refuse(name, "a number of 0 or more")
        return int(value.to_integral_value())

    def day(self, name: str) -> date | None:
        """A day, from a date or from an instant that is a midnight of UTC; None where empty."""
        text = self.text(name)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment
        except (ValueError, OverflowError):
            raise self.refuse(name, "a day such as 2026-11-03") from None
        if (moment.hour, moment.minute, moment.second, moment.microsecond) != (0, 0, 0, 0):
            raise self.refuse(name, "the beginning of a UTC day")
        if not 2015 <= moment.year < 2099:
            raise self.refuse(name, "a day from 2015 to 2098")
        return moment.date()

    def epoch_day(self, name: str) -> date | None:
        """A day, from seconds since 1970 that are a midnight of UTC; None where empty."""
        seconds = self.whole(name)
        if seconds is None:
            return None
        if seconds % 86_400 or not 1_420_070_400 <= seconds < 4_070_908_800:
            raise self.refuse(name, "the beginning of a UTC day, in seconds since 1970")
        return datetime.fromtimestamp(seconds, UTC).date()

    def needed(self, found: Any, name: str, expected: str) -> Any:
        """What was found, or the error that it is missing."""
        if found is None:
            raise self.refuse(name, expected)
        return found

    def currency(self, name: str) -> str:
        """A currency by its three letters."""
        text = (self.text(name) or "").upper()
        if not re.fullmatch(r"[A-Z]{3}", text):
            raise self.refuse(name, "a currency such as USD")
        return text


def printed_decimals(text: object) -> int:
    """With how many decimals an amount is printed."""
    value = text if isinstance(text, Decimal) else None
    if value is None:
        decimals = str(text).partition(".")[2]
        return min(MOST_DECIMALS, len(decimals) if "e" not in decimals.lower() else MOST_DECIMALS)
    exponent = value.as_tuple().exponent
    return min(MOST_DECIMALS, max(0, -exponent if isinstance(exponent, int) else 0))


CLASSES = {
    **dict.fromkeys(
        ("input", "input tokens", "uncached input", "uncached input tokens", "input no cache", "prompt"),
        TokenClass.INPUT,
    ),
    **dict.fromkeys(
        (
            "cached input",
            "cache read",
            "cached input tokens",
            "input cached tokens",
            "cache read input tokens",
            "input cache read",
            "input cached",
            "cached",
        ),
        TokenClass.CACHE_READ,
    ),
    **dict.fromkeys(
        (
            "cache write",
            "input cache write",
            "input cache write tokens",
            "cache write input tokens",
            "input cache write 5m",
            "cache creation input tokens",
            "cache creation ephemeral 5m input tokens",
            "ephemeral 5m input tokens",
        ),
        TokenClass.CACHE_WRITE,
    ),
    **dict.fromkeys(
        (
            "cache write 1h",
            "input cache write 1h",
            "cache creation ephemeral 1h input tokens",
            "ephemeral 1h input tokens",
        ),
        TokenClass.CACHE_WRITE_1H,
    ),
    **dict.fromkeys(("output", "output tokens", "completion"), TokenClass.OUTPUT),
}
"""What providers call the classes of tokens."""


def token_class(text: str | None) -> TokenClass | None:
    """The class of tokens that a word stands for; None where it is none."""
    return CLASSES.get(" ".join(re.split(r"[\s_.\-]+", (text or "").strip().casefold())))


def model_and_class(text: str | None) -> tuple[str | None, TokenClass | None]:
    """The parts of "gpt-4o, input tokens"; no class where the last part is none."""
    model, comma, last = (text or "").rpartition(",")
    found = token_class(last)
    return (model.strip() or None, found) if comma and found else (None, None)


TOKEN_UNITS = {"tokens": 1, "token": 1, "1000_tokens": 1000, "1000 tokens": 1000, "1000000 tokens": 1_000_000}
"""Units that quantities of tokens are given in."""
