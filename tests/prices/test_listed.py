"""What the catalogue lists: one price, or honestly none."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from usage_core.prices.book import intervals
from usage_core.prices.catalogue import catalogue_version
from usage_core.prices.listed import models, price_of
from usage_core.prices.rules import Rule, RuleKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_listed_model_has_its_price() -> None:
    found = price_of("OpenAI", "gpt-4o-mini", NOW)
    assert found is not None
    assert (found.input, found.output) == (Decimal("0.15"), Decimal("0.6"))
    assert (found.match, found.source) == ("openai/gpt-4o-mini", catalogue_version())


def test_the_administrators_prices_come_first() -> None:
    price = Rule(kind=RuleKind.PRICE, provider="OpenAI", model="gpt-4o", input_price=Decimal(2))
    discount = Rule(kind=RuleKind.DISCOUNT, provider="OpenAI", percent=Decimal(10))
    own = price_of("openai", "gpt-4o", NOW, [price, discount])
    assert own is not None
    assert (own.input, own.output, own.match, own.source) == (Decimal(2), None, None, "your own price")
    less = price_of("openai", "gpt-4o-mini", NOW, [price, discount])
    assert less is not None
    assert (less.input, less.output) == (Decimal("0.135"), Decimal("0.54"))


def test_a_model_that_embeds_has_no_output_price() -> None:
    found = price_of("openai", "text-embedding-3-small", NOW)
    assert found is not None
    assert (found.input, found.output) == (Decimal("0.02"), None)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("google", "gemini-2.5-pro"),  # long inputs cost more
        ("groq", "whisper-large-v3-turbo"),  # paid by the hour
        ("openai", "nobody-knows"),
        ("nobody", "nothing"),
        (None, ""),
    ],
)
def test_without_a_single_price_there_is_none(provider: str | None, model: str) -> None:
    assert price_of(provider, model, NOW) is None


def test_a_price_is_that_of_its_time() -> None:
    """Before and after a change, each as the price book has it."""
    changed = [
        (provider, model, each)
        for provider in ("openai", "anthropic", "deepseek", "mistral")
        for model in models()[provider]
        if len(found := intervals(provider, model, ())) == 2
        for each in found
        if each.prices.input is not None and (each.clock_from, each.above) == (0, -1)
    ]
    assert changed
    for provider, model, each in changed:
        moment = max(each.since, datetime(2020, 1, 1, tzinfo=UTC))
        found = price_of(provider, model, moment)
        if found:
            assert (found.input, found.output) == (each.prices.input, each.prices.output)


def test_every_listed_model_is_found_again() -> None:
    """Also those with a path in front of their name."""
    listed = models()
    assert list(listed) == sorted(listed)
    with_path = [model for model in listed["groq"] if "/" in model]
    assert with_path
    for model in with_path:
        found = price_of("groq", model, NOW)
        assert found is None or found.match == f"groq/{model}"
    assert any(price_of("groq", model, NOW) for model in with_path)
