"""What the catalogue says a model costs: one price for input and one for output, or that there is none."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from usage_core.prices import catalogue
from usage_core.prices.book import intervals


@dataclass(frozen=True, slots=True)
class Listed:
    """USD per million tokens; `output` is None where the model gives none. `match` is the catalogue's
    model, "openai/gpt-4o", and `version` the catalogue's own."""

    input: Decimal
    output: Decimal | None
    match: str
    version: str


def price_of(provider: str | None, model: str, at: datetime) -> Listed | None:
    """The catalogue's price of a model at an instant (aware).

    None where the model is not listed, has no price for its tokens, or no single one: where the price
    depends on the size of the input, or on the time of day.
    """
    in_force = [each for each in intervals(provider, model, ()) if each.since <= at < each.until]
    if len(in_force) != 1:
        return None
    [only] = in_force
    if only.prices.input is None or only.match is None:
        return None
    return Listed(only.prices.input, only.prices.output, only.match, catalogue.catalogue_version())


@lru_cache(maxsize=1)
def models() -> dict[str, tuple[str, ...]]:
    """Every provider of the catalogue with its models, by their ids there, both in alphabetical order."""
    by_provider: dict[str, list[str]] = {}
    for name in catalogue.every():
        provider, _, model = name.partition("/")
        by_provider.setdefault(provider, []).append(model)
    return {provider: tuple(sorted(by_provider[provider])) for provider in sorted(by_provider)}
