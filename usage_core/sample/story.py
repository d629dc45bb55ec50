"""What happens in the sample, told once: the generator plays it, tests and pages point at it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from usage_core.errors import UsageError
from usage_core.sample.cast import KEYS

MAX_DAYS = 3_650


@dataclass(frozen=True, slots=True)
class Story:
    """The events of a sample. Days are UTC; a short sample may begin after some of them."""

    runaway_on: date
    """The one day on which `runaway_key` calls far too often, with far too much in each call."""
    slow_from: date
    slow_until: date
    """`slow_provider` answers `slow_factor` times slower from `slow_from` until before this day."""
    quiet_from: date
    """`quiet_key` makes no call from this day on."""
    new_from: date
    """`new_key` makes its first calls on this day."""
    price_cut_on: date
    """Before this day `price_cut_model` cost `price_before` times today's price, both ways."""
    runaway_key: str = "agent-orders"
    runaway_calls: int = 5
    runaway_tokens: Decimal = Decimal("1.8")
    slow_provider: str = "Mistral"
    slow_factor: int = 4
    quiet_key: str = "legacy-crm"
    new_key: str = "checkout-agent-v2"
    price_cut_model: str = "claude-sonnet-5-5"
    price_before: Decimal = Decimal("1.5")
    unpriced_model: str = "mistral-next-preview"
    """A preview whose calls have neither price."""
    growth: Decimal = Decimal("0.6")
    """How many more calls the last day has than the first, events and noise aside."""


def story(until: datetime) -> Story:
    """The story of a sample that ends at `until`, an aware UTC midnight.

    Raises:
        UsageError: `until` is something else.
    """
    end = _midnight(until)
    slow = _working_days(end - timedelta(days=16), 2)
    return Story(
        runaway_on=_working_days(end - timedelta(days=9), 1),
        slow_from=slow,
        slow_until=slow + timedelta(days=2),
        quiet_from=end - timedelta(days=20),
        new_from=end - timedelta(days=12),
        price_cut_on=end - timedelta(days=45),
    )


def key_id(seed: int, name: str) -> str:
    """The id of one of the sample's keys: a UUID that depends on the seed and the key's place.

    Raises:
        KeyError: the sample has no key of that name.
    """
    return str(key_uuid(seed, {key.name: index for index, key in enumerate(KEYS)}[name]))


def key_uuid(seed: int, index: int) -> UUID:
    """The id of the key at a place in the cast."""
    return uuid5(NAMESPACE_URL, f"usage-sample:{seed}:{index}")


def check(calls: int, days: int, seed: int, until: datetime) -> date:
    """The first day of a sample, once its arguments make sense.

    Raises:
        UsageError: they do not; the text says which and why.
    """
    if calls < 0:
        raise UsageError(f"A sample cannot have {calls} calls. Ask for 0 or more.")
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"A sample cannot cover {days} days. Ask for 1 to {MAX_DAYS}.")
    if seed < 0:
        raise UsageError(f"A sample's seed cannot be {seed}. Use 0 or more.")
    try:
        return _midnight(until) - timedelta(days=days)
    except OverflowError:
        raise UsageError(f"{days} days before {until:%Y-%m-%d} is outside the calendar.") from None


def _midnight(until: datetime) -> date:
    if until.utcoffset() != timedelta(0) or until.time() != time():
        raise UsageError(f"A sample ends at a midnight in UTC, not at {until.isoformat()}.")
    if until.astimezone(UTC).date() < date(1971, 1, 1):
        raise UsageError("A sample ends in 1971 or later.")
    return until.date()


def _working_days(day: date, length: int) -> date:
    """The last day, not after `day`, that starts a run of working days: events need a busy day."""
    while any((day + timedelta(days=ahead)).weekday() > 4 for ahead in range(length)):
        day -= timedelta(days=1)
    return day
