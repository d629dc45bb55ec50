"""How many calls of two periods lie beyond the percentiles they have in common; for `shifts`."""

from dataclasses import replace
from typing import Any, NamedTuple

import sqlalchemy as sa

from usage_core.metrics.question import MOST_ROWS
from usage_core.metrics.sources import SHORT, Coverage, Wanted, choose, rows
from usage_core.selection import Selection
from usage_core.store.rollups import time_of_bin


class Part(NamedTuple):
    """The calls of one value in one period: how many, and how many of them beyond a common percentile.

    `units` days (or hours) hold them; the last three are sums over those of products.
    """

    units: int
    calls: float
    beyond: float
    calls_calls: float
    beyond_beyond: float
    calls_beyond: float


class Counts(NamedTuple):
    """One value in one period: the calls beyond the common p50 and p95, and the time spent, in ms.

    A time beyond the common p99 counts as that, so that one call that hung does not decide.
    """

    p50: Part
    p95: Part
    spent: float


def counts(
    connection: sa.Connection, now: Selection, before: Selection, by: str, coverage: Coverage | None = None
) -> tuple[dict[Any, Counts], dict[Any, Counts]]:
    """For either selection, value of `by` -> its counts; values without a timed call are left out."""
    found: tuple[dict[Any, Counts], dict[Any, Counts]] = ({}, {})
    statement = _statement((now, before), by, coverage)
    for value, which, units, calls, calls_calls, spent, *both in connection.execute(statement):
        p50, p95 = (Part(units, calls, each[0], calls_calls, *each[1:]) for each in (both[:3], both[3:]))
        found[which][value] = Counts(p50, p95, spent)
    return found


def _statement(periods: tuple[Selection, Selection], by: str, coverage: Coverage | None) -> sa.Select[Any]:
    """A row per value and period (0 is now): units, calls, calls², time spent, and for either percentile
    beyond, beyond², calls x beyond."""
    bins = sa.union_all(*(_bins(each, by, which, coverage) for which, each in enumerate(periods)))
    bins_cte = bins.cte("bins")
    added = _added(bins_cte).cte("added")
    cuts = _cuts(added).cte("cuts")
    u = _by_unit(bins_cte, cuts).subquery("by_unit").c
    spent = _spent(added, cuts).subquery("spent")
    total = sa.func.sum
    parts = [(total(u[name]), total(u[name] * u[name]), total(u.calls * u[name])) for name in ("p50", "p95")]
    figures = (sa.func.count(), total(u.calls), total(u.calls * u.calls))
    same = sa.and_(u.value.is_not_distinct_from(spent.c.value), u.which == spent.c.which)
    return (
        sa.select(u.value, u.which, *figures, sa.func.any_value(spent.c.spent), *parts[0], *parts[1])
        .join_from(u.value.table, spent, same)
        .group_by(u.value, u.which)
        .limit(2 * MOST_ROWS)
    )


def _bins(selection: Selection, by: str, which: int, coverage: Coverage | None) -> sa.Select[Any]:
    """value, unit, which, time_bin, calls, as the rollups have them; of calls with a known time."""
    frame = selection.timeframe
    unit = "hour" if frame.length <= SHORT else "day"
    if coverage is not None:  # where a day begins does not matter here, only that rollups have it
        selection = selection.over(replace(frame, zone=coverage.zone))
    wanted = Wanted((unit, by), bins=True)
    source = rows(selection, wanted, choose(selection, wanted, coverage))
    s = source.c
    columns = (s[f"by_{by}"].label("value"), s[f"by_{unit}"].label("unit"), sa.literal(which).label("which"))
    return sa.select(*columns, s.time_bin, s.calls).where(s.time_bin.is_not(None))


def _added(bins: sa.CTE) -> sa.Select[Any]:
    """value, which, time_bin, calls: whole periods."""
    groups = (bins.c.value, bins.c.which, bins.c.time_bin)
    return sa.select(*groups, sa.func.sum(bins.c.calls).label("calls")).group_by(*groups)


def _cuts(added: sa.CTE) -> sa.Select[Any]:
    """value, p50, p95, p99: the bins of every value's common percentiles."""
    a, total = added.c, sa.func.sum(added.c.calls)
    # A bin of both periods is two rows; in order of bins they are peers, and counted together.
    up_to = total.over(partition_by=a.value, order_by=a.time_bin).label("up_to")
    counted = sa.select(a.value, a.time_bin, up_to, total.over(partition_by=a.value).label("of"))
    c = counted.subquery("counted").c
    first = [
        sa.func.min(c.time_bin).filter(c.up_to * 100 >= c["of"] * percent).label(f"p{percent}")
        for percent in (50, 95, 99)
    ]
    return sa.select(c.value, *first).group_by(c.value)


def _by_unit(bins: sa.CTE, cuts: sa.CTE) -> sa.Select[Any]:
    """value, which, calls, p50, p95: a unit's calls, and those beyond the common percentiles."""
    calls = bins.c.calls
    beyond = [
        _float(sa.func.coalesce(sa.func.sum(calls).filter(bins.c.time_bin > cuts.c[name]), 0)).label(name)
        for name in ("p50", "p95")
    ]
    return (
        sa.select(bins.c.value, bins.c.which, _float(sa.func.sum(calls)).label("calls"), *beyond)
        .join_from(bins, cuts, bins.c.value.is_not_distinct_from(cuts.c.value))
        .group_by(bins.c.value, bins.c.which, bins.c.unit)
    )


def _spent(added: sa.CTE, cuts: sa.CTE) -> sa.Select[Any]:
    """value, which, spent: completion times added up, none of them beyond the common p99."""
    time = time_of_bin(sa.func.least(added.c.time_bin, cuts.c.p99))
    return (
        sa.select(added.c.value, added.c.which, _float(sa.func.sum(added.c.calls * time)).label("spent"))
        .join_from(added, cuts, added.c.value.is_not_distinct_from(cuts.c.value))
        .group_by(added.c.value, added.c.which)
    )


def _float(expression: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(expression, sa.Double())
