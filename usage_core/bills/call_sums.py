"""Sums of calls by a provider's days: by model, key and class of tokens, and by hour."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from usage_core.bills.whose import billed_by, hours_of, is_gateway
from usage_core.intake.price_rules import in_force
from usage_core.intake.pricing import FALLS_INTO, LIST, price_list
from usage_core.schema import PRICE_PLACES, CostBasis, Tier
from usage_core.store.instants import naive
from usage_core.store.local_time import local_time, truncated
from usage_core.store.measures import TOTAL, Expression
from usage_core.store.rows import arrow, beside
from usage_core.store.tables import CALLS
from usage_core.timeframe import Timeframe, midnight

c = CALLS.c
Ranges: TypeAlias = Sequence[tuple[datetime, datetime]]

AROUND = timedelta(days=2)
"""Hours are known so far before and after, for days that begin elsewhere."""


def _instants(ranges: Ranges, zone: str) -> list[tuple[datetime, datetime]]:
    """Ranges of local days as naive UTC."""
    return [
        tuple(naive(midnight(day.date(), zone)) for day in each)  # type: ignore[misc]
        for each in ranges
    ]


def _frame(ranges: Ranges, zone: str) -> Timeframe:
    """A timeframe that holds all ranges, and days around them."""
    instants = _instants(ranges, zone)
    first, last = (moment.replace(tzinfo=UTC) for moment in (instants[0][0], instants[-1][1]))
    return Timeframe(first - AROUND, last + AROUND, zone)


def _named(column: Any, names: Mapping[str, str]) -> Expression:
    other = {name: to for name, to in names.items() if name != to}
    return sa.case(other, value=column, else_=column) if other else column


def hour_costs(
    connection: sa.Connection, provider: str, zone: str, ranges: Ranges, names: Mapping[str, str]
) -> pa.Table:
    """`hour` (local), `model` and `cost` (pico-USD) of a provider's calls, in and around the ranges."""
    frame = _frame(ranges, zone)
    h = hours_of(provider, *_edges(frame)).c
    chosen = sa.select(
        truncated("hour", local_time(h.hour, frame)).label("hour"),
        _named(h.model_name, names).label("model"),
        sa.cast(sa.func.sum(sa.func.coalesce(h.cost_pico, 0)), TOTAL).label("cost"),
    ).group_by(sa.text("1"), sa.text("2"))
    return arrow(connection, chosen)


def _edges(frame: Timeframe) -> tuple[datetime, datetime]:
    return frame.start.replace(tzinfo=None), frame.end.replace(tzinfo=None)


def models_called(
    connection: sa.Connection, provider: str, zone: str, ranges: Ranges
) -> list[tuple[str | None, str]]:
    """The provider and model of a provider's calls, in and around the ranges, in alphabetical order."""
    h = hours_of(provider, *_edges(_frame(ranges, zone))).c
    chosen = sa.select(h.provider_name, h.model_name).distinct().order_by(h.model_name, h.provider_name)
    return [(row[0], row[1]) for row in connection.execute(chosen)]


def logged(connection: sa.Connection, provider: str, zone: str, ranges: Ranges) -> tuple[int, int]:
    """What a provider's calls in the ranges cost (pico-USD), and how many there are."""
    instants = _instants(ranges, zone)
    if is_gateway(provider) or any(moment.minute for each in instants for moment in each):
        within = [sa.and_(c.called_at >= first, c.called_at < until) for first, until in instants]
        sums = sa.select(sa.func.sum(c.cost_pico), sa.func.count()).where(
            billed_by(provider), sa.or_(*within)
        )
    else:
        h = hours_of(provider, instants[0][0], instants[-1][1]).c
        within = [sa.and_(h.hour >= first, h.hour < until) for first, until in instants]
        sums = sa.select(sa.func.sum(h.cost_pico), sa.func.sum(h.calls)).where(sa.or_(*within))
    cost, calls = connection.execute(sums).one()
    return int(cost or 0), int(calls or 0)


def call_sums(
    connection: sa.Connection,
    provider: str,
    zone: str,
    ranges: Ranges,
    names: Mapping[str, str],
    hours: int,
) -> pa.Table:
    """Sums by `day` (local; it begins `hours` later than at midnight), `model` and `key`: `calls`,
    `unpriced_calls`, and for each class its tokens, its cost (pico-USD), and its tokens without a price.

    A cost that cannot be divided among classes is in `other_cost`. `untold_tokens` are those written to a
    cache of which nobody says for how long; they are among those of `write`.
    """
    later = timedelta(hours=hours)
    day = truncated("day", local_time(c.called_at - sa.literal(later, sa.Interval()), _frame(ranges, zone)))
    within = [
        sa.and_(c.called_at >= first + later, c.called_at < until + later)
        for first, until in _instants(ranges, zone)
    ]
    groups = (day.label("day"), _named(c.model_name, names).label("model"), c.api_key_id.label("key"))
    sums = {
        name: sa.cast(sa.func.coalesce(sa.func.sum(value), 0), TOTAL).label(name)
        for name, value in _of_call().items()
    }
    chosen = sa.select(*groups, *sums.values()).where(billed_by(provider), sa.or_(*within))
    with _cache_prices(connection, provider, zone, ranges) as beside:
        grouped = chosen.select_from(beside).group_by(sa.text("1"), sa.text("2"), sa.text("3"))
        return arrow(connection, grouped)


def _of_call() -> dict[str, Expression]:
    """What one call brings to each sum, beside the prices of `_cache_prices`."""
    names = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
    sent, received, read, write, hour = (
        sa.cast(sa.func.coalesce(c[f"{name}_tokens"], 0), TOTAL) for name in names
    )
    plain = sent - sa.func.least(read + write, sent)
    known = sa.and_(
        sa.or_(c.input_price.is_not(None), sent == 0), sa.or_(c.output_price.is_not(None), received == 0)
    )
    costs = {
        "read": read * _cache_price("cache_read_price"),
        "write": (write - hour) * _cache_price("cache_write_price"),
        "write_1h": hour * _cache_price("cache_write_1h_price"),
        "output": received * _micro(c.output_price),
    }
    costs["input"] = c.cost_pico - sum(costs.values(), sa.literal_column("0"))
    tokens = {"input": plain, "read": read, "write": write - hour, "write_1h": hour, "output": received}
    priced = c.cost_pico.is_not(None)
    made = {"calls": sa.literal_column("1"), "unpriced_calls": sa.cast(c.cost_pico.is_(None), sa.Integer())}
    for name, count in tokens.items():
        made[f"{name}_cost"] = sa.case((sa.and_(priced, known), costs[name]), else_=0)
        made[f"{name}_tokens"] = sa.case((sa.or_(known, ~priced), count), else_=0)
        made[f"{name}_unpriced"] = sa.case((priced, 0), else_=count)
    made["other_cost"] = sa.case((sa.and_(priced, ~known), c.cost_pico), else_=0)
    made["untold_tokens"] = sa.case((c.cache_write_1h_tokens.is_(None), write), else_=0)
    made["other_tokens"] = sa.case((sa.and_(priced, ~known), sent + received), else_=0)
    return made


def _micro(price: Expression) -> Expression:
    shifted = price * sa.literal_column(str(10**PRICE_PLACES))
    return sa.func.coalesce(sa.cast(shifted, sa.BigInteger()), 0)


_LIST = sa.table("cache_prices", *(sa.column(name) for name in LIST.names)).alias("p")


@contextmanager
def _cache_prices(
    connection: sa.Connection, provider: str, zone: str, ranges: Ranges
) -> Iterator[sa.FromClause]:
    """The calls beside the prices that those with cached tokens fall under: at their time, size and tier."""
    rules = [entered.rule for entered in in_force(connection)]
    called = models_called(connection, provider, zone, ranges)
    every = price_list([(*model, tier) for model in called for tier in (None, *Tier)], rules)
    cached_parts = ("cache_read", "cache_write", "cache_write_1h")
    has_own = reduce(pc.or_, (pc.is_valid(every[f"{part}_price"]) for part in cached_parts))
    cached = sa.or_(c.cache_read_tokens > 0, c.cache_write_tokens > 0)
    falls: sa.ColumnElement[bool] = sa.literal_column(
        f"({FALLS_INTO.format(names=CALLS.name, call=CALLS.name)})"
    )
    with beside(connection, cache_prices=every.filter(has_own)):
        yield CALLS.outerjoin(_LIST, sa.and_(cached, falls))


def _cache_price(name: str) -> Expression:
    """Millionths of a USD per million: what the list has, in proportion where the call was priced by another
    input price; the price on the row where the call came with one, or where the list has none."""
    p = _LIST.c
    of_row, listed, input_listed = (_micro(price) for price in (c.input_price, p[name], p.input_price))
    share = sa.cast(listed, TOTAL) * of_row
    scaled = sa.cast(sa.func.floor(share / sa.func.nullif(input_listed, 0)), sa.BigInteger())
    has_own = sa.and_(c.cost_basis != str(CostBasis.ROW), p[name].is_not(None))
    same = sa.or_(of_row == input_listed, input_listed == 0)
    return sa.case((~has_own, of_row), (same, listed), else_=scaled)
