"""Prices that cannot be meant are refused, with the reason."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from usage_core.errors import PriceRefused
from usage_core.prices.rules import Rule, RuleKind, check

JUNE, JULY, AUGUST = (datetime(2026, month, 1, tzinfo=UTC) for month in (6, 7, 8))

USUAL = {"input": Decimal("2.5"), "output": Decimal("8.500000"), "cache_read": Decimal("1.25")}


def price(**given: Any) -> Rule:
    fields: dict[str, Any] = {"provider": "OpenAI", "model": "gpt-4o", "input_price": Decimal("2.5")}
    return Rule(kind=RuleKind.PRICE, **(fields | given))


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (price(input_price=Decimal(-1)), "below 0"),
        (price(input_price=Decimal("NaN")), "below 0"),
        (price(output_price=Decimal("10000.01")), "per million tokens, not per thousand"),
        (price(input_price=Decimal("0.0000001")), "decimal places"),
        (price(input_price=None), "Give a price"),
        (price(input_price=Decimal(2500)), "Check the decimal point"),
        (price(input_price=Decimal("0.0025")), "Check the decimal point"),
        (
            price(output_price=Decimal("9999.99")),
            "The output price is .* has \\$8.5. Check the decimal point",
        ),
        (price(cache_read_price=Decimal("0.001")), "The cache read price is .* Check the decimal point"),
        (price(since=JULY, until=JULY), "first day"),
        (price(since=AUGUST, until=JULY), "first day"),
        (Rule(kind=RuleKind.DISCOUNT, provider="OpenAI", percent=Decimal(100)), "less than 100"),
        (Rule(kind=RuleKind.DISCOUNT, provider="OpenAI"), "more than 0"),
    ],
)
def test_refused(rule: Rule, reason: str) -> None:
    with pytest.raises(PriceRefused, match=reason):
        check(rule, (), usual=USUAL)


@pytest.mark.parametrize(
    ("since", "until", "overlaps"),
    [
        (None, None, True),
        (None, JULY, False),
        (AUGUST, None, False),
        (JUNE, AUGUST, True),
        (JULY, AUGUST, True),
        (None, AUGUST, True),
    ],
)
def test_overlapping_prices_are_refused(
    since: datetime | None, until: datetime | None, overlaps: bool
) -> None:
    there = price(since=JULY, until=AUGUST)
    new = price(since=since, until=until)
    if overlaps:
        with pytest.raises(PriceRefused, match="already a price for this from 2026-07-01 to 2026-08-01"):
            check(new, [there])
    else:
        check(new, [there])
    check(price(since=since, until=until, model="gpt-4o-mini"), [there])


def test_free_models_and_unknown_ones_may_be_priced() -> None:
    check(price(input_price=Decimal(0), output_price=Decimal(0)), (), usual=USUAL)
    check(price(input_price=Decimal(9_000)), ())
