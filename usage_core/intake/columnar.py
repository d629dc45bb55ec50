"""Reads Parquet files: their columns as texts, what is nested as JSON."""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from usage_core.errors import UnreadableFile
from usage_core.importers.format import Format
from usage_core.store.engine import literal

NOT_DAMAGE = (
    duckdb.OutOfMemoryException,
    duckdb.InterruptException,
    duckdb.FatalException,
    duckdb.InternalException,
)
"""What DuckDB raises for other reasons than a file that it cannot read, for which it has no one class."""


def header(path: Path, name: str) -> tuple[str, ...]:
    """The columns of a file.

    Raises:
        UnreadableFile: it is damaged.
    """
    try:
        return tuple(types(path))
    except duckdb.Error as error:
        raise unreadable(name, error) from None


def unreadable(name: str, error: duckdb.Error) -> UnreadableFile:
    """What went wrong with a Parquet file, in words."""
    first = str(error).splitlines()[0].split(":", 1)[-1].strip()
    return UnreadableFile(f"{name} is a damaged Parquet file, so nothing was imported ({first[:200]}).")


def types(path: Path) -> dict[str, str]:
    """Column -> its type, as DuckDB names it."""
    with duckdb.connect() as connection:
        described = connection.execute(f"DESCRIBE FROM read_parquet({literal(path)})").fetchall()
    return {str(name): str(kind) for name, kind, *_ in described}


def taken(known: Format, places: Mapping[str, int], path: Path) -> str:
    """SQL for the columns of each row, and its number."""
    kinds = types(path)
    names = list(kinds)
    columns = ", ".join(
        f"{as_text(names[places[name]], kinds[names[places[name]]]) if name in places else 'NULL::VARCHAR'} "
        f"AS {name}"
        for name in known.columns
    )
    return (
        f"SELECT {columns}, file_row_number + 1 AS record, NULL::VARCHAR AS broken "
        f"FROM read_parquet({literal(path)}, file_row_number = true)"
    )


def as_text(column: str, kind: str) -> str:
    """SQL for a column of a type as text."""
    quoted = '"' + column.replace('"', '""') + '"'
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "JSON")):
        return f"to_json({quoted})::VARCHAR"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"({quoted} AT TIME ZONE 'UTC')::VARCHAR"
    return f"{quoted}::VARCHAR"
