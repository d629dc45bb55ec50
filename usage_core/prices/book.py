"""The price of a model at a time, for a size of input: the administrator's, else the catalogue's.

Resolved once for each model, into intervals that a statement can join calls to: of time, of the time of
day where prices change within the day, and of input tokens where long inputs cost more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from usage_core.prices.catalogue import find
from usage_core.prices.rules import EARLIEST, LATEST, PARTS, Rule, RuleKind
from usage_core.schema import PRICE_PLACES, CostBasis, Tier

DAY_S = 86_400

MOST_TOKENS = 2**62
"""More input tokens than any call has."""

CONTEXTS = {
    Tier.BATCH: {"processing": "batch"},
    Tier.FLEX: {"service_tier": "flex"},
    Tier.PRIORITY: {"service_tier": "priority"},
}
"""What the catalogue calls each tier."""

_NOT_BY_TOKENS = ("requests_kcount", "input_mchars", "audio_hours", "input_audio_hours")
"""A model with such a price costs something that its tokens do not tell."""

_MICRO = Decimal(1).scaleb(-PRICE_PLACES)


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per million tokens; None is unknown. A cache price that is unknown is the input price; that of what
    is kept for an hour, only where writing to a cache has no price of its own at all."""

    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None

    def discounted(self, percent: Decimal) -> "Prices":
        """The prices less so many per cent, rounded half up to a millionth of a USD per million."""
        given = (getattr(self, part) for part in PARTS)
        return Prices(*(price and _rounded(price * (100 - percent) / 100) for price in given))


@dataclass(frozen=True, slots=True)
class Interval:
    """Prices for a time [since, until), a time of day [clock_from, clock_to) in seconds, both UTC, and
    more than `above` and at most `up_to` input tokens."""

    since: datetime
    until: datetime
    prices: Prices
    basis: CostBasis
    match: str | None
    """The catalogue's model, "openai/gpt-4o", or None where a rule or nothing gives the price."""
    clock_from: int = 0
    clock_to: int = DAY_S
    above: int = -1
    up_to: int = MOST_TOKENS


def intervals(
    provider: str | None, model: str, rules: Sequence[Rule], tier: Tier | None = None
) -> list[Interval]:
    """All of a model's prices for calls of a service tier (None: served as usual): every such call falls
    into exactly one interval, if need be one of basis unknown without a price: a tier has no price but its
    own. Rules are those in force, withdrawn ones left out."""
    subject = (provider, model, tier)
    own = [
        rule
        for rule in rules
        if rule.kind is RuleKind.PRICE and (rule.provider, rule.model, rule.service_tier) == subject
    ]
    discounts = [rule for rule in rules if rule.kind is RuleKind.DISCOUNT and rule.provider == provider]
    known = _known(provider, model, rules)
    edges = {EARLIEST, LATEST, *_dates(known, tier)}
    edges |= {edge for rule in (*own, *discounts) for edge in (rule.since, rule.until) if edge}
    found: list[Interval] = []
    for since, until in pairwise(sorted(edges)):
        price = next((rule for rule in own if rule.holds_at(since)), None)
        if price:
            prices = Prices(*(getattr(price, f"{part}_price") for part in PARTS))
            found.append(Interval(since, until, prices, CostBasis.OVERRIDE, None))
        elif known:
            percent = sum(
                (rule.percent or Decimal(0) for rule in discounts if rule.holds_at(since)), Decimal(0)
            )
            found += _of_catalogue(*known, since, until, percent, tier)
        else:
            found.append(Interval(since, until, Prices(), CostBasis.UNKNOWN, None))
    return found


def in_force(every: Sequence[Interval], moment: datetime) -> Interval:
    """The interval a call of few input tokens at a moment falls into."""
    clock = moment.hour * 3600 + moment.minute * 60 + moment.second
    return next(
        one
        for one in every
        if one.since <= moment < one.until and one.clock_from <= clock < one.clock_to and one.above < 0
    )


def _known(provider: str | None, model: str, rules: Sequence[Rule]) -> tuple[str, ModelInfo] | None:
    """The catalogue's model and its name, by an alias where there is one."""
    for rule in rules:
        if rule.kind is RuleKind.ALIAS and (rule.provider, rule.model) == (provider, model):
            id_, _, name = (rule.stands_for or "").partition("/")
            return find(id_, name)
    return find(provider, model)


def _conditions(
    known: tuple[str, ModelInfo] | None, tier: Tier | None
) -> Sequence[ConditionalPrice | PriceVariant]:
    if known is None:
        return []
    prices, variants = known[1].prices, known[1].price_variants or []
    of_tier = [each for each in variants if tier is not None and each.when == CONTEXTS[tier]]
    return [*([] if isinstance(prices, ModelPrice) else prices), *of_tier]


def _dates(known: tuple[str, ModelInfo] | None, tier: Tier | None) -> Iterator[datetime]:
    for each in _conditions(known, tier):
        if isinstance(each.constraint, StartDateConstraint):
            yield datetime.combine(each.constraint.start_date, time(), tzinfo=UTC)


def _clocks(known: tuple[str, ModelInfo], tier: Tier | None) -> list[int]:
    """Seconds of the UTC day at which prices change."""
    edges = {0, DAY_S}
    for each in _conditions(known, tier):
        if isinstance(each.constraint, TimeOfDateConstraint):
            for at in (each.constraint.start_time, each.constraint.end_time):
                moment = datetime.combine(date(1970, 1, 2), at if at.tzinfo else at.replace(tzinfo=UTC))
                edges.add(int(moment.timestamp()) % DAY_S)
    return sorted(edges)


def _of_catalogue(
    match: str, info: ModelInfo, since: datetime, until: datetime, percent: Decimal, tier: Tier | None
) -> Iterator[Interval]:
    noon = since if since > EARLIEST else until - timedelta(days=1)
    day = datetime.combine(noon.date(), time(), tzinfo=UTC)
    for clock_from, clock_to in pairwise(_clocks((match, info), tier)):
        priced = _priced(info, day + timedelta(seconds=clock_from), tier)
        for above, up_to, listed in _by_size(priced):
            prices = listed.discounted(percent) if percent else listed
            basis = CostBasis.CATALOGUE if prices != Prices() else CostBasis.UNKNOWN
            yield Interval(since, until, prices, basis, match, clock_from, clock_to, above, up_to)


def _priced(info: ModelInfo, moment: datetime, tier: Tier | None) -> ModelPrice:
    """The catalogue's prices at a moment; none for a tier for which it has none. A tier's prices are
    partial: what they leave out costs what it costs otherwise."""
    if tier is None:
        return info.get_prices(moment)
    of_tier = (each for each in info.price_variants or [] if each.when == CONTEXTS[tier])
    held = any(each.constraint is None or each.constraint.active(moment) for each in of_tier)
    return info.get_prices(moment, CONTEXTS[tier]) if held else ModelPrice()


def _by_size(priced: ModelPrice) -> Iterator[tuple[int, int, Prices]]:
    """The prices for each size of input: a tier's price is that of all tokens of a call beyond its start."""
    given = {part: getattr(priced, f"{part}_mtok", None) for part in PARTS}
    if any(getattr(priced, name, None) for name in _NOT_BY_TOKENS):
        yield -1, MOST_TOKENS, Prices()
        return
    starts = {
        tier.start for price in given.values() if isinstance(price, TieredPrices) for tier in price.tiers
    }
    edges = [-1, *sorted(starts), MOST_TOKENS]
    for above, up_to in pairwise(edges):
        yield above, up_to, Prices(*(_at(price, above) for price in given.values()))


def _at(price: Decimal | TieredPrices | None, above: int) -> Decimal | None:
    if isinstance(price, TieredPrices):
        reached = [tier.price for tier in price.tiers if tier.start <= above]
        price = reached[-1] if reached else price.base
    return None if price is None else _rounded(price)


def _rounded(price: Decimal) -> Decimal:
    return price.quantize(_MICRO, rounding=ROUND_HALF_UP)
