"""Prices for calls that came without one, as DuckDB SQL: each distinct model is resolved once, and calls
are joined to its intervals."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import pyarrow as pa

from usage_core.prices.book import Interval, intervals
from usage_core.prices.rules import PARTS, Rule
from usage_core.schema import MAX_PICO, PRICE_DIGITS, PRICE_PLACES, Tier

_TIME, _PRICE = pa.timestamp("us"), pa.decimal128(PRICE_DIGITS, PRICE_PLACES)

LIST = pa.schema(
    [
        ("provider_name", pa.string()),
        ("model_name", pa.string()),
        ("service_tier", pa.string()),
        ("since", _TIME),
        ("until", _TIME),
        ("clock_from", pa.int64()),
        ("clock_to", pa.int64()),
        ("above", pa.int64()),
        ("up_to", pa.int64()),
        *((f"{part}_price", _PRICE) for part in PARTS),
        ("basis", pa.string()),
    ]
)
"""A price list: one row per model, service tier and interval."""

Priced: TypeAlias = tuple[str | None, str, str | None]
"""Provider and model by their canonical names, and a service tier or None."""


def price_list(models: Iterable[Priced], rules: Sequence[Rule]) -> pa.Table:
    """The prices of models, each for a service tier."""
    rows = [
        _row(provider, model, tier, each)
        for provider, model, tier in models
        for each in intervals(provider, model, rules, (tier and Tier(tier)) or None)
    ]
    return pa.Table.from_pylist(rows, schema=LIST)


def _row(provider: str | None, model: str, tier: str | None, each: Interval) -> dict[str, Any]:
    return {
        "provider_name": provider,
        "model_name": model,
        "service_tier": tier,
        "since": _naive(each.since),
        "until": _naive(each.until),
        "clock_from": each.clock_from,
        "clock_to": each.clock_to,
        "above": each.above,
        "up_to": each.up_to,
        **{f"{part}_price": getattr(each.prices, part) for part in PARTS},
        "basis": str(each.basis),
    }


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


FALLS_INTO = """
    {names}.model_name = p.model_name AND {names}.provider_name IS NOT DISTINCT FROM p.provider_name
    AND {call}.service_tier IS NOT DISTINCT FROM p.service_tier
    AND {call}.called_at >= p.since AND {call}.called_at < p.until
    AND coalesce({call}.input_tokens, 0) > p.above AND coalesce({call}.input_tokens, 0) <= p.up_to
    AND (p.clock_to - p.clock_from = 86400 OR (
        extract(epoch FROM {call}.called_at::TIME) >= p.clock_from
        AND extract(epoch FROM {call}.called_at::TIME) < p.clock_to))
"""
"""Whether a call falls into a row `p` of a price list; every call falls into exactly one."""


def _micro(price: str) -> str:
    return f"({price} * {10**PRICE_PLACES})::HUGEINT"


def _part(tokens: str, price: str) -> str:
    """The cost of tokens of one class: none, where there are no tokens, whatever their price."""
    return f"CASE WHEN {tokens} = 0 THEN 0 ELSE {tokens}::HUGEINT * {_micro(price)} END"


HOUR_PRICE = "coalesce(p.cache_write_1h_price, CASE WHEN p.cache_write_price IS NULL THEN p.input_price END)"
"""The price of tokens kept in a cache for an hour, at the prices of `p`."""


def cost(call: str, kind: str) -> str:
    """SQL for what a call costs in pico-USD at the prices of `p`, NULL where something is unknown.

    Input tokens hold those read from and written to a cache; each class has its own price. What costs
    more than a call can hold is unknown. So is what was kept in a cache for an hour, where nobody says what
    that costs, but that writing to it has a price of its own.
    """
    read, write, hour = (
        f"coalesce({call}.{name}_tokens, 0)" for name in ("cache_read", "cache_write", "cache_write_1h")
    )
    uncached = f"({call}.input_tokens - least({read} + {write}, {call}.input_tokens))"
    received = (
        f"CASE WHEN {kind} = 'embedding' THEN coalesce({call}.output_tokens, 0) ELSE {call}.output_tokens END"
    )
    total = " + ".join(
        (
            _part(uncached, "p.input_price"),
            _part(read, "coalesce(p.cache_read_price, p.input_price)"),
            _part(f"({write} - {hour})", "coalesce(p.cache_write_price, p.input_price)"),
            _part(hour, HOUR_PRICE),
            _part(f"({received})", "p.output_price"),
        )
    )
    return f"(CASE WHEN ({total}) <= {MAX_PICO} THEN ({total})::BIGINT END)"
