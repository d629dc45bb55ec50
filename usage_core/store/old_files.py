"""Removes what nobody needs any more: former states of the store, their files, and files never finished.

DuckLake keeps every state the store ever had. A reader needs the state it began with, so a state is kept
for GRACE after the next one took its place; its age alone says nothing, as the newest may be years old.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from usage_core.store.lake import Lake
from usage_core.store.small_files import META, catalog_tables

GRACE = timedelta(hours=24)
"""For so long whoever reads, as a long export does, finds everything as it was when it began."""

_IN_FORCE = sa.text(
    f"SELECT max(snapshot_id) FROM {META}.ducklake_snapshot WHERE snapshot_time::TIMESTAMPTZ <= :then"
)
_FORMER = sa.text(f"SELECT snapshot_id FROM {META}.ducklake_snapshot WHERE snapshot_id < :first")
_FIRST = sa.text(f"SELECT min(snapshot_id) FROM {META}.ducklake_snapshot")
_SCHEDULED = sa.text(
    f"SELECT count(*) FROM {META}.ducklake_files_scheduled_for_deletion "
    "WHERE schedule_start::TIMESTAMPTZ <= :then"
)
_NAMES = sa.text(
    " UNION ALL ".join(
        f"SELECT parse_filename(path, false, 'both_slash') FROM {META}.{table}"
        for table in ("ducklake_data_file", "ducklake_delete_file", "ducklake_files_scheduled_for_deletion")
    )
)


def find(connection: sa.Connection, folder: Path, grace: timedelta = GRACE) -> bool:
    """Whether there is anything to remove."""
    then = {"then": _before(grace)}
    return bool(
        _former(connection, grace)
        or connection.execute(_SCHEDULED, then).scalar_one()
        or next(_unfinished(connection, folder, grace), None)
    )


def expire(lake: Lake, grace: timedelta = GRACE) -> int:
    """Forget the states nobody can be reading any more; returns their number."""
    with lake.writing() as connection:
        former = _former(connection, grace)
        if former:
            forget = sa.text(f"CALL ducklake_expire_snapshots('lake', versions => {former})")
            connection.execute(forget).all()
    if former:
        _forget_rows(lake)
    return len(former)


def _forget_rows(lake: Lake) -> None:
    """Remove rows of forgotten states from the catalog, which DuckLake does not do."""
    with lake.writing() as connection:
        first = {"first": connection.execute(_FIRST).scalar_one()}
        for _, name in catalog_tables(connection):
            connection.execute(sa.text(f"DELETE FROM {META}.{name} WHERE end_snapshot <= :first"), first)


def remove(lake: Lake, grace: timedelta = GRACE) -> int:
    """Remove the files of forgotten states, and those a killed writer left; returns their number."""
    with lake.writing() as connection:
        then = _before(grace).isoformat()
        call = sa.text(f"CALL ducklake_cleanup_old_files('lake', older_than => TIMESTAMPTZ '{then}')")
        files = len(connection.execute(call).all())
    with lake.writing() as connection:  # its turn to write: no file is being written now
        for path in list(_unfinished(connection, lake.folder, grace)):
            path.unlink(missing_ok=True)
            files += 1
    return files


def _former(connection: sa.Connection, grace: timedelta) -> list[int]:
    """The states that another one took the place of longer ago than the grace."""
    in_force = connection.execute(_IN_FORCE, {"then": _before(grace)}).scalar()
    return list(connection.execute(_FORMER, {"first": in_force}).scalars())


def _unfinished(connection: sa.Connection, folder: Path, grace: timedelta) -> Iterator[Path]:
    """Data files the catalog does not know, not changed for longer than the grace.

    DuckLake's `delete_orphaned_files` looks for them by a pattern: for a folder `data[1]` it would
    remove every file of a store `data1` beside it.
    """
    known = known_files(connection)
    latest = time.time() - grace.total_seconds()
    for path in (folder / "parquet").rglob("*.parquet"):
        if path.name not in known and path.stat().st_mtime <= latest:
            yield path


def known_files(connection: sa.Connection) -> set[str]:
    """The names of all files that the catalog knows, in whichever state of the store."""
    return set(connection.execute(_NAMES).scalars())


def _before(grace: timedelta) -> datetime:
    return datetime.now(UTC) - grace
