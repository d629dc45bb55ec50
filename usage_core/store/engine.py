"""DuckDB itself: its extensions, the memory it may take, and literals for its SQL."""

import importlib
import os
from collections.abc import Callable
from pathlib import Path

import duckdb

from usage_core.errors import StoreUnavailable

EXTENSIONS = ("ducklake", "sqlite_scanner")
MEMORY_SHARE, MEMORY_MOST_MB = 0.4, 4096


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


def memory_mb() -> int:
    """What a process may take, in MB: a part of the machine's memory."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return MEMORY_MOST_MB
    return max(256, min(MEMORY_MOST_MB, int(total * MEMORY_SHARE)))


def literal(text: object) -> str:
    """A text as an SQL literal, for the places where DuckDB takes no parameter."""
    return "'" + str(text).replace("'", "''") + "'"
