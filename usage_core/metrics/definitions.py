"""The figures, one definition each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from usage_core.store.measures import BY_NAME

Expression: TypeAlias = sa.ColumnElement[Any]
Columns: TypeAlias = Mapping[str, Expression]


class Unit(StrEnum):
    """What a figure is counted in."""

    USD = "USD"
    TOKENS = "tokens"
    CALLS = "calls"
    MS = "ms"
    KEYS = "keys"
    TOKENS_PER_S = "tokens/s"


class Ratio(NamedTuple):
    """One figure by another, by their names."""

    of: str
    by: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure over any set of calls: its name in code and JSON, label, unit, meaning and expression.

    The expression is over rows that stand for one call or for the sum of many (see
    `store.measures`): the common measures, and the columns in `needs`. Money is summed as whole pico-USD and
    becomes a Decimal in USD only in the answer. A percentile has its per cent in `percent`. A ratio has
    no expression of its own: it is `ratio.times` times one figure by another.
    """

    name: str
    label: str
    unit: Unit
    meaning: str
    expression: Callable[[Columns], Expression]
    needs: tuple[str, ...] = ()
    percent: int | None = None
    ratio: Ratio | None = None


def _sum(column: str) -> Callable[[Columns], Expression]:
    return lambda rows: sa.func.sum(rows[column])


def _count(column: str) -> Callable[[Columns], Expression]:
    return lambda rows: sa.func.coalesce(sa.func.sum(rows[column]), 0)


def _tokens(rows: Columns) -> Expression:
    sent, received = (sa.func.sum(rows[column]) for column in ("input_tokens", "output_tokens"))
    return sa.func.coalesce(sent + received, sent, received)


def _extra(name: str, label: str, unit: Unit, meaning: str, measure: str) -> Metric:
    """The combined value of a measure that only rollups by day hold."""
    combine = BY_NAME[measure].combine
    return Metric(name, label, unit, meaning, lambda rows: combine(rows[measure]), needs=(measure,))


def _ratio(name: str, label: str, unit: Unit, meaning: str, ratio: Ratio) -> Metric:
    return Metric(name, label, unit, meaning, lambda _rows: sa.null(), ratio=ratio)


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
    _percentile("p90_ms", "p90 completion time", 90),
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
    _extra("max_ms", "Longest completion time", Unit.MS, "The longest completion time", "longest_ms"),
    _extra(
        "input_cost_usd",
        "Cost of input",
        Unit.USD,
        "Input tokens at their price, of calls with a known cost",
        "input_cost_pico",
    ),
    _extra(
        "output_cost_usd",
        "Cost of output",
        Unit.USD,
        "Output tokens at their price, of calls with a known cost",
        "output_cost_pico",
    ),
    _extra(
        "cache_read_tokens",
        "Cache read tokens",
        Unit.TOKENS,
        "Input tokens read from a cache, as far as they are known",
        "cache_read_tokens",
    ),
    _extra(
        "cache_write_tokens",
        "Cache write tokens",
        Unit.TOKENS,
        "Input tokens written to a cache, as far as they are known",
        "cache_write_tokens",
    ),
    _extra(
        "cache_write_1h_tokens",
        "Cache write 1h tokens",
        Unit.TOKENS,
        "Of the tokens written to a cache, those kept for an hour, as far as they are known",
        "cache_write_1h_tokens",
    ),
    Metric(
        "priced_calls",
        "Calls with a price",
        Unit.CALLS,
        "Calls whose cost is known",
        lambda rows: sa.func.coalesce(sa.func.sum(rows["calls"]) - sa.func.sum(rows["unpriced_calls"]), 0),
    ),
    _extra(
        "priced_tokens",
        "Tokens with a price",
        Unit.TOKENS,
        "Input and output tokens of calls whose cost is known",
        "priced_tokens",
    ),
    _extra(
        "timed_output_tokens",
        "Output tokens with a time",
        Unit.TOKENS,
        "Output tokens of calls whose completion time is known",
        "timed_output_tokens",
    ),
    _extra(
        "timed_output_ms",
        "Time spent on output",
        Unit.MS,
        "Completion times, added up, of calls whose output tokens are known",
        "timed_output_ms",
    ),
    _ratio(
        "cost_per_call",
        "Cost per call",
        Unit.USD,
        "Cost by calls with a known price",
        Ratio("cost_usd", "priced_calls"),
    ),
    _ratio(
        "cost_per_million_tokens",
        "Cost per million tokens",
        Unit.USD,
        "Cost by input and output tokens together, of calls with a known price",
        Ratio("cost_usd", "priced_tokens", 1_000_000),
    ),
    _ratio(
        "output_tokens_per_s",
        "Output tokens per second",
        Unit.TOKENS_PER_S,
        "Output tokens by completion time, of calls where both are known",
        Ratio("timed_output_tokens", "timed_output_ms", 1_000),
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
