"""The figures, one definition each."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from usage_core.store.tables import CALLS

c = CALLS.c


class Unit(StrEnum):
    """What a figure is counted in."""

    USD = "USD"
    TOKENS = "tokens"
    CALLS = "calls"
    MS = "ms"
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure over any set of calls: its name in code and JSON, label, unit, meaning and expression.

    Money is summed as whole pico-USD and becomes a Decimal in USD only in the answer.
    """

    name: str
    label: str
    unit: Unit
    meaning: str
    expression: Callable[[], sa.ColumnElement[Any]]


def _percentile(share: float) -> Callable[[], sa.ColumnElement[Any]]:
    # Nearest rank: the answer is always a time that was measured.
    return lambda: sa.func.quantile_disc(c.completion_time_ms, sa.literal_column(str(share)))


_ALL = (
    Metric("calls", "Calls", Unit.CALLS, "Number of calls", sa.func.count),
    Metric(
        "cost_usd",
        "Cost",
        Unit.USD,
        "Sum of the cost of all calls with a known price",
        lambda: sa.func.sum(c.cost_pico),
    ),
    Metric(
        "input_tokens",
        "Input tokens",
        Unit.TOKENS,
        "Sum of input tokens",
        lambda: sa.func.sum(c.input_tokens),
    ),
    Metric(
        "output_tokens",
        "Output tokens",
        Unit.TOKENS,
        "Sum of output tokens",
        lambda: sa.func.sum(c.output_tokens),
    ),
    Metric(
        "tokens",
        "Tokens",
        Unit.TOKENS,
        "Sum of input and output tokens, as far as they are known",
        # A call of which neither is known adds nothing; where that is every call, the sum is unknown.
        lambda: sa.func.sum(
            sa.func.coalesce(c.input_tokens + c.output_tokens, c.input_tokens, c.output_tokens)
        ),
    ),
    Metric(
        "unpriced_calls",
        "Calls without a price",
        Unit.CALLS,
        "Calls whose cost is unknown; no cost figure holds them",
        lambda: sa.func.count().filter(c.cost_pico.is_(None)),
    ),
    Metric(
        "untimed_calls",
        "Calls without a completion time",
        Unit.CALLS,
        "Calls whose completion time is unknown; no percentile holds them",
        lambda: sa.func.count().filter(c.completion_time_ms.is_(None)),
    ),
    Metric(
        "p50_ms",
        "Median completion time",
        Unit.MS,
        "Half of the calls took at most this long (nearest rank)",
        _percentile(0.5),
    ),
    Metric(
        "p95_ms",
        "p95 completion time",
        Unit.MS,
        "95 of 100 calls took at most this long (nearest rank)",
        _percentile(0.95),
    ),
    Metric(
        "p99_ms",
        "p99 completion time",
        Unit.MS,
        "99 of 100 calls took at most this long (nearest rank)",
        _percentile(0.99),
    ),
    Metric(
        "active_keys",
        "Active keys",
        Unit.KEYS,
        "API keys with at least one call",
        lambda: sa.func.count(c.api_key_id.distinct()),
    ),
)

METRICS = {metric.name: metric for metric in _ALL}
"""Every figure, by name."""

SUMMARY = (
    "calls",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "unpriced_calls",
    "p50_ms",
    "p95_ms",
    "active_keys",
)
"""The figures of the Overview, in the order `summary` prints them."""

OVERVIEW = (*SUMMARY, "tokens", "p99_ms", "untimed_calls")
"""What the pages ask for at once, so that they share one answer."""
