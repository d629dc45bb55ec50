"""What is added up of calls, one definition each: what one call brings, and how many calls become one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from usage_core.schema import PRICE_PLACES
from usage_core.store import table_parts

Expression: TypeAlias = sa.ColumnElement[Any]
Calls: TypeAlias = sa.ColumnCollection[str, sa.Column[Any]]

COUNT, TOTAL = table_parts.COUNT, table_parts.TOTAL


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of a rollup: what one call brings to it, its type, and how values of many are combined.

    Sums and maxima are NULL where nothing is known. Measures that are not `common` are kept by day
    only, because few questions by the hour ask for them.
    """

    name: str
    of_call: Callable[[Calls], Expression]
    type: sa.types.TypeEngine[Any] = COUNT
    combine: Callable[[Expression], Expression] = sa.func.sum
    common: bool = False
    same_prices: Callable[[Calls], Expression] | None = None
    """The measure of calls that all have the same prices, where that takes less than adding up calls."""

    def of_calls(self, calls: Calls) -> Expression:
        """The measure of all calls of a group."""
        return self.combined(self.of_call(calls))

    def of_same_prices(self, calls: Calls) -> Expression:
        """The same of a group whose calls all have the same prices."""
        return self.same_prices(calls) if self.same_prices else self.of_calls(calls)

    def combined(self, values: Expression) -> Expression:
        """One value for many."""
        return sa.cast(self.combine(values), self.type)


def _held(name: str) -> Callable[[Calls], Expression]:
    return lambda calls: calls[name]


def _unknown(name: str) -> Callable[[Calls], Expression]:
    return lambda calls: sa.cast(calls[name].is_(None), sa.Integer())


def _micro(price: Expression) -> Expression:
    return sa.cast(price * sa.literal_column(str(10**PRICE_PLACES)), sa.BigInteger())


def _cost_of(name: str, tokens: str, price: str) -> Measure:
    """What the tokens of one class cost, of calls whose cost is known."""

    def of_call(calls: Calls) -> Expression:
        # Wide: a source may record a cost of its own beside prices whose product is past all measure.
        cost = sa.cast(calls[tokens], TOTAL) * _micro(calls[price])
        return sa.case((calls.cost_pico.is_not(None), cost))

    def same_prices(calls: Calls) -> Expression:
        counted = sa.func.sum(sa.case((calls.cost_pico.is_not(None), calls[tokens])))
        return sa.cast(counted, TOTAL) * _micro(sa.func.max(calls[price]))

    return Measure(name, of_call, TOTAL, same_prices=same_prices)


def _priced_tokens(calls: Calls) -> Expression:
    both = sa.func.coalesce(calls.input_tokens, 0) + sa.func.coalesce(calls.output_tokens, 0)
    return sa.case((calls.cost_pico.is_not(None), both))


def _where_timed(name: str) -> Callable[[Calls], Expression]:
    """Of calls whose output tokens and completion time are both known, so that one can be divided."""

    def of_call(calls: Calls) -> Expression:
        both = sa.and_(calls.output_tokens.is_not(None), calls.completion_time_ms > 0)
        return sa.case((both, calls[name]))

    return of_call


DOUBLING = 1000
"""A doubling of a completion time, as it is added up: whole numbers are the same in any order."""


def _doublings(calls: Calls) -> Expression:
    """The binary logarithm of the completion time in ms, in thousandths; a time of 0 counts as 1 ms."""
    time = calls.completion_time_ms
    logarithm = sa.case((time > 1, sa.func.log2(time)), (time.is_not(None), 0))
    return sa.cast(sa.func.round(logarithm * float(DOUBLING)), sa.BigInteger())


MEASURES = (
    Measure("calls", lambda _calls: sa.literal_column("1"), common=True),
    Measure("input_tokens", _held("input_tokens"), TOTAL, common=True),
    Measure("output_tokens", _held("output_tokens"), TOTAL, common=True),
    Measure("cost_pico", _held("cost_pico"), TOTAL, common=True),
    Measure("unpriced_calls", _unknown("cost_pico"), common=True),
    Measure("untimed_calls", _unknown("completion_time_ms"), common=True),
    _cost_of("input_cost_pico", "input_tokens", "input_price"),
    _cost_of("output_cost_pico", "output_tokens", "output_price"),
    Measure("cache_read_tokens", _held("cache_read_tokens"), TOTAL),
    Measure("cache_write_tokens", _held("cache_write_tokens"), TOTAL),
    Measure("cache_write_1h_tokens", _held("cache_write_1h_tokens"), TOTAL),
    Measure("priced_tokens", _priced_tokens, TOTAL),
    Measure("timed_output_tokens", _where_timed("output_tokens"), TOTAL),
    Measure("timed_output_ms", _where_timed("completion_time_ms"), TOTAL),
    Measure("longest_ms", _held("completion_time_ms"), combine=sa.func.max),
    Measure("time_doublings", _doublings, TOTAL),
)

COMMON = tuple(measure for measure in MEASURES if measure.common)
BY_NAME = {measure.name: measure for measure in MEASURES}
