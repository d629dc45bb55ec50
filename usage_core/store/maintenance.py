"""Keeps a store small and quick: many small imports leave many small files and old states behind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from filelock import Timeout

from usage_core.store import rollups
from usage_core.store.lake import Lake
from usage_core.store.settings import set_reporting_zone
from usage_core.timeframe import zone_info

KEPT = timedelta(hours=24)
"""How long old states and their files stay, for whoever is still reading them."""

MANY_FILES = 64
"""With more files than this the console tidies up by itself."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """Data files in use before and after, and files removed from the disk."""

    files_before: int
    files_after: int
    removed: int


def file_count(lake: Lake) -> int:
    """Data files that hold the present state of the store."""
    with lake.reading() as connection:
        return _files(connection.connection.driver_connection)


def compact(lake: Lake, *, keep: timedelta = KEPT, waiting: Callable[[], None] = lambda: None) -> Tidied:
    """Merge rollup rows and small files, forget states older than `keep`, remove files nobody needs.

    Readers go on; a writer waits, or is waited for. Each step is a transaction of its own, so a process
    killed in between leaves a sound store and the rest to do.
    """
    with lake.turn(waiting):
        with lake.writing() as writing:
            rollups.merge(writing)
        with lake.engine.connect() as connection:
            committed = connection.execution_options(isolation_level="AUTOCOMMIT")
            native: Any = committed.connection.driver_connection
            before = _files(native)
            native.execute("CALL ducklake_merge_adjacent_files('lake')").fetchall()
            limit = [datetime.now(UTC) - keep]
            native.execute("CALL ducklake_expire_snapshots('lake', older_than => $1)", limit).fetchall()
            removed = native.execute(
                "CALL ducklake_cleanup_old_files('lake', older_than => $1)", limit
            ).fetchall()
            return Tidied(before, _files(native), len(removed))


def change_zone(lake: Lake, zone: str, report: Callable[[float], None] = lambda _part: None) -> None:
    """Cut days in another zone from now on. Whoever reads meanwhile sees the days as they were.

    Raises:
        SelectionError: the name is no time zone.
    """
    zone_info(zone)
    with lake.writing() as connection:
        set_reporting_zone(connection, zone)
        rollups.rebuild(connection, zone, report)


def compact_if_needed(lake: Lake) -> Tidied | None:
    """Tidy up where there are many files and no writer is at work."""
    if file_count(lake) <= MANY_FILES:
        return None
    try:
        with lake.lock.acquire(timeout=0):
            return compact(lake)
    except Timeout:
        return None


def _files(native: Any) -> int:
    [(files,)] = native.execute("SELECT sum(file_count) FROM ducklake_table_info('lake')").fetchall()
    return int(files or 0)
