"""The embedded store: DuckDB over a DuckLake, its catalog in SQLite, its data in Parquet files.

Many processes may read and write one folder at the same time. Writers take turns through a lock
file, which the operating system frees when a process dies; readers never wait and see one
consistent state of the store for as long as their transaction lasts.
"""

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import duckdb
import sqlalchemy as sa
from filelock import FileLock, Timeout

from usage_core.errors import Interrupted, StoreUnavailable
from usage_core.store import known_empty, migrate, new_store, rollups
from usage_core.store.engine import EXTENSIONS, config, literal, load, memory_mb, native, threads
from usage_core.store.hot import Ahead, Hot
from usage_core.store.room import told_when_full
from usage_core.store.scratch import Scratch
from usage_core.store.settings import reporting_zone
from usage_core.store.underway import Underway

READERS = 32


CATALOG = "catalog.sqlite"

Mark: TypeAlias = tuple[tuple[int, int], ...]

Answer = TypeVar("Answer")

StoppedBy: TypeAlias = Callable[[Callable[[], None] | None], None]


class Lake:
    """A store in one folder. Use `open_lake`; `close` when done."""

    def __init__(self, folder: Path) -> None:
        """Open the folder without looking at its version; `open_lake` does that."""
        self.folder = folder
        self.lock = FileLock(folder / "writer.lock")
        # Of its own: DuckDB gives the files it spills to the same names in every process.
        self.spill = Scratch(folder / "staging", "spill")
        self.engine = sa.create_engine(
            sa.URL.create("duckdb", database=f":memory:lake-{uuid.uuid4().hex}", query=config()),
            poolclass=sa.pool.QueuePool,
            pool_size=READERS,
            max_overflow=READERS,
        )
        sa.event.listen(self.engine, "connect", self._attach)
        self.underway = Underway()
        self.hot: Hot | None = None
        self._version: tuple[Mark | None, int] | None = None

    def _attach(self, connection: Any, _record: object) -> None:
        execute = connection.execute
        for name in EXTENSIONS:
            load(execute, name)
        catalog = self.folder / CATALOG
        parquet = f"{self.folder / 'parquet'}{os.sep}"
        for setting in (
            f"memory_limit = '{memory_mb()}MB'",
            f"temp_directory = {literal(self.spill.path)}",
            "TimeZone = 'UTC'",
            "python_enable_replacements = false",
            "enable_progress_bar_print = false",
            *([f"threads = {most}"] if (most := threads()) else []),
        ):
            execute(f"SET {setting}")
        execute(
            f"ATTACH IF NOT EXISTS {literal(f'ducklake:sqlite:{catalog}')} AS lake "
            f"(DATA_PATH {literal(parquet)}, "
            # The folder may have been moved, or come back from a backup elsewhere.
            "OVERRIDE_DATA_PATH true, META_JOURNAL_MODE 'WAL', META_BUSY_TIMEOUT 10000)"
        )
        execute("USE lake")

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection on one consistent state of the store."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def keep_hot(self, ahead: Sequence[Ahead] = ()) -> int:
        """Have `answer` read rollups from a copy in memory, as soon as there is one of the newest state.
        Gives its version."""
        if self.hot is None:
            self.hot = Hot(self.engine, READERS, ahead)
        version = self.version()
        self.hot.want(version)
        return version

    def answer(self, work: Callable[[sa.Connection], Answer], stopped_by: StoppedBy | None = None) -> Answer:
        """What `work` finds by a connection on one consistent state of the store.

        `stopped_by` is told the call that interrupts the work, and None when it is too late for it.
        """
        version = self.version()
        if self.hot is not None:
            with self.hot.reading(version) as connection:
                found = [_stoppable(connection, work, stopped_by)] if connection is not None else []
            # What it read of calls is of the lake's own state: the same, if nothing was stored meanwhile.
            if found and self.version() == version:
                return found[0]
        with self.reading() as connection:
            return _stoppable(connection, work, stopped_by)

    @contextmanager
    def turn(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """This process's turn to write; `waiting` is called once if another writer is at work."""
        try:
            self.lock.acquire(timeout=0.2)
        except Timeout:
            waiting()
            self.lock.acquire()
        try:
            yield
        finally:
            self.lock.release()

    @contextmanager
    def writing(self, waiting: Callable[[], None] = lambda: None) -> Iterator[sa.Connection]:
        """A connection whose changes are stored all together at the end, or not at all.

        Raises:
            StoreUnavailable: there is no room for them.
            GivenUp: the program has to end.
        """
        with (
            told_when_full(self.folder),
            self.turn(waiting),
            self.engine.connect() as connection,
            self.underway.work(connection),
            connection.begin(),
        ):
            yield connection

    def version(self) -> int:
        """A number that grows with every change to the store, by whatever process."""
        mark, known = _mark(self.folder), self._version
        if mark is None or known is None or known[0] != mark:
            with told_when_full(self.folder), self.reading() as connection:
                found = int(
                    connection.execute(sa.text("SELECT id FROM lake.current_snapshot()")).scalar_one()
                )
            known = self._version = mark, found
        return known[1]

    def close(self) -> None:
        """Let go of every connection and file."""
        if self.hot is not None:
            self.hot.close()
        self.engine.dispose()
        self.spill.close()


def _stoppable(
    connection: sa.Connection, work: Callable[[sa.Connection], Answer], stopped_by: StoppedBy | None
) -> Answer:
    if stopped_by is None:
        return work(connection)
    stopped_by(native(connection).interrupt)
    try:
        return work(connection)
    except (duckdb.InterruptException, sa.exc.DBAPIError) as error:
        if isinstance(getattr(error, "orig", error), duckdb.InterruptException):
            raise Interrupted("The question was given up.") from error
        raise
    finally:
        # Before another question has the connection, and would be stopped for this one.
        stopped_by(None)


def open_lake(folder: Path) -> Lake:
    """Open the store in a folder, creating it or bringing it up to date where needed.

    Raises:
        StoreUnavailable: the folder cannot be written, or holds a store of a newer program.
    """
    try:
        for part in (folder / "staging", folder / "parquet"):
            part.mkdir(parents=True, exist_ok=True)
        lake = Lake(folder)
        try:
            _bring_up_to_date(lake)
        except BaseException:
            lake.close()
            raise
    except (OSError, sa.exc.SQLAlchemyError, duckdb.Error) as error:
        raise StoreUnavailable(
            f"The store in {folder} cannot be opened: {_first_line(error)} "
            "Check that the folder exists, is writable and has free space."
        ) from error
    return lake


SETTLED_NS = 100_000_000
"""So long after a change of a file its time is sure to differ from the time of any later change."""


def _mark(folder: Path) -> Mark | None:
    """What the catalog's files look like from outside, which every commit changes; None just after one."""
    found = []
    for name in (CATALOG, f"{CATALOG}-wal"):
        try:
            status = (folder / name).stat()
        except FileNotFoundError:
            continue
        found.append((status.st_mtime_ns, status.st_size))
    newest = max((changed for changed, _size in found), default=0)
    return tuple(found) if abs(time.time_ns() - newest) > SETTLED_NS else None


def _bring_up_to_date(lake: Lake) -> None:
    if not _is_current(lake):
        with lake.writing() as connection:
            if not new_store.create(connection):
                migrate.upgrade(connection)
                rollups.fill(connection, reporting_zone(connection))
            known_empty.settle(connection)


def _is_current(lake: Lake) -> bool:
    if not (lake.folder / CATALOG).exists():
        with lake.turn():  # two first starts must not both create the catalog
            lake.version()
        return False
    with lake.reading() as connection:
        return migrate.is_current(connection)


def remove(folder: Path) -> None:
    """Delete a store's folder with everything in it."""
    shutil.rmtree(folder, ignore_errors=True)


def _first_line(error: Exception) -> str:
    text = str(getattr(error, "orig", error)).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".") + "."
