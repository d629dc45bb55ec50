"""Reads Parquet files: their columns as texts, what is nested as JSON."""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from usage_core.errors import UnreadableFile
from usage_core.importers.format import Format, Layout
from usage_core.importers.registry import recognise
from usage_core.store.engine import literal


def find_format(path: Path, name: str) -> tuple[Format, tuple[str, ...]]:
    """The format of a file, and its columns.

    Raises:
        UnrecognisedFile, UnreadableFile: it is of no format, or damaged.
    """
    try:
        header = tuple(_types(path))
    except duckdb.Error as error:
        raise unreadable(name, error) from None
    return recognise(name, header, Layout.PARQUET), header


def unreadable(name: str, error: duckdb.Error) -> UnreadableFile:
    """What went wrong with a Parquet file, in words."""
    first = str(error).splitlines()[0].split(":", 1)[-1].strip()
    return UnreadableFile(f"{name} is a damaged Parquet file, so nothing was imported ({first[:200]}).")


def _types(path: Path) -> dict[str, str]:
    with duckdb.connect() as connection:
        described = connection.execute(f"DESCRIBE FROM read_parquet({literal(path)})").fetchall()
    return {str(name): str(kind) for name, kind, *_ in described}


def taken(known: Format, places: Mapping[str, int], path: Path) -> str:
    """SQL for the columns of each row, and its number."""
    types = _types(path)
    names = list(types)
    columns = ", ".join(
        f"{_text(names[places[name]], types[names[places[name]]]) if name in places else 'NULL::VARCHAR'} "
        f"AS {name}"
        for name in known.columns
    )
    return (
        f"SELECT {columns}, file_row_number + 1 AS record, NULL::VARCHAR AS broken "
        f"FROM read_parquet({literal(path)}, file_row_number = true)"
    )


def _text(column: str, kind: str) -> str:
    quoted = '"' + column.replace('"', '""') + '"'
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "JSON")):
        return f"to_json({quoted})::VARCHAR"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"({quoted} AT TIME ZONE 'UTC')::VARCHAR"
    return f"{quoted}::VARCHAR"
