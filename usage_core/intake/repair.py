"""Reads a CSV file that a parallel reader cannot be trusted with.

Quoted fields over several lines, blank lines, mixed line ends and quotes that are never closed: the
file is walked line by line, records are put together as RFC 4180 says, and a line that cannot be
part of any record is set aside by itself, so that it does not take its neighbours with it. Memory
stays bounded however long the file is.
"""

import csv
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from usage_core.intake.rows import LONGEST_ORIGINAL

LONGEST_RECORD = 200
"""Lines one record may span; past that its quote counts as never closed."""

BATCH_ROWS = 50_000

NOT_UTF8 = "The line is not UTF-8 text."
NOT_CLOSED = "A quote is opened and not closed."
MISPLACED = "A quote stands where none may."

Fields = Sequence[str]
Numbered = Iterator[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was found in a file, as Parquet files; the header is not among it."""

    records: Path
    """The fields of each record as texts c0, c1, ..., and the line it starts on."""
    broken: Path
    """Line and reason of each record set aside, and its fields as a JSON list, as far as they can be told."""


def split(path: Path, folder: Path, columns: int, delimiter: str = ",") -> Repaired:
    """Take a file apart into `folder`; `columns` is the number of fields a record has."""
    found = Repaired(folder / "records.parquet", folder / "broken.parquet")
    text = [(f"c{place}", pa.string()) for place in range(columns)]
    with (
        path.open("r", encoding="utf-8-sig", errors="surrogateescape", newline="") as source,
        _Table(found.records, pa.schema([*text, ("line", pa.int64())])) as records,
        _Table(found.broken, _BROKEN) as broken,
    ):
        walked = _records(enumerate(source, 1), columns, delimiter)
        next(walked, None)  # the header
        for line, fields, reason in walked:
            if reason:
                broken.add((line, reason, json.dumps([_readable(field) for field in fields])))
            else:
                records.add((*(field or None for field in fields), line))
    return found


_BROKEN = pa.schema([("line", pa.int64()), ("reason", pa.string()), ("original", pa.string())])


def _readable(text: str) -> str:
    """A text with a sign in place of bytes that were not UTF-8, no longer than is kept."""
    return text[:LONGEST_ORIGINAL].encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class _Table:
    """A Parquet file written batch by batch."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema, self.rows = schema, list[tuple[object, ...]]()
        self.writer = pq.ParquetWriter(path, schema, compression="none")

    def add(self, row: tuple[object, ...]) -> None:
        self.rows.append(row)
        if len(self.rows) >= BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self.rows:
            columns = [
                pa.array(values, kind)
                for values, kind in zip(zip(*self.rows, strict=True), self.schema.types, strict=True)
            ]
            self.writer.write_table(pa.Table.from_arrays(columns, schema=self.schema))
            self.rows = []

    def __enter__(self) -> "_Table":
        return self

    def __exit__(self, *_error: object) -> None:
        self._flush()
        self.writer.close()


def _records(numbered: Numbered, columns: int, delimiter: str) -> Iterator[tuple[int, Fields, str]]:
    """(line it starts on, fields, reason it is set aside or "") of each record; blank lines are none."""
    ahead: deque[tuple[int, str]] = deque()
    while (item := ahead.popleft() if ahead else next(numbered, None)) is not None:
        line, text = item
        if not text.strip("\r\n"):
            continue
        fields, reason = _fields(text, delimiter)
        if reason == NOT_CLOSED and (closed := _closed(text, ahead, numbered, columns, delimiter)):
            fields, reason = closed, ""
        read = text if reason else "".join(fields)
        if reason:
            fields = text.rstrip("\r\n").split(delimiter)
        if not read.isascii() and _is_damaged(read):
            reason = NOT_UTF8
        elif not reason and len(fields) != columns:
            found = "1 column" if len(fields) == 1 else f"{len(fields)} columns"
            reason = f"The line has {found}; {columns} were expected."
        yield line, fields, reason


def _closed(
    text: str, ahead: deque[tuple[int, str]], numbered: Numbered, columns: int, delimiter: str
) -> Fields:
    """The fields of a record that goes on over the lines that follow, or none; the lines left are `ahead`."""
    for taken in range(1, LONGEST_RECORD):
        if len(ahead) < taken:
            ahead.extend(islice(numbered, 1))
        if len(ahead) < taken:
            break
        text += ahead[taken - 1][1]
        if '"' not in ahead[taken - 1][1]:
            continue
        fields, reason = _fields(text, delimiter)
        if reason == NOT_CLOSED:
            continue
        if reason or len(fields) != columns:
            break
        for _ in range(taken):
            ahead.popleft()
        return fields
    return ()


def _fields(text: str, delimiter: str) -> tuple[Fields, str]:
    """The fields of a record, or why it has none."""
    if '"' not in text:
        return text.rstrip("\r\n").split(delimiter), ""
    try:
        [fields] = csv.reader([text], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError) as error:
        return (), NOT_CLOSED if "unexpected end" in str(error) else MISPLACED
    return fields, ""


def _is_damaged(text: str) -> bool:
    """Whether a text holds bytes that were not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
