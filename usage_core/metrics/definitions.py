"""The figures, one definition each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import sqlalchemy as sa

Expression: TypeAlias = sa.ColumnElement[Any]
Columns: TypeAlias = Mapping[str, Expression]


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

    The expression is over rows that stand for one call or for the sum of many (see
    `store.tables.MEASURES`), and over the columns in `needs`. Money is summed as whole pico-USD and
    becomes a Decimal in USD only in the answer. A percentile has its per cent in `percent`.
    """

    name: str
    label: str
    unit: Unit
    meaning: str
    expression: Callable[[Columns], Expression]
    needs: tuple[str, ...] = ()
    percent: int | None = None


def _sum(column: str) -> Callable[[Columns], Expression]:
    return lambda rows: sa.func.sum(rows[column])


def _count(column: str) -> Callable[[Columns], Expression]:
    return lambda rows: sa.func.coalesce(sa.func.sum(rows[column]), 0)


def _tokens(rows: Columns) -> Expression:
    sent, received = (sa.func.sum(rows[column]) for column in ("input_tokens", "output_tokens"))
    return sa.func.coalesce(sent + received, sent, received)


def _percentile(name: str, label: str, percent: int) -> Metric:
    # Nearest rank: the answer is always a time that was measured.
    return Metric(
        name,
        label,
        Unit.MS,
        f"{percent} of 100 calls took at most this long (nearest rank)",
        lambda rows: sa.func.quantile_disc(rows["completion_time_ms"], sa.literal_column(str(percent / 100))),
        needs=("completion_time_ms",),
        percent=percent,
    )


_ALL = (
    Metric("calls", "Calls", Unit.CALLS, "Number of calls", _count("calls")),
    Metric(
        "cost_usd", "Cost", Unit.USD, "Sum of the cost of all calls with a known price", _sum("cost_pico")
    ),
    Metric("input_tokens", "Input tokens", Unit.TOKENS, "Sum of input tokens", _sum("input_tokens")),
    Metric("output_tokens", "Output tokens", Unit.TOKENS, "Sum of output tokens", _sum("output_tokens")),
    Metric(
        "tokens",
        "Tokens",
        Unit.TOKENS,
        "Sum of input and output tokens, as far as they are known",
        _tokens,
    ),
    Metric(
        "unpriced_calls",
        "Calls without a price",
        Unit.CALLS,
        "Calls whose cost is unknown; no cost figure holds them",
        _count("unpriced_calls"),
    ),
    Metric(
        "untimed_calls",
        "Calls without a completion time",
        Unit.CALLS,
        "Calls whose completion time is unknown; no percentile holds them",
        _count("untimed_calls"),
    ),
    _percentile("p50_ms", "Median completion time", 50),
    _percentile("p95_ms", "p95 completion time", 95),
    _percentile("p99_ms", "p99 completion time", 99),
    Metric(
        "active_keys",
        "Active keys",
        Unit.KEYS,
        "API keys with at least one call",
        lambda rows: sa.func.count(rows["api_key_id"].distinct()),
        needs=("api_key_id",),
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
