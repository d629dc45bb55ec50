"""The sums of calls on their way into the store, made while they are at hand: reading them from there is
several times faster than from where they were put.

They are made in a scratch database, which a connection has chosen: a table of a transaction that is not over
yet is read by one thread alone.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from duckdb_sqlalchemy import Dialect

from usage_core.store.engine import native
from usage_core.store.measures import MEASURES
from usage_core.store.new_files import NewFiles
from usage_core.store.rollups import ROLLUPS, Columns, added_up, around, groups_of
from usage_core.store.rows import run
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
from usage_core.timeframe import Timeframe

NEW = CALLS.to_metadata(sa.MetaData(), name="new_calls")
"""The calls, in the scratch database; texts may be held by types of few values."""

FEWEST_IN_FILE = 20_000
"""Fewer rows of a rollup are stored sooner by the store itself."""

_BY_TABLE = {rollup.table: rollup for rollup in ROLLUPS}

_FINE = {
    "new_hours": (DAYS, PRICES, KEY_NAMES, KEY_HOURS, MODEL_HOURS),
    "new_times": (TIMES, KEY_TIMES, DAY_TIMES),
}
"""Rollups that are added up from one table of sums by all that they are grouped by; that has far fewer rows
than there are calls."""


def _fine(tables: Sequence[sa.Table], c: Columns, frame: Timeframe) -> sa.Select[*tuple[Any, ...]]:
    """Calls added up by all that these rollups are grouped by."""
    groups = {
        column.name: group.label(column.name)
        for table in tables
        for column, group in zip(groups_of(table), _BY_TABLE[table].groups(c, frame), strict=True)
    }
    sums: list[sa.ColumnElement[Any]] = [sa.func.count().label("calls")]
    if PRICES in tables:
        sums = [measure.of_same_prices(c).label(measure.name) for measure in MEASURES]
        sums.append(sa.func.max(c.called_at).label("last_called_at"))
    return sa.select(*groups.values(), *sums).group_by(*groups.values())


def sum_up(
    connection: sa.Connection, zone: str, first: datetime, last: datetime, *, more: bool = False
) -> None:
    """Hold the sums of all calls in `NEW`, made from first to last (naive UTC, both included); where there
    are `more`, beside those that are held already."""
    for name, tables in _FINE.items():
        rows = _fine(tables, NEW.c, around(first, last, zone))
        run(connection, rows, f"CREATE OR REPLACE TABLE {name} AS ")
        for table in tables:
            held = _held(table)
            names = ", ".join(table.columns.keys())
            begin = f"INSERT INTO {held}" if more else f"CREATE TABLE {held} ({names}) AS"
            native(connection).execute(f"{begin} {_added_up(table, name)}")


@cache
def _added_up(table: sa.Table, name: str) -> str:
    """SQL for a rollup's rows from the finer sums of this name: the same for every import, and to write it
    takes as long as to add up a few rows."""
    rows = added_up(table, table.to_metadata(sa.MetaData(), name=name))
    return str(rows.compile(dialect=Dialect(), compile_kwargs={"literal_binds": True}))


def write_sums(connection: sa.Connection, files: NewFiles) -> None:
    """Write what is held for rollups into files, where that are many rows."""
    for rollup in ROLLUPS:
        rows = sa.select(sa.func.count()).select_from(sa.table(_held(rollup.table)))
        if run(connection, rows).fetchone()[0] >= FEWEST_IN_FILE:
            files.write(connection, rollup.table, _held(rollup.table))


def append_sums(connection: sa.Connection, scratch: str, files: NewFiles) -> None:
    """Add what is held in a scratch database of this name, and is in no file, to the rollups."""
    written = {table for table, _path in files.written}
    for rollup in ROLLUPS:
        if rollup.table not in written:
            names = ", ".join(rollup.table.columns.keys())
            held = f"SELECT {names} FROM {scratch}.{_held(rollup.table)}"
            connection.execute(sa.text(f"INSERT INTO {rollup.table.name} ({names}) {held}"))


def _held(table: sa.Table) -> str:
    return f"new_{table.name}"
