"""What a difference between a bill and the log can be made of."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from usage_core.bills.format import ADDED, Charge


class Part(StrEnum):
    """A part of billed − computed; all parts together are the difference, exactly."""

    NO_CALLS = "billed, no calls seen"
    NOT_BILLED = "calls not billed"
    TWICE = "billed twice"
    TOKENS = "token counts"
    PRICE = "prices"
    CACHE = "cache class"
    SHIFT = "day boundary"
    ROUNDING = "rounding"
    UNPRICED = "calls without a price"
    SERVICE = "other services"
    CREDIT = "credits"
    DISCOUNT = "discounts"
    TAX = "taxes"
    FEE = "fees"
    UNEXPLAINED = "unexplained"


CHARGES = {
    Charge.SERVICE: Part.SERVICE,
    Charge.CREDIT: Part.CREDIT,
    Charge.DISCOUNT: Part.DISCOUNT,
    Charge.TAX: Part.TAX,
    Charge.FEE: Part.FEE,
}
"""The part that charges for anything but usage are."""

CHARGED_BESIDE = (Charge.SERVICE, Charge.CREDIT, Charge.TAX, Charge.FEE)

BESIDE = frozenset(CHARGES[charge] for charge in CHARGED_BESIDE)
"""Charges for nothing that the log holds: shown, but not held against the bill."""

ADDED_PARTS = frozenset(CHARGES[charge] for charge in ADDED)
"""What an invoice adds to what the calls cost."""

ABOUT = {
    Part.NO_CALLS: "Days, models, keys or tokens on the bill of which the log has no calls",
    Part.NOT_BILLED: "Calls in the log, or tokens of every class, that the bill does not charge",
    Part.TWICE: "The same line more than once on one bill",
    Part.TOKENS: "Another number of tokens, at the price of the log",
    Part.PRICE: "The same tokens at another price",
    Part.CACHE: "The same input tokens, divided otherwise between cached and not cached",
    Part.SHIFT: "The provider's days begin at another hour",
    Part.ROUNDING: "What the decimals printed on the bill can hide",
    Part.UNPRICED: "Billed for calls whose price is not known here",
    Part.SERVICE: "Charges for what is not counted in tokens",
    Part.CREDIT: "Credits on the bill",
    Part.DISCOUNT: "Discounts on the bill",
    Part.TAX: "Taxes on the bill",
    Part.FEE: "Fixed fees on the bill",
    Part.UNEXPLAINED: "What the bill does not say enough to tell",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One part at one place. Amounts are USD; None is every day, every key, or all classes together.

    `billed` and `computed` are of the place as a whole; `quantity` and `tokens` are what was billed and
    what the log has there.
    """

    part: Part
    usd: Decimal
    day: datetime | None
    model: str | None
    key: str | None
    token_class: str | None
    billed: Decimal | None
    computed: Decimal | None
    quantity: int | None
    tokens: int | None
    lines: str | None
    """Lines of the bill, as `file:line, file:line`, where they are few."""

    @property
    def their_price(self) -> Decimal | None:
        """USD per million tokens that the bill comes to."""
        return _price(self.billed, self.quantity or self.tokens)

    @property
    def our_price(self) -> Decimal | None:
        """USD per million tokens that the log comes to."""
        return _price(self.computed, self.tokens)


def _price(usd: Decimal | None, tokens: int | None) -> Decimal | None:
    return round(usd * 1_000_000 / tokens, 6) if usd is not None and tokens else None
