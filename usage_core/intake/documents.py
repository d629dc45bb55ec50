"""Reads JSON files of any layout: one object or list per line, one list, or objects one after another.

DuckDB's reader takes the file apart without holding it, and does not read on where a line is no JSON; that
line is set aside. A list that breaks off is refused as a whole, since there is no telling where.
"""

import json
import re
import shutil
import tempfile
from array import array
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from usage_core.errors import UnreadableFile
from usage_core.importers.format import ITEMS, Format, Layout
from usage_core.importers.registry import formats, recognise
from usage_core.store.engine import literal

DAMAGED = (duckdb.InvalidInputException, duckdb.IOException, duckdb.SerializationException)
"""What DuckDB raises for a file that it cannot read."""

LINES, LIST, APART = "newline_delimited", "array", "unstructured"

OBJECT_BYTES = (1 << 24, 1 << 29)
"""The largest object that is read, at first and at most: its buffers are held in memory."""

CHUNK_BYTES = 1 << 22

LOOKED_AT = 1000
"""Documents whose keys are taken for those of the file."""


def shape(head: bytes) -> str:
    """How a file that begins so holds its objects, in the words of DuckDB's reader."""
    first, newline, _ = head.strip().partition(b"\n")
    if not newline and first[:1] == b"[":
        return LIST
    if not newline or _is_json(first):
        return LINES
    if first[:1] == b"[":
        return LIST
    # The first line may be damaged.
    begun = (line.strip() for line in head.split(b"\n")[1:100] if line.startswith(b"{"))
    return LINES if any(map(_is_json, begun)) else APART


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def documents(path: Path, shaped: str, largest: int) -> str:
    """SQL for the documents of a file, in order: `doc`, NULL where a line is no JSON."""
    damaged = ", ignore_errors = true" if shaped == LINES else ""
    return (
        f"SELECT json AS doc FROM read_json_objects({literal(path)}, format = {literal(shaped)}, "
        f"compression = 'uncompressed', maximum_object_size = {largest}{damaged})"
    )


def find_format(path: Path, name: str, shaped: str) -> tuple[Format, tuple[str, ...]]:
    """The format of a file, and the keys of its first rows.

    Raises:
        UnrecognisedFile, UnreadableFile: it is of no format, or no JSON.
    """
    found = find_keys(path, name, shaped, [ITEMS, *(known.items for known in formats())])
    for known in formats():
        if known.recognises(found[known.items], Layout.JSON):
            recognise(name, found[known.items], Layout.JSON)  # it alone
            return known, found[known.items]
    return recognise(name, found[ITEMS], Layout.JSON), found[ITEMS]


def find_keys(path: Path, name: str, shaped: str, every: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """SQL for the rows of a document (see `Format.items`) -> the keys of a file's first rows by it.

    Raises:
        UnreadableFile: it is no JSON.
    """
    with first_documents(path, name, shaped) as connection:
        return {
            items: tuple(key for (key,) in connection.execute(_KEYS.format(items=items)).fetchall())
            for items in dict.fromkeys(every)
        }


@contextmanager
def first_documents(path: Path, name: str, shaped: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the first documents of a file in `docs`.

    Raises:
        UnreadableFile: it is no JSON.
    """
    if shaped == LIST:
        _refuse_unfinished(path, name)
    if shaped == LINES and _longest_line(path) > OBJECT_BYTES[1]:
        raise _refused_for_size(name)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        _load_first(connection, unmarked(path, Path(folder)), name, shaped)
        yield connection


def _load_first(connection: duckdb.DuckDBPyConnection, path: Path, name: str, shaped: str) -> None:
    for size in sizes(path, shaped):
        docs = documents(path, shaped, size)
        try:
            connection.execute(f"CREATE OR REPLACE TABLE docs AS {docs} LIMIT {LOOKED_AT}")
            return
        except DAMAGED as error:
            if size == sizes(path, shaped)[-1] or not too_large(error):
                raise unreadable(name, error) from None


_KEYS = """
    SELECT key FROM (
        SELECT unnest(json_keys(item)) AS key, row_number() OVER () AS place FROM (
            SELECT unnest({items}) AS item FROM docs WHERE doc IS NOT NULL)
        WHERE json_type(item) = 'OBJECT')
    GROUP BY key ORDER BY min(place), key
"""


def unmarked(path: Path, folder: Path) -> Path:
    """The file without its byte order mark, which the reader takes for damage: a copy where it has one."""
    with path.open("rb") as file:
        if file.read(len(BOM_UTF8)) != BOM_UTF8:
            return path
        with (folder / "unmarked.json").open("wb") as copy:
            shutil.copyfileobj(file, copy, CHUNK_BYTES)
    return folder / "unmarked.json"


def sizes(path: Path, shaped: str) -> tuple[int, ...]:
    """The sizes of the largest object to try, one after the other.

    A line that is longer is no error to the reader, but damage: it has to be known before.
    """
    usual, most = OBJECT_BYTES
    if path.stat().st_size <= usual:
        return (usual,)
    return (usual, most) if shaped != LINES else (max(usual, min(_longest_line(path) + 1024, most)),)


def _longest_line(path: Path) -> int:
    """The length of the longest line, or CHUNK_BYTES where none is longer than that."""
    longest, run = CHUNK_BYTES, 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            end = chunk.find(b"\n")
            longest = max(longest, run + (end if end >= 0 else len(chunk)))
            run = len(chunk) - 1 - chunk.rfind(b"\n") if end >= 0 else run + len(chunk)
    return longest


def too_large(error: duckdb.Error) -> bool:
    """Whether a file could not be read for the size of an object alone."""
    return "maximum_object_size" in str(error)


def unreadable(name: str, error: duckdb.Error) -> UnreadableFile:
    """What went wrong with a JSON file, in words."""
    if too_large(error):
        return _refused_for_size(name)
    place = re.search(r"at byte (\d+) in (?:record/value|line) (\d+)", str(error))
    where = f": it breaks at record {int(place[2]):,}, byte {int(place[1]):,} of it" if place else ""
    return UnreadableFile(f"{name} is not valid JSON{where}. Nothing was imported.")


def _refused_for_size(name: str) -> UnreadableFile:
    return UnreadableFile(
        f"{name} has a JSON object of more than {OBJECT_BYTES[1] >> 20} MB, so nothing was imported."
    )


def _refuse_unfinished(path: Path, name: str) -> None:
    """Refuse a list without its end: the reader would take what is there for all of it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        if not file.read().rstrip().endswith(b"]"):
            raise UnreadableFile(
                f"{name} is a JSON list that breaks off before its end, so nothing was imported. "
                "Get the whole file and try again."
            )


def taken(known: Format, header: tuple[str, ...], docs: str) -> str:
    """SQL for the columns of each row of the documents, and which document it is of."""
    places, paths = dict[str, list[int]](), list[str]()
    by_column = known.positions(header)
    for name, headings in known.columns.items():
        keys = dict.fromkeys((*headings, *(header[place] for place in by_column.get(name, ()))))
        for key in keys:
            if '"' not in key and "\\" not in key:
                paths.append(f'$."{key}"')
                places.setdefault(name, []).append(len(paths))
    columns = ", ".join(
        f"coalesce({', '.join(f'v[{place}]' for place in places[name])}, NULL) AS {name}"
        for name in known.columns
    )
    wanted = ", ".join(map(literal, paths))
    return f"""
    SELECT {columns}, record, broken FROM (
        SELECT record, CASE WHEN broken IS NULL THEN json_extract_string(item, [{wanted}]) END AS v, broken
        FROM (
            SELECT record, item, CASE WHEN item IS NULL THEN 'It is not valid JSON.'
                WHEN json_type(item) <> 'OBJECT' THEN 'It is not a JSON object.' END AS broken
            FROM (
                SELECT record, unnest(CASE WHEN doc IS NULL THEN [NULL] ELSE ({known.items}) END) AS item
                FROM (SELECT row_number() OVER () AS record, doc FROM ({docs})))))
    """


def filled_lines(path: Path) -> pa.Table:
    """Number among the lines that are not blank (`record`), and `line`, wherever their difference changes."""
    records, lines, filled = array("q"), array("q"), 0
    with path.open("rb") as file:
        for line, text in enumerate(file, 1):
            if text.strip():
                filled += 1
                if not records or line - filled != lines[-1] - records[-1]:
                    records.append(filled)
                    lines.append(line)
    return pa.table({"record": pa.array(records), "line": pa.array(lines)})
