"""DuckDB itself: its extensions, the memory it may take, its own connections, and literals for its SQL."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from usage_core.errors import StoreUnavailable

EXTENSIONS = ("ducklake", "sqlite_scanner")
THREADS, MOST_THREADS = "USAGE_THREADS", 1024
MEMORY_SHARE, MEMORY_MOST_MB = 0.4, 4096


_checked: set[str] = set()


def config() -> dict[str, str]:
    """Settings of a new database. DuckDB checks the signature of every extension for every database anew,
    for half a second; once all were found to be right, this process has no need to ask again."""
    return {"allow_unsigned_extensions": "true"} if _checked.issuperset(EXTENSIONS) else {}


def load(execute: Callable[[str], object], name: str) -> None:
    """Load an extension from its wheel; where the platform has no wheel, from DuckDB's own store."""
    try:
        package = importlib.import_module(f"duckdb_extension_{name}")
        files = list(
            Path(str(package.__path__[0])).glob(f"extensions/v{duckdb.__version__}/*.duckdb_extension")
        )
    except ImportError:
        files = []
    if files:
        execute(f"LOAD {literal(files[0])}")
        _checked.add(name)
        return
    try:
        execute(f"INSTALL {name}")
        execute(f"LOAD {name}")
    except duckdb.Error as error:
        raise StoreUnavailable(
            f"DuckDB's extension {name!r} {duckdb.__version__} is missing and could not be fetched. "
            f"Install the package duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}, "
            "or connect this machine to the internet once."
        ) from error


def native(connection: sa.Connection) -> Any:
    """DuckDB's own connection, beneath one of SQLAlchemy's: for what that has no words for."""
    return connection.connection.driver_connection


def memory_mb() -> int:
    """What a process may take, in MB: a part of the machine's memory."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return MEMORY_MOST_MB
    return max(256, min(MEMORY_MOST_MB, int(total * MEMORY_SHARE)))


def threads() -> int | None:
    """How many threads a statement may take, from the environment; None for as many as there are cores.

    Raises:
        StoreUnavailable: the environment names no such number.
    """
    named = os.environ.get(THREADS, "").strip()
    if not named:
        return None
    if not named.isdecimal() or not 1 <= int(named) <= MOST_THREADS:
        raise StoreUnavailable(
            f"{THREADS} is {named[:20]!r}. Write a whole number from 1 to {MOST_THREADS}, or leave it out."
        )
    return int(named)


def literal(text: object) -> str:
    """A text as an SQL literal, for the places where DuckDB takes no parameter."""
    return "'" + str(text).replace("'", "''") + "'"
