"""Where the rows behind a figure come from: the rollups where they are exact, the calls for the rest.

A rollup answers for the whole days (or hours) within a timeframe; the ends that are left over are read
from the calls, and both are added up together. So an answer is that of the calls, only sooner.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from usage_core.metrics.covers import Choice, Cover, Wanted, in_utc
from usage_core.metrics.dimensions import DIMENSIONS, Expression, Row
from usage_core.selection import UNKNOWN, Selection
from usage_core.store.local_time import local_time
from usage_core.store.measures import BY_NAME, COMMON
from usage_core.store.tables import CALLS
from usage_core.store.time_bins import time_bin

OTHER = "\x1fother"
"""Stands for every value of a breakdown that was not asked to be kept apart."""

Places: TypeAlias = Mapping[str, sa.BindParameter[datetime]]


def rows(
    selection: Selection, wanted: Wanted, choice: Choice | None, *, named_edges: bool = False
) -> sa.Subquery:
    """The rows to sum: `by_NAME` for each breakdown, the wanted columns, and measures (or bins).

    With `named_edges`, the edges of a cover are parameters of their names, so that the statement serves for
    other edges, too.
    """
    frame = selection.timeframe
    if choice is None:
        return calls(selection, wanted, *in_utc(frame.start, frame.end)).subquery("rows")
    places = _places(choice.cover, named_edges)
    inside = _inside(choice, places)
    read = _entries(choice.rollup, inside).subquery("entries") if wanted.bins else choice.rollup
    summed = _summed(selection, wanted, read).where(*([] if wanted.bins else [inside]))
    ends = [calls(selection, wanted, *end) for end in _ends(choice.cover, places)]
    return (sa.union_all(summed, *ends) if ends else summed).subquery("rows")


def lists(
    selection: Selection, wanted: Wanted, choice: Choice | None, *, named_edges: bool = False
) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Completion times as lists: `by_NAME` for each breakdown, `bins` (in which NULL is unknown), and
    `counts`, the calls in each. A group may have several rows. `named_edges` are those of `rows`."""
    frame = selection.timeframe
    if choice is None:
        return _listed(calls(selection, wanted, *in_utc(frame.start, frame.end)), wanted.by)
    c, places = choice.rollup.c, _places(choice.cover, named_edges)
    inside = _select(selection, wanted, Row(c.day, dict(c)), dict(c), ("bins", "counts"))
    parts = [inside.where(_inside(choice, places))]
    parts += [listed_calls(selection, wanted, *end) for end in _ends(choice.cover, places)]
    return sa.union_all(*parts) if len(parts) > 1 else parts[0]


def listed_calls(selection: Selection, wanted: Wanted, start: Expression, end: Expression) -> sa.Select[Any]:
    """Calls of a span as `lists` has them."""
    return _listed(calls(selection, wanted, start, end), wanted.by)


def _places(cover: Cover, named: bool) -> Places:
    """A place for each edge; one that is named has no value, so that none is forgotten."""
    instant = sa.DateTime()
    return {
        name: sa.bindparam(name, type_=instant) if named else sa.bindparam(None, edge, type_=instant)
        for name, edge in cover.edges.items()
    }


def _inside(choice: Choice, places: Places) -> sa.ColumnElement[bool]:
    """What holds of the rollup's periods that are covered."""
    c, (first, beyond) = choice.rollup.c, (places.get("first"), places.get("beyond"))
    if "whole_month" not in c:
        return _between(c.day if "day" in c else c.hour, first, beyond)
    if choice.cover.months is None:
        return ~c.whole_month & _between(c.day, first, beyond)
    first_month, beyond_months = places.get("first_month"), places.get("beyond_months")
    before = [_between(c.day, first, first_month)] if first_month is not None else []
    after = [_between(c.day, beyond_months, beyond)] if beyond_months is not None else []
    in_months = c.whole_month & _between(c.day, first_month, beyond_months)
    return sa.or_(in_months, ~c.whole_month & sa.or_(sa.false(), *before, *after))


def _between(
    period: Expression, first: Expression | None, beyond: Expression | None
) -> sa.ColumnElement[bool]:
    edges = [period >= first] if first is not None else []
    return sa.and_(sa.true(), *edges, *([period < beyond] if beyond is not None else []))


def _ends(cover: Cover, places: Places) -> Iterator[tuple[Expression, Expression]]:
    for number in range(len(cover.ends)):
        yield places[f"from_{number}"], places[f"to_{number}"]


def _entries(rollup: sa.Table, inside: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """A rollup's lists as rows: `time_bin` and `calls` in place of `bins` and `counts`."""
    c = rollup.c
    groups = [column for column in c if column not in (c.bins, c.counts)]
    entries = (sa.func.unnest(c.bins).label("time_bin"), sa.func.unnest(c.counts).label("calls"))
    return sa.select(*groups, *entries).where(inside)


def _listed(calls: sa.Select[Any], by: tuple[str, ...]) -> sa.Select[Any]:
    names = [f"by_{name}" for name in by]
    single = calls.subquery("single").c
    keys = [single[name] for name in (*names, "time_bin")]
    counted = sa.select(*keys, sa.func.count().label("calls")).group_by(*keys).subquery("counted").c
    groups = [counted[name] for name in names]
    bins, counts = sa.func.list(sa.cast(counted.time_bin, sa.SmallInteger())), sa.func.list(counted.calls)
    listed = sa.select(*groups, bins.label("bins"), counts.label("counts")).group_by(*groups)
    return listed.having(sa.func.count() > 0)


def among(expression: Expression, values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether an expression is one of some values, among which UNKNOWN stands for NULL."""
    known = [value for value in values if value != UNKNOWN]
    is_known = expression.in_(known)
    return sa.or_(is_known, expression.is_(None)) if UNKNOWN in values else is_known


def calls(
    selection: Selection, wanted: Wanted, start: Expression | datetime, end: Expression | datetime
) -> sa.Select[Any]:
    """Calls of a span, each standing for itself."""
    c = CALLS.c
    fine = time_bin(c.completion_time_ms)
    row = Row(local_time(c.called_at, selection.timeframe), {**c, "time_bin": fine})
    one = {"time_bin": fine, **{name: measure.of_call(c) for name, measure in BY_NAME.items()}}
    return _select(selection, wanted, row, {**c, **one}).where(c.called_at >= start, c.called_at < end)


def _summed(selection: Selection, wanted: Wanted, rollup: sa.FromClause) -> sa.Select[Any]:
    """Rows of a rollup, each standing for many calls."""
    c = rollup.c
    local = c.day if "day" in c else local_time(c.hour, selection.timeframe)
    return _select(selection, wanted, Row(local, dict(c)), dict(c))


def _select(
    selection: Selection,
    wanted: Wanted,
    row: Row,
    columns: Mapping[str, Expression],
    measures: Iterable[str] | None = None,
) -> sa.Select[Any]:
    summed = ("time_bin", "calls") if wanted.bins else (measure.name for measure in COMMON)
    names = (*sorted(wanted.columns), *(measures or summed))
    groups = [_group(name, wanted, row).label(f"by_{name}") for name in wanted.by]
    filters = [among(row.columns[column], values) for column, values in selection.filters.items()]
    return sa.select(*groups, *(columns[name].label(name) for name in names)).where(*filters)


def _group(name: str, wanted: Wanted, row: Row) -> Expression:
    expression = DIMENSIONS[name].expression(row)
    if wanted.keep is None or name != wanted.by[-1]:
        return expression
    return sa.case((among(expression, wanted.keep), expression), else_=sa.literal(OTHER))
