"""What an administrator says about prices: dated prices, discounts, and which model is which.

A rule is never changed: it is entered, and it may be withdrawn; both are kept with when and by whom.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from usage_core.errors import PriceRefused
from usage_core.schema import PRICE_PLACES, Tier

MOST_USD = Decimal(10_000)
"""No million tokens cost more; a price above is a slip of the decimal point."""

PARTS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
"""What has a price of its own."""

FAR_OFF = 1_000
"""So many times the catalogue's price, or less than its inverse, is a slip of the decimal point too."""


class RuleKind(StrEnum):
    """What a rule says."""

    PRICE = "price"
    DISCOUNT = "discount"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. Names are canonical; times are UTC and half-open, None is without end.

    A price has `input_price` to `cache_write_1h_price` (USD per million tokens; see `book.Prices` for cache
    prices that are not given) for a model, for its calls of a service tier or, without one, for those
    served as usual; a discount has `percent` off the catalogue for a provider; an
    alias names the catalogue's model ("openai/gpt-4o") that stands for a model.
    """

    kind: RuleKind
    provider: str | None = None
    model: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    cache_read_price: Decimal | None = None
    cache_write_price: Decimal | None = None
    cache_write_1h_price: Decimal | None = None
    percent: Decimal | None = None
    stands_for: str | None = None
    service_tier: Tier | None = None
    note: str | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether the rule's time holds a moment."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def check(rule: Rule, others: Iterable[Rule], usual: Mapping[str, Decimal | None] | None = None) -> None:
    """Refuse a rule that cannot be meant; `usual` has the catalogue's prices, as "input" and "cache_read".

    Raises:
        PriceRefused: and why.
    """
    if (rule.since or EARLIEST) >= (rule.until or LATEST):
        raise PriceRefused("The first day is after the last. Give a first day that comes before it.")
    if rule.kind is RuleKind.PRICE:
        _check_prices(rule, usual or {})
    if rule.kind is RuleKind.DISCOUNT and not (rule.percent is not None and 0 < rule.percent < 100):
        raise PriceRefused("A discount is more than 0 and less than 100 per cent.")
    for other in others:
        if _same_subject(rule, other) and _overlap(rule, other):
            raise PriceRefused(
                f"There is already a {other.kind} for this from {_day(other.since, 'the beginning')} to "
                f"{_day(other.until, 'now and later')}. Withdraw it first, or choose other days."
            )


def _check_prices(rule: Rule, usual: Mapping[str, Decimal | None]) -> None:
    if rule.input_price is None and rule.output_price is None:
        raise PriceRefused("Give a price for input tokens, for output tokens, or for both.")
    for what in PARTS:
        price = getattr(rule, f"{what}_price")
        said = what.replace("_", " ")
        if price is None:
            continue
        if not price.is_finite() or price < 0:
            raise PriceRefused(f"The {said} price is below 0; 0 or more USD per million tokens was expected.")
        if price > MOST_USD:
            raise PriceRefused(
                f"The {said} price is ${price:,f} per million tokens, more than ${MOST_USD:,}. "
                "Prices are given per million tokens, not per thousand or per token."
            )
        if price != round(price, PRICE_PLACES):
            raise PriceRefused(f"The {said} price has more than {PRICE_PLACES} decimal places.")
        listed = usual.get(what)
        if listed and price and not listed / FAR_OFF < price < listed * FAR_OFF:
            raise PriceRefused(
                f"The {said} price is ${price:f} per million tokens, where the catalogue has "
                f"${listed.normalize():f}. Check the decimal point."
            )


def _same_subject(one: Rule, other: Rule) -> bool:
    return (one.kind, one.provider, one.model, one.service_tier) == (
        other.kind,
        other.provider,
        other.model,
        other.service_tier,
    )


def _overlap(one: Rule, other: Rule) -> bool:
    return (one.since or EARLIEST) < (other.until or LATEST) and (other.since or EARLIEST) < (
        one.until or LATEST
    )


def _day(moment: datetime | None, otherwise: str) -> str:
    return f"{moment:%Y-%m-%d}" if moment else otherwise
