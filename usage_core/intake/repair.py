"""Rewrites a CSV file that a parallel reader cannot be trusted with.

Quoted fields over several lines, blank lines, mixed line ends and quotes that are never closed: the
file is walked line by line, records are put together as RFC 4180 says, and a line that cannot be
part of any record is set aside by itself, so that it does not take its neighbours with it.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

LONGEST_RECORD = 200
"""Lines one record may span; past that its quote counts as never closed."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """The rewritten file (no header, one line end) and what was found on the way."""

    path: Path
    broken: Path
    """CSV of line, reason for the lines set aside."""
    lines: Path
    """CSV of record, line: where the difference of the two changes."""
    records: int
    set_aside: int


def rewrite(path: Path, folder: Path, columns: int) -> Repaired:
    """Rewrite the records of a file into `folder`; memory stays bounded whatever the size."""
    out, broken, lines = (folder / name for name in ("repaired.csv", "broken.csv", "lines.csv"))
    with (
        path.open("r", encoding="utf-8-sig", errors="surrogateescape", newline="") as source,
        out.open("w", encoding="utf-8", newline="") as records_file,
        broken.open("w", encoding="utf-8", newline="") as broken_file,
        lines.open("w", encoding="utf-8", newline="") as lines_file,
    ):
        writer = _Writer(records_file, broken_file, lines_file)
        walked = _records(enumerate(source, 1), columns)
        next(walked, None)  # the header
        for line, record, reason in walked:
            writer.take(line, record, reason)
    return Repaired(out, broken, lines, writer.records, writer.set_aside)


class _Writer:
    def __init__(self, out: IO[str], broken: IO[str], lines: IO[str]) -> None:
        self.out, self.broken, self.lines = out, csv.writer(broken), csv.writer(lines)
        self.records = self.set_aside = self.shift = 0

    def take(self, line: int, record: str, reason: str) -> None:
        if reason:
            self.set_aside += 1
            self.broken.writerow((line, reason))
            return
        self.records += 1
        if line - self.records != self.shift:
            self.shift = line - self.records
            self.lines.writerow((self.records, line))
        self.out.write(record.rstrip("\r\n") + "\n")


def _records(numbered: Iterator[tuple[int, str]], columns: int) -> Iterator[tuple[int, str, str]]:
    """(line it starts on, text, reason it is set aside or "") of each record; blank lines are none."""
    ahead: deque[tuple[int, str]] = deque()
    while (item := ahead.popleft() if ahead else next(numbered, None)) is not None:
        line, text = item
        if not text.strip():
            continue
        if not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text):
            yield line, "", "The line is not UTF-8 text."
        elif text.count('"') % 2 == 0:
            yield line, text, "" if _is_record(text, None) else "A quote stands where none may."
        elif (taken := _closing(ahead, numbered)) and _is_record(
            record := text + "".join(more for _, more in islice(ahead, taken)), columns
        ):
            for _ in range(taken):
                ahead.popleft()
            yield line, record, ""
        else:
            yield line, "", "A quote is opened and not closed."


def _closing(ahead: deque[tuple[int, str]], numbered: Iterator[tuple[int, str]]) -> int:
    """How many of the lines that follow close an open quote, or 0; they are put into `ahead`."""
    for taken in range(1, LONGEST_RECORD):
        if len(ahead) < taken:
            ahead.extend(islice(numbered, 1))
        if len(ahead) < taken:
            return 0
        if ahead[taken - 1][1].count('"') % 2:
            return taken
    return 0


def _is_record(text: str, columns: int | None) -> bool:
    if '"' not in text:
        return True
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        return False
    return len(rows) == 1 and (columns is None or len(rows[0]) == columns)
