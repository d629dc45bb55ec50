"""What providers have added up, as far as it is not told by single calls or by other totals already.

A total has a period instead of a moment, so it belongs to a timeframe when the middle of its period does: the
day of a provider, which is a day of UTC, is then the same day in every zone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from usage_core.buckets import COUNTS
from usage_core.metrics.covers import Coverage
from usage_core.metrics.provider_totals_told import (
    PERIOD,
    WHOSE,
    key_of,
    told_by_calls,
    told_by_others,
    versions,
)
from usage_core.metrics.sight import keys_in_sight
from usage_core.metrics.sources import among
from usage_core.schema import usd
from usage_core.selection import FILTERS, Selection
from usage_core.store.local_time import local_time, truncated
from usage_core.store.tables import BUCKETS

By: TypeAlias = Literal["key", "provider", "model", "day"]
BREAKDOWNS: tuple[By, ...] = ("key", "provider", "model", "day")

COUNTED, CALLS, OTHERS, EDGE = "counted", "calls", "others", "edge"
"""What becomes of a total: it is counted, or left out, because single calls of its key and period are there,
because another total is of the same usage, or because its period reaches over an edge of the timeframe."""

MOST_OVER = timedelta(hours=14)
"""No zone's day begins further from that of UTC."""

MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Totals of a selection, added up by nothing or by one breakdown. (It is a class of its own, since totals
    may be of later periods than the last call.)"""

    selection: Selection
    by: By | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """Totals added up, of one fate. None is unknown; `totals` is their number, of which `without_calls` do
    not say how many calls they are of, and `unpriced` are not in the cost, which is in USD. A `group` of None
    stands for those that do not say. Classes of tokens do not overlap, but what was kept in a cache for an
    hour is counted among what was written to it."""

    fate: str
    group: str | datetime | None
    totals: int
    without_calls: int
    unpriced: int
    calls: int | None
    input_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    cache_write_1h_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None

    @property
    def tokens(self) -> int:
        """Tokens of all classes, as far as they are known."""
        classes = (self.input_tokens, self.cache_read_tokens, self.cache_write_tokens, self.output_tokens)
        return sum(each or 0 for each in classes)


def provider_totals(
    connection: sa.Connection, wanted: Wanted, coverage: Coverage | None = None
) -> list[Total]:
    """The totals of a selection by fate and breakdown: days in order, else the dearest first."""
    if coverage is not None and not coverage.has_totals:
        return []
    return [_total(row) for row in connection.execute(_statement(wanted))]


def _total(row: Sequence[Any]) -> Total:
    fate, group, totals, without_calls, unpriced, *counts, pico = row
    calls, *tokens = (None if count is None else int(count) for count in counts)
    cost = None if pico is None else usd(int(pico))
    uncached, read, written, hour, received = tokens
    told = (totals, without_calls, unpriced, calls)
    return Total(fate, group, *told, uncached, read, written, hour, received, cost)


def _statement(wanted: Wanted) -> sa.Select[Any]:
    t = _judged(wanted.selection).c
    kept = sa.func.coalesce(t.cache_read_tokens, 0) + sa.func.coalesce(t.cache_write_tokens, 0)
    by_name = {name: t[name] for name in COUNTS} | {"input_tokens": t.input_tokens - kept}
    group = _group(wanted, t)
    cost = sa.func.sum(t.cost_pico)
    statement = sa.select(
        t.fate,
        group,
        sa.func.count(),
        sa.func.count().filter(t.calls.is_(None)),
        sa.func.count().filter(t.cost_pico.is_(None)),
        *map(sa.func.sum, by_name.values()),
        cost,
    ).group_by(t.fate, group)
    order: Sequence[Any] = (group,) if wanted.by == "day" else (cost.desc().nulls_last(), group)
    return statement.order_by(*order).limit(MOST_ROWS)


def _group(wanted: Wanted, t: Any) -> sa.ColumnElement[Any]:
    if wanted.by is None:
        return sa.cast(sa.null(), sa.String())
    if wanted.by == "day":
        return truncated("day", local_time(t.middle, wanted.selection.timeframe))
    return {"key": t.key, "provider": t.provider_name, "model": t.model_name}[wanted.by]  # type: ignore[no-any-return]


def _judged(selection: Selection) -> sa.Subquery:
    """The totals that are asked for, each with its `fate`."""
    v = versions()
    others, calls = told_by_others(v), told_by_calls(v)
    both = [sa.func.epoch_us(edge, type_=sa.BigInteger()) for edge in (v.c.period_start, v.c.period_end)]
    middle = sa.func.make_timestamp(sa.func.divide(both[0] + both[1], 2), type_=sa.DateTime())
    start, end = (edge.replace(tzinfo=None) for edge in (selection.timeframe.start, selection.timeframe.end))
    fate = sa.case(
        (others.c.told, OTHERS),
        (calls.c.told, CALLS),
        (sa.not_(_belongs(v, middle, start, end)), EDGE),
        else_=COUNTED,
    )
    same_period = [others.c[name] == v.c[name] for name in PERIOD]
    same_key = [calls.c[name].is_not_distinct_from(v.c[name]) for name in WHOSE]
    judged = sa.select(*v.c, key_of(v).label("key"), middle.label("middle"), fate.label("fate"))
    judged = judged.select_from(v.join(others, sa.and_(*same_period)).outerjoin(calls, sa.and_(*same_key)))
    near = sa.or_(_reaches(v, start, end), sa.and_(middle >= start, middle < end))
    return judged.where(near, *_asked(v, selection)).subquery("judged")


def _belongs(v: sa.FromClause, middle: Any, start: datetime, end: datetime) -> sa.ColumnElement[bool]:
    """Whether a period belongs to a timeframe: its middle does, and it reaches over one edge alone, by less
    than zones differ."""
    before = sa.func.greatest(start - v.c.period_start, timedelta(0))
    after = sa.func.greatest(v.c.period_end - end, timedelta(0))
    return sa.and_(
        middle >= start,
        middle < end,
        before + after <= MOST_OVER,
        sa.or_(before == timedelta(0), after == timedelta(0)),
    )


def _reaches(v: sa.FromClause, start: datetime, end: datetime) -> sa.ColumnElement[bool]:
    """Whether a period is in a timeframe for more than a neighbouring day is, or for all of a short one."""
    inside = sa.func.least(v.c.period_end, end) - sa.func.greatest(v.c.period_start, start)
    return sa.or_(inside > MOST_OVER, sa.and_(inside > timedelta(0), inside >= end - start))


def _asked(v: sa.FromClause, selection: Selection) -> list[sa.ColumnElement[bool]]:
    """The filters. Whoever may not see all keys sees the totals of those that are told by their ids."""
    columns: dict[str, sa.ColumnElement[Any]] = {name: v.c[name] for name in FILTERS.values()}
    columns[FILTERS["key"]] = v.c.api_key_id if selection.only is not None else key_of(v)
    return [among(columns[name], values) for name, values in selection.filters.items()]


def span(connection: sa.Connection, _coverage: object = None) -> tuple[datetime | None, datetime | None]:
    """From when to when there are totals at all, as far as they are in sight (naive UTC)."""
    b = BUCKETS.c
    edges = sa.select(sa.func.min(b.period_start), sa.func.max(b.period_end))
    first, last = connection.execute(edges.where(*keys_in_sight(b.api_key_id))).one()
    return first, last
