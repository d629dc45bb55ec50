"""A disk without room, told in words wherever something is written to the store."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import sqlalchemy as sa

from usage_core.errors import StoreUnavailable

_FULL = (
    "no space left on device",
    "disk quota exceeded",
    "database or disk is full",
    "not enough space",
    "max_temp_directory_size",
)
"""What DuckDB and SQLite say, on whatever system, when there is no room for what they write."""

_NO_REASON = "disk i/o error"
"""What SQLite says for many reasons, a full disk among them."""

NEEDED = 1 << 20
"""Bytes that have to be free to open a store: SQLite shares some memory between processes in a file."""


@contextmanager
def told_when_full(folder: Path) -> Iterator[None]:
    """Work that writes to a store's folder.

    Raises:
        StoreUnavailable: there was no room; the work's transaction is undone.
    """
    try:
        yield
    except (OSError, duckdb.Error, sa.exc.DBAPIError) as error:
        if not _is_full(error, folder):
            raise
        raise StoreUnavailable(
            f"There is no room left on the disk of {folder}. What was begun was undone, and nothing of it is "
            "stored. Make room there and try again."
        ) from error


def _is_full(error: Exception, folder: Path) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    said = str(getattr(error, "orig", error)).lower()
    if _NO_REASON in said:
        return shutil.disk_usage(folder).free < NEEDED
    return any(words in said for words in _FULL)
