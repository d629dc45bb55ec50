"""The sums of calls on their way into the store, made while they are at hand: reading them from there is
several times faster than from where they were put."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from usage_core.store.measures import MEASURES
from usage_core.store.rollups import ROLLUPS, Rollup, add, added_up, around, groups_of, insert
from usage_core.store.tables import CALLS, DAY_TIMES, DAYS, KEY_NAMES, PRICES, TIMES

NEW = CALLS.to_metadata(sa.MetaData(), name="new_calls")
"""The calls, in a temporary table of the connection; texts may be held by types of few values."""

_BY_TABLE = {rollup.table: rollup for rollup in ROLLUPS}


def _temporary(name: str, columns: Sequence[sa.Column[object]]) -> sa.Table:
    made = (sa.Column(column.name, column.type) for column in columns)
    return sa.Table(name, sa.MetaData(), *made, prefixes=["TEMPORARY"])


def _days() -> Rollup:
    """Sums by all that days, prices and names are grouped by."""
    days = _BY_TABLE[DAYS]
    names = [column.name for table in (DAYS, PRICES, KEY_NAMES) for column in groups_of(table)]
    names = [name for name in dict.fromkeys(names) if name != "day"]
    sums = [DAYS.c[measure.name] for measure in MEASURES]
    table = _temporary(
        "new_days", [DAYS.c.day, *(CALLS.c[name] for name in names), *sums, KEY_NAMES.c.last_called_at]
    )
    return Rollup(
        table,
        lambda c, frame: (days.groups(c, frame)[0], *(c[name] for name in names)),
        lambda c: (*(measure.of_same_prices(c) for measure in MEASURES), sa.func.max(c.called_at)),
    )


def _times() -> Rollup:
    times = _BY_TABLE[TIMES]
    return Rollup(_temporary("new_times", list(TIMES.columns)), times.groups, times.sums)


_FINE = {_days(): (DAYS, PRICES, KEY_NAMES), _times(): (TIMES, DAY_TIMES)}
"""Sums that others can be added up from: they are far fewer than calls."""


def append_new(connection: sa.Connection, zone: str, first: datetime, last: datetime) -> None:
    """Add the sums of all calls in `NEW`, made from first to last (naive UTC, both included)."""
    frame = around(first, last, zone)
    for fine, coarse in _FINE.items():
        fine.table.create(connection)
        add(connection, fine, frame, (), NEW)
        for table in coarse:
            insert(connection, table, added_up(table, fine.table))
        fine.table.drop(connection)
    made = [table for coarse in _FINE.values() for table in coarse]
    for rollup in ROLLUPS:
        if rollup.table not in made:
            add(connection, rollup, frame, (), NEW)
