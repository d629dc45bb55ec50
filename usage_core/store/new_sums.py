"""The sums of calls on their way into the store, made while they are at hand: reading them from there is
several times faster than from where they were put."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from usage_core.store.measures import MEASURES
from usage_core.store.rollups import ROLLUPS, Columns, add, added_up, around, groups_of, insert
from usage_core.store.rows import hold
from usage_core.store.tables import CALLS, DAY_TIMES, DAYS, KEY_NAMES, PRICES, TIMES
from usage_core.timeframe import Timeframe

NEW = CALLS.to_metadata(sa.MetaData(), name="new_calls")
"""The calls, in a temporary table of the connection; texts may be held by types of few values."""

_BY_TABLE = {rollup.table: rollup for rollup in ROLLUPS}


def _days(c: Columns, frame: Timeframe) -> sa.Select[*tuple[Any, ...]]:
    """Sums by all that days, prices and names are grouped by."""
    day = _BY_TABLE[DAYS].groups(c, frame)[0].label("day")
    names = [column.name for table in (DAYS, PRICES, KEY_NAMES) for column in groups_of(table)]
    groups = [day, *(c[name] for name in dict.fromkeys(names) if name != "day")]
    sums = (measure.of_same_prices(c).label(measure.name) for measure in MEASURES)
    return sa.select(*groups, *sums, sa.func.max(c.called_at).label("last_called_at")).group_by(*groups)


def _times(c: Columns, frame: Timeframe) -> sa.Select[*tuple[Any, ...]]:
    times = _BY_TABLE[TIMES]
    *groups, calls = (*times.groups(c, frame), *times.sums(c))
    named = [each.label(column.name) for each, column in zip((*groups, calls), TIMES.columns, strict=True)]
    return sa.select(*named).group_by(*groups)


_FINE = {"new_days": (_days, (DAYS, PRICES, KEY_NAMES)), "new_times": (_times, (TIMES, DAY_TIMES))}
"""Sums that others can be added up from: they are far fewer than calls."""


def summed() -> list[str]:
    """The columns of calls that the sums are made of."""
    frame = Timeframe(datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC))
    fine = [sums(NEW.c, frame) for sums, _ in _FINE.values()]
    others = [(*rollup.groups(NEW.c, frame), *rollup.sums(NEW.c)) for rollup in ROLLUPS]
    parts = (part for each in (*fine, *sum(others, ())) for part in visitors.iterate(each))
    return sorted({part.name for part in parts if isinstance(part, sa.Column) and part.table is NEW})


def append_new(connection: sa.Connection, zone: str, first: datetime, last: datetime) -> None:
    """Add the sums of all calls in `NEW`, made from first to last (naive UTC, both included)."""
    frame = around(first, last, zone)
    made: list[sa.Table] = []
    for name, (sums, coarse) in _FINE.items():
        rows = sums(NEW.c, frame)
        hold(connection, name, rows)
        for table in coarse:
            insert(connection, table, _of(rows, name, table))
        connection.execute(sa.text(f"DROP TABLE {name}"))
        made += coarse
    for rollup in ROLLUPS:
        if rollup.table not in made:
            add(connection, rollup, frame, (), NEW)


def _of(rows: sa.Select[*tuple[Any, ...]], name: str, table: sa.Table) -> sa.Select[*tuple[Any, ...]]:
    """A rollup's rows from finer ones that are held under a name; those as fine as its own are its own."""
    fine = sa.table(name, *(sa.column(each.name, each.type) for each in rows.selected_columns))
    if set(fine.c.keys()) == set(table.c.keys()):
        return sa.select(*(fine.c[column.name] for column in table.columns)).order_by(fine.c.day)
    return added_up(table, fine)
