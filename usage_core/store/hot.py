"""A copy in memory of all that is small: rollups, receipts, settings; for a process that answers often.

Every statement on the lake looks up files in the catalog first, which takes ten times as long as
reading a rollup. The copy is of one version of the store and says of which: it answers only as long as
the store is at that version, so an answer is the same with it and without. Calls are not copied; a
statement on them goes on to the lake. Where no call came or went, the next copy takes from the one before
whatever did not change.
"""

import threading
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from usage_core.store import rollups
from usage_core.store.changes import changed_since
from usage_core.store.kept import KEPT, Kept
from usage_core.store.known_empty import UNTOUCHED
from usage_core.store.tables import BUCKETS, CALLS, DAYS, KEPT_MONTHS, LISTED_ROWS, LISTS, METADATA, VIEWS

_PASSED_ON = (CALLS, *LISTED_ROWS, *LISTS)
COPIED = tuple(each for each in (*METADATA.sorted_tables, *VIEWS.sorted_tables) if each not in _PASSED_ON)
"""Of completion times the lists alone: they take half the memory, and are read ten times as fast."""

_FIGURES = {each.name for each in (CALLS, BUCKETS, KEPT_MONTHS, *rollups.TABLES)}
"""What views read, and what changes with the calls."""

MOST_BYTES_KEPT = 64 * 2**20
"""What was read of a copy and is kept may take so much memory."""

Ahead: TypeAlias = Callable[[sa.Connection], object]
"""Reads, and has `kept`, what everybody will ask a copy for, before anybody may ask it."""

_NAMES = tuple(column.name for column in DAYS.columns if isinstance(column.type, sa.String))
_LAKE_VERSION = sa.text("SELECT id FROM lake.current_snapshot()")


@dataclass(slots=True)
class _Copy:
    """The copy of a version, in a schema of its own that never changes."""

    version: int
    engine: sa.Engine
    readers: int = 0
    retired: bool = False

    @property
    def schema(self) -> str:
        return f"hot.v{self.version}"


class Hot:
    """The copy of the lake that an engine's database has attached; made, and made anew, in the background."""

    def __init__(self, lake: sa.Engine, readers: int, ahead: Sequence[Ahead] = ()) -> None:
        self._lake = lake
        self._readers = readers
        self._ahead = ahead
        self._making, self._counting = threading.Lock(), threading.Lock()
        self._wanted = -1
        self._copy: _Copy | None = None
        with lake.begin() as connection:
            connection.execute(sa.text("ATTACH IF NOT EXISTS ':memory:' AS hot (COMPRESS)"))

    @property
    def version(self) -> int:
        """The version of the store that was copied last; -1 before the first."""
        copy = self._copy
        return copy.version if copy else -1

    def want(self, version: int) -> None:
        """Have the copy brought to a version, without waiting for it."""
        if version not in (self.version, self._wanted):
            self._wanted = version
            threading.Thread(target=self.make, name="hot-copy", daemon=True).start()

    def make(self) -> None:
        """Copy the store as it is now; readers have the copy before until it is done."""
        with self._making:
            with self._lake.begin() as connection:
                version = int(connection.execute(_LAKE_VERSION).scalar_one())
                if version == self.version:
                    return
                copy = _Copy(version, self._engine(version))
                changed = changed_since(connection, self.version)
                if self._copy is None or changed is None or changed & _FIGURES:
                    _fill(connection, copy.schema)
                else:
                    _take_over(connection, copy.schema, self._copy.schema, changed)
            self._read_ahead(copy)
            self._retire(copy)

    def _read_ahead(self, copy: _Copy) -> None:
        with copy.engine.connect() as connection:
            for read in self._ahead:
                read(connection)
        copy.engine.get_execution_options()[KEPT].settle()

    def _engine(self, version: int) -> sa.Engine:
        """Connections on a copy: of their own, since with the lake on the search path every statement asks
        its catalog; without transactions, since a copy never changes."""
        engine = sa.create_engine(
            self._lake.url,
            poolclass=sa.pool.QueuePool,
            pool_size=self._readers,
            max_overflow=self._readers,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            execution_options={KEPT: Kept(MOST_BYTES_KEPT)},
        )

        def use_copy(connection: Any, _record: object) -> None:
            connection.execute(f"USE hot.v{version}")

        sa.event.listen(engine, "connect", use_copy)
        # There is no transaction to roll back, and to be told so takes DuckDB a millisecond.
        engine.dialect.do_rollback = _do_nothing  # type: ignore[method-assign]
        return engine

    @contextmanager
    def reading(self, version: int) -> Iterator[sa.Connection | None]:
        """A connection on the copy of a version; None where the copy is of another.

        Whoever reads calls by it has to make sure afterwards that the store is still at that version.
        """
        with self._counting:
            copy = self._copy
            if copy is None or copy.version != version:
                copy = None
            else:
                copy.readers += 1
        if copy is None:
            yield None
            return
        try:
            with copy.engine.connect() as connection:
                yield connection
        finally:
            with self._counting:
                copy.readers -= 1
                unused = copy.retired and not copy.readers
            if unused:
                self._drop(copy)

    def forget(self) -> None:
        """Read anew what was read of the copy already."""
        if copy := self._copy:
            copy.engine.get_execution_options()[KEPT].clear()

    def close(self) -> None:
        """Let go of every connection, once a copy being made is finished."""
        with self._making:
            self._retire(None)  # whoever still asks is answered by the lake

    def _retire(self, by: _Copy | None) -> None:
        """Have another copy answer; the one before goes when its last reader does."""
        with self._counting:
            before, self._copy = self._copy, by
            if before is not None:
                before.retired = True
            unused = before is not None and not before.readers
        if before is not None and unused:
            self._drop(before)

    def _drop(self, copy: _Copy) -> None:
        copy.engine.dispose()
        with self._lake.begin() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {copy.schema} CASCADE"))


def _do_nothing(dbapi_connection: object) -> None:
    del dbapi_connection


def _fill(connection: sa.Connection, schema: str) -> None:
    """Copy all there is."""
    connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    lists = ", ".join(f"list(DISTINCT {name}) AS {name}" for name in _NAMES)
    connection.execute(sa.text(f"CREATE TABLE {schema}.names AS SELECT {lists} FROM lake.main.{DAYS.name}"))
    for name in _NAMES:
        # With an empty name more, since there is no ENUM of nothing.
        known = f"SELECT unnest({name}) AS name FROM {schema}.names"
        values = f"SELECT '' UNION SELECT name FROM ({known}) WHERE name IS NOT NULL ORDER BY 1"
        connection.execute(sa.text(f"CREATE TYPE {schema}.{name} AS ENUM ({values})"))
    connection.execute(sa.text(f"DROP TABLE {schema}.names"))
    untouched = set(connection.execute(sa.text(UNTOUCHED)).scalars())
    for table in COPIED:
        rows = f"SELECT *{_narrow(table, schema)} FROM lake.main.{table.name}"
        # To read nothing takes as long as to read a few.
        rows += " LIMIT 0" if table.name in untouched else ""
        # A timeframe is then read in one piece.
        rows += " ORDER BY whole_month, day" if table in LISTS.values() else ""
        connection.execute(sa.text(f"CREATE TABLE {schema}.{table.name} AS {rows}"))
    _pass_on(connection, schema)


def _take_over(connection: sa.Connection, schema: str, before: str, changed: Set[str]) -> None:
    """The same of a version in which only these tables are others than in the one before."""
    connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    for table in COPIED:
        place = "lake.main" if table.name in changed else before
        connection.execute(sa.text(f"CREATE TABLE {schema}.{table.name} AS FROM {place}.{table.name}"))
    _pass_on(connection, schema)


def _pass_on(connection: sa.Connection, schema: str) -> None:
    for table in _PASSED_ON:
        connection.execute(
            sa.text(f"CREATE VIEW {schema}.{table.name} AS SELECT * FROM lake.main.{table.name}")
        )


def _narrow(table: sa.Table, schema: str) -> str:
    """Numbers of two bytes for names: grouping by them takes half as long."""
    if table not in (*rollups.TABLES, *LISTS.values()):
        return ""
    casts = [f"CAST({name} AS {schema}.{name}) AS {name}" for name in _NAMES if name in table.c]
    return f" REPLACE ({', '.join(casts)})" if casts else ""
