"""A copy in memory of all that is small: rollups, receipts, settings; for a process that answers often.

Every statement on the lake looks up files in the catalog first, which takes ten times as long as
reading a rollup. The copy is of one version of the store and says of which: it answers only as long as
the store is at that version, so an answer is the same with it and without. Calls are not copied; a
statement on them goes on to the lake.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from usage_core.store.tables import CALLS, METADATA, REJECTED

COPIED = tuple(table.name for table in METADATA.sorted_tables if table not in (CALLS, REJECTED))
_PASSED_ON = (CALLS.name, REJECTED.name)
# Grouping by a narrow number takes half as long.
_NARROW = " REPLACE (CAST(time_bin AS SMALLINT) AS time_bin)"
_COPIED_VERSION = sa.text("SELECT version FROM copied")
_LAKE_VERSION = sa.text("SELECT id FROM lake.current_snapshot()")


class Hot:
    """The copy of the lake that an engine's database has attached; made, and made anew, in the background."""

    def __init__(self, lake: sa.Engine, readers: int) -> None:
        self._lake = lake
        self._making = threading.Lock()
        self._wanted = -1
        self.version = -1
        """The version of the store that was copied last; -1 before the first."""
        with lake.begin() as connection:
            connection.execute(sa.text("ATTACH IF NOT EXISTS ':memory:' AS hot (COMPRESS)"))
        # Of their own: where the lake is on the search path, every statement asks its catalog.
        self._engine = sa.create_engine(lake.url, poolclass=sa.pool.QueuePool, pool_size=readers)
        sa.event.listen(self._engine, "connect", _use_copy)

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
                if version != self.version:
                    _copy(connection, version)
            self.version = version

    @contextmanager
    def reading(self, version: int) -> Iterator[sa.Connection | None]:
        """A connection on the copy of a version; None where the copy is of another.

        Whoever reads calls by it has to make sure afterwards that the store is still at that version.
        """
        if version != self.version:
            yield None
            return
        with self._engine.connect() as connection, connection.begin():
            copied = connection.execute(_COPIED_VERSION).scalar() == version
            yield connection if copied else None

    def close(self) -> None:
        """Let go of every connection, once a copy being made is finished."""
        with self._making:
            self.version = -1  # whoever still asks is answered by the lake
            self._engine.dispose()


def _use_copy(connection: Any, _record: object) -> None:
    connection.execute("USE hot")


def _copy(connection: sa.Connection, version: int) -> None:
    for name in COPIED:
        rows = f"SELECT *{_NARROW if 'time_bin' in METADATA.tables[name].c else ''} FROM lake.main.{name}"
        connection.execute(sa.text(f"CREATE OR REPLACE TABLE hot.main.{name} AS {rows}"))
    for name in _PASSED_ON:
        connection.execute(
            sa.text(f"CREATE OR REPLACE VIEW hot.main.{name} AS SELECT * FROM lake.main.{name}")
        )
    connection.execute(sa.text(f"CREATE OR REPLACE TABLE hot.main.copied AS SELECT {version} AS version"))
