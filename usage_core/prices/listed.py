"""What a model costs by the administrator's prices, else the catalogue's: one price for input and one for
output, or that there is none."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from usage_core.prices import catalogue
from usage_core.prices.book import intervals
from usage_core.prices.rules import Rule


@dataclass(frozen=True, slots=True)
class Listed:
    """USD per million tokens; `output` is None where the model gives none. `match` is the catalogue's
    model, "openai/gpt-4o", None where the price is the administrator's; `source` says whose it is."""

    input: Decimal
    output: Decimal | None
    match: str | None
    source: str


OWN = "your own price"


def price_of(provider: str | None, model: str, at: datetime, rules: Iterable[Rule] = ()) -> Listed | None:
    """The price of a model of the catalogue at an instant (aware), by the rules in force.

    None where the model is not listed, has no price for its tokens, or no single one: where the price
    depends on the size of the input, or on the time of day.
    """
    known = catalogue.names(provider, model)
    own = [replace(rule, model=model) if rule.model == known.model else rule for rule in rules]
    in_force = [each for each in intervals(known.provider, model, own) if each.since <= at < each.until]
    if len(in_force) != 1:
        return None
    [only] = in_force
    if only.prices.input is None:
        return None
    source = catalogue.catalogue_version() if only.match else OWN
    return Listed(only.prices.input, only.prices.output, only.match, source)


@lru_cache(maxsize=1)
def models() -> dict[str, tuple[str, ...]]:
    """Every provider of the catalogue with its models, by their ids there, both in alphabetical order."""
    by_provider: dict[str, list[str]] = {}
    for name in catalogue.every():
        provider, _, model = name.partition("/")
        by_provider.setdefault(provider, []).append(model)
    return {provider: tuple(sorted(by_provider[provider])) for provider in sorted(by_provider)}
