"""Changes of a store as a whole that leave every answer as it is."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from usage_core.store import old_files, rollups, small_files
from usage_core.store.lake import Lake
from usage_core.store.settings import set_reporting_zone
from usage_core.timeframe import zone_info

GRACE = old_files.GRACE

PAUSE_SECONDS = 0.2
"""Between two turns to write: who waits for theirs looks every 0.05 s whether it is free."""

Report = Callable[[str, float | None], None]
"""Called with what is being done and how far it is (0 to 1, or None where that is unknown)."""

_HELD = sa.text(
    "SELECT count(*), coalesce(sum(file_size_bytes), 0) "
    f"FROM {small_files.META}.ducklake_data_file WHERE end_snapshot IS NULL"
)


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of the store's data files. Files before and after are those that a reader opens now."""

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    snapshots_expired: int
    files_removed: int


def change_zone(lake: Lake, zone: str, report: Callable[[float], None] = lambda _part: None) -> None:
    """Cut days in another zone from now on. Whoever reads meanwhile sees the days as they were.

    Raises:
        SelectionError: the name is no time zone.
    """
    zone_info(zone)
    with lake.writing() as connection:
        set_reporting_zone(connection, zone)
        rollups.rebuild(connection, zone, report)


def compact(lake: Lake, report: Report = lambda _doing, _part: None) -> Compacted:
    """Join small files, add up rollups, and remove what nobody needs any more; safe at any time.

    Every step is a transaction of its own: others read throughout and write in between, and whoever
    stops it half-way leaves a store that is right.
    """
    files_before, bytes_before = _held(lake)
    merge_rollups(lake, report)
    _join_files(lake, report)
    report("Removing old files", None)
    expired, removed = old_files.expire(lake), old_files.remove(lake)
    files_after, bytes_after = _held(lake)
    return Compacted(files_before, files_after, bytes_before, bytes_after, expired, removed)


def merge_rollups(lake: Lake, report: Report = lambda _doing, _part: None) -> None:
    """Add up what many imports have for the same period and groups; fewer rows, the same sums."""
    with lake.reading() as connection:
        doubled = [table for table in rollups.TABLES if rollups.has_doubles(connection, table)]
    for number, table in enumerate(doubled):
        report("Adding up", number / len(doubled))
        with lake.writing(lambda: report("Waiting for an import", None)) as connection:
            small_files.rewrite(connection, table)
        time.sleep(PAUSE_SECONDS)


def _join_files(lake: Lake, report: Report) -> None:
    with lake.reading() as connection:
        most = left = len(small_files.find(connection))
    while left:
        report("Joining small files", max(0.0, 1 - left / most))
        with lake.writing(lambda: report("Waiting for an import", None)) as connection:
            left = small_files.join_some(connection)
        time.sleep(PAUSE_SECONDS)


def _held(lake: Lake) -> tuple[int, int]:
    with lake.reading() as connection:
        files, size = connection.execute(_HELD).one()
    return int(files), int(size)
