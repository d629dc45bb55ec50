"""Sums kept beside the calls, so that a year of 100 million calls answers at once.

They are added to in the transaction that stores calls, and only ever added to: each import appends the
sums of its own calls, and a reader adds up whatever rows it finds. `rebuild` makes them anew, which
also merges the rows of many small imports.

Days are days of the workspace's zone; hours are UTC.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from usage_core.store.local_time import local_time, truncated
from usage_core.store.measures import COMMON, MEASURES, Measure
from usage_core.store.tables import (
    CALLS,
    DAY_TIMES,
    DAYS,
    KEY_HOURS,
    KEY_NAMES,
    KEY_TIMES,
    MODEL_HOURS,
    PRICES,
    TIMES,
)
from usage_core.store.time_bins import time_bin
from usage_core.timeframe import Timeframe, midnight, zone_info

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Columns = ReadOnlyColumnCollection[str, sa.Column[Any]]

c = CALLS.c


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table of sums: what its rows are grouped by, and what is added up."""

    table: sa.Table
    groups: Callable[[Columns, Timeframe], Sequence[sa.ColumnElement[Any]]]
    sums: Callable[[Columns], Sequence[sa.ColumnElement[Any]]]


def _day(c: Columns, frame: Timeframe) -> sa.ColumnElement[Any]:
    return truncated("day", local_time(c.called_at, frame))


def _hour(c: Columns, _frame: Timeframe) -> sa.ColumnElement[Any]:
    return truncated("hour", c.called_at)


def _bin(c: Columns) -> sa.ColumnElement[Any]:
    return time_bin(c.completion_time_ms)


def _sums(measures: Iterable[Measure]) -> Callable[[Columns], Sequence[sa.ColumnElement[Any]]]:
    return lambda c: [measure.of_calls(c) for measure in measures]


def _count(_c: Columns) -> Sequence[sa.ColumnElement[Any]]:
    return [sa.func.count()]


ROLLUPS = (
    Rollup(
        DAYS,
        lambda c, frame: (_day(c, frame), c.api_key_id, c.provider_name, c.model_name, c.kind),
        _sums(MEASURES),
    ),
    Rollup(KEY_HOURS, lambda c, frame: (_hour(c, frame), c.api_key_id), _sums(COMMON)),
    Rollup(
        MODEL_HOURS, lambda c, frame: (_hour(c, frame), c.provider_name, c.model_name, c.kind), _sums(COMMON)
    ),
    Rollup(
        PRICES,
        lambda c, frame: (
            _day(c, frame),
            c.provider_name,
            c.model_name,
            c.kind,
            c.cost_basis,
            c.input_price,
            c.output_price,
        ),
        _sums(COMMON),
    ),
    Rollup(KEY_NAMES, lambda c, _frame: (c.api_key_id, c.api_key_name), lambda c: [sa.func.max(c.called_at)]),
    Rollup(
        TIMES,
        lambda c, frame: (_day(c, frame), c.provider_name, c.model_name, c.kind, _bin(c)),
        _count,
    ),
    Rollup(KEY_TIMES, lambda c, frame: (_day(c, frame), c.api_key_id, c.kind, _bin(c)), _count),
    Rollup(DAY_TIMES, lambda c, frame: (_day(c, frame), c.kind, _bin(c)), _count),
)


_COMBINED: dict[str, Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]] = {
    **{measure.name: measure.combined for measure in MEASURES},
    "last_called_at": sa.func.max,
}
"""How rows for the same groups become one."""


def groups_of(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """The columns by which a rollup's rows are grouped."""
    return [column for column in table.columns if column.name not in _COMBINED]


def append(
    connection: sa.Connection, zone: str, first: datetime, last: datetime, import_id: str | None = None
) -> None:
    """Add the sums of the calls from first to last (naive UTC, both included), of one import or of all."""
    chosen = [c.called_at >= first, c.called_at <= last]
    if import_id is not None:
        chosen.append(c.import_id == import_id)
    for rollup in ROLLUPS:
        add(connection, rollup, around(first, last, zone), chosen)


def around(first: datetime, last: datetime, zone: str) -> Timeframe:
    """A timeframe that holds both instants (naive UTC)."""
    start, end = (moment.replace(second=0, microsecond=0, tzinfo=UTC) for moment in (first, last))
    return Timeframe(start, end + timedelta(minutes=1), zone)


def add(
    connection: sa.Connection,
    rollup: Rollup,
    frame: Timeframe,
    chosen: Sequence[sa.ColumnElement[bool]],
) -> None:
    """Add the sums of chosen calls, which lie in a timeframe, to a rollup."""
    groups = rollup.groups(c, frame)
    sums = sa.select(*groups, *rollup.sums(c)).where(*chosen).group_by(*groups).order_by(groups[0])
    connection.execute(sa.insert(rollup.table).from_select(list(rollup.table.columns.keys()), sums))


_AT_ONCE = timedelta(days=31)


def renew(
    connection: sa.Connection, zone: str, first: datetime, last: datetime, *, costs_only: bool = False
) -> None:
    """Make all sums anew for calls from first to last (naive UTC), after some were taken out or, with
    `costs_only`, after nothing but their costs was changed.

    Whole days and hours are made anew, so the calls around the edges are read, too.
    """
    days = [moment.replace(tzinfo=UTC).astimezone(zone_info(zone)).date() for moment in (first, last)]
    days[1] += DAY
    start, end = (midnight(day, zone).astimezone(UTC).replace(tzinfo=None) for day in days)
    hours = start.replace(minute=0), end.replace(minute=0) + HOUR
    whole = {
        "day": ([datetime.combine(day, time()) for day in days], _parts(connection, start, end)),
        "hour": (hours, _parts(connection, *hours)),
    }
    for rollup in ROLLUPS:
        table = rollup.table
        period = next((name for name in whole if name in table.c), None)
        if costs_only and "cost_pico" not in table.c:
            continue
        if period is None:  # a few rows for each key, of all times
            connection.execute(sa.delete(table))
            add(connection, rollup, around(first, last, zone), [])
            continue
        (written, beyond), parts = whole[period]
        connection.execute(sa.delete(table).where(table.c[period] >= written, table.c[period] < beyond))
        for found, until in parts:
            add(connection, rollup, around(found, until, zone), [c.called_at >= found, c.called_at < until])


def _parts(connection: sa.Connection, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The parts of [start, end) in which there are calls, short enough for memory to stay bounded where one
    is added after another; rows of a period that is cut add up."""
    parts = []
    while (found := _next_call(connection, start)) is not None and found < end:
        start = min(end, found + _AT_ONCE)
        parts.append((found, start))
    return parts


def _next_call(connection: sa.Connection, start: datetime) -> datetime | None:
    """When the first call from `start` on was made: one with a wrong clock may lie decades from others."""
    found = sa.select(sa.func.min(c.called_at)).where(c.called_at >= start)
    moment: datetime | None = connection.execute(found).scalar()
    return moment


def rebuild(
    connection: sa.Connection,
    zone: str,
    report: Callable[[float], None] = lambda _part: None,
    which: Sequence[Rollup] = ROLLUPS,
) -> None:
    """Make rollups anew for a zone, in the connection's transaction; readers see the old ones until
    it ends. `report` is told how much is done, 0 to 1."""
    for rollup in which:
        connection.execute(sa.delete(rollup.table))
    first, last = connection.execute(sa.select(sa.func.min(c.called_at), sa.func.max(c.called_at))).one()
    if first is None:
        return
    start: datetime | None = first
    while start is not None:  # a month at a time, so that memory stays bounded
        following = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)
        following = following.replace(day=1)
        until = min(last + _INSTANT, following)
        for rollup in which:
            add(connection, rollup, around(start, until, zone), [c.called_at >= start, c.called_at < until])
        report(min(1.0, (following - first) / max(last - first, timedelta(seconds=1))))
        start = _next_call(connection, following)


_INSTANT = timedelta(microseconds=1)


def fill(connection: sa.Connection, zone: str) -> None:
    """Make the rollups that are empty though there are calls, as a step of the schema leaves those that
    are new or changed."""
    counts = [sa.select(sa.func.count()).select_from(rollup.table) for rollup in ROLLUPS]
    rows = [connection.execute(count).scalar() for count in counts]
    empty = [rollup for rollup, count in zip(ROLLUPS, rows, strict=True) if not count]
    if empty:
        rebuild(connection, zone, which=empty)


def added_up(table: sa.Table, of: sa.FromClause | None = None) -> sa.Select[*tuple[Any, ...]]:
    """A rollup's rows, those that several imports have for the same period and groups made one; or what its
    rows come to in a table of finer ones."""
    rows = table if of is None else of
    groups = [rows.c[column.name] for column in groups_of(table)]
    combined = [_COMBINED[m.name](rows.c[m.name]).label(m.name) for m in table.columns if m.name in _COMBINED]
    return sa.select(*groups, *combined).group_by(*groups).order_by(groups[0])


def combined_of(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    """What all rows of a rollup come to: the same, however many rows there are."""
    return [_COMBINED[m.name](m).label(m.name) for m in table.columns if m.name in _COMBINED]


def has_doubles(connection: sa.Connection, table: sa.Table) -> bool:
    """Whether a rollup has several rows for the same period and groups."""
    rows = sa.select(sa.func.count()).select_from(table)
    distinct = sa.select(sa.func.count()).select_from(sa.select(*groups_of(table)).distinct().subquery())
    return bool(connection.execute(rows).scalar_one() > connection.execute(distinct).scalar_one())


TABLES = tuple(rollup.table for rollup in ROLLUPS)
