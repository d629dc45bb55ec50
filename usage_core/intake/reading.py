"""Reads a CSV file into the scratch database: every record is loaded or set aside, none is lost.

DuckDB reads the file in parallel. Its reader numbers records, not lines, and a quote that is opened
and never closed can swallow the lines behind it without a word; so the lines are also counted apart
from it, and where the two counts differ the file is read again through `repair`.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from usage_core.errors import UnreadableFile
from usage_core.importers.format import CsvFormat
from usage_core.importers.registry import recognise
from usage_core.intake import repair
from usage_core.intake.checks import checked
from usage_core.intake.staging import Staging
from usage_core.store.engine import literal

HEADER_BYTES = 1 << 20
CHUNK_BYTES = 1 << 22
FATAL = ("UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: its name as a person knows it, its header, and the format of it."""

    path: Path
    name: str
    header: tuple[str, ...]
    format: CsvFormat

    def columns(self) -> Mapping[str, int]:
        """Field -> position of its column."""
        positions = self.format.positions(self.header)
        for field, found in positions.items():
            if len(found) > 1:
                names = " and ".join(repr(self.header[place]) for place in found)
                raise UnreadableFile(
                    f"{self.name} has more than one column for {self.format.columns[field][0]}: {names}. "
                    "Nothing was imported. Remove all but one and try again."
                )
        return {field: found[0] for field, found in positions.items()}


def open_source(path: Path, name: str) -> Source:
    """Look at a file's header.

    Raises:
        UnreadableFile: no such file, a folder, or not UTF-8 text.
        UnrecognisedFile: no format knows the header.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be read: {error.strerror or error}.") from None
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head.partition(b"\n")[0]:
        raise UnreadableFile(
            f"{name} is not UTF-8 text, so nothing was imported. Save it as CSV UTF-8 and try again."
        )
    text = head.decode("utf-8-sig", "replace")
    try:
        header = next((row for row in csv.reader(io.StringIO(text, newline="")) if row), [])
    except csv.Error:  # a field longer than any heading
        header = []
    return Source(path, name, tuple(header), recognise(name, header))


def read(stage: Staging, source: Source) -> int:
    """Load the file's records into `checked` (see `checks.checked`) and broken ones into `broken`.

    `checked` keeps the file's order in its row ids. `broken` has record and reason; `lines` maps record
    numbers to line numbers where their difference changes. Returns the number of records in the file,
    header not counted.
    """
    stage.run("CREATE TABLE {s}.broken (line BIGINT, record BIGINT, reason VARCHAR)")
    stage.run("CREATE TABLE {s}.lines (record BIGINT, line BIGINT)")
    lines = _count_lines(source.path)
    if lines is not None and _load(stage, source) == lines - 1:
        stage.run("INSERT INTO {s}.lines VALUES (1, 2)")
        return lines - 1
    return _read_repaired(stage, source)


def _read_repaired(stage: Staging, source: Source) -> int:
    stage.report("Repairing", None)
    repaired = repair.split(source.path, stage.folder, len(source.header))
    _check(stage, source, f"SELECT {_taken(source)} FROM read_parquet({literal(repaired.records)})")
    stage.run(
        "CREATE OR REPLACE TABLE {s}.broken AS "
        f"SELECT line, NULL::BIGINT AS record, reason FROM read_parquet({literal(repaired.broken)})"
    )
    # Only where the difference changes.
    stage.run(
        "INSERT INTO {s}.lines SELECT record, line FROM (SELECT file_row_number + 1 AS record, line, "
        "line - record AS shift, lag(shift) OVER (ORDER BY record) AS before "
        f"FROM read_parquet({literal(repaired.records)}, file_row_number = true)) "
        "WHERE shift IS DISTINCT FROM before"
    )
    [[found]] = stage.run("SELECT (SELECT count(*) FROM {s}.checked) + (SELECT count(*) FROM {s}.broken)")
    return int(found)


def _load(stage: Staging, source: Source) -> int | None:
    """Read a file with DuckDB; the number of records read, or None where it lost its way."""
    names = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(source.header)))
    rejects = f"rejects_{stage.name}"
    try:
        _check(
            stage,
            source,
            f"SELECT {_taken(source)} FROM read_csv({literal(source.path)}, "
            "auto_detect = false, header = true, delim = ',', quote = '\"', "
            f"escape = '\"', columns = {{{names}}}, strict_mode = true, store_rejects = true, "
            f"rejects_limit = 0, rejects_table = '{rejects}', rejects_scan = '{rejects}_scans')",
        )
        return _collect(stage, rejects)
    except duckdb.InvalidInputException:
        return None
    finally:
        for table in (rejects, f"{rejects}_scans"):
            stage.run(f"DROP TABLE IF EXISTS temp.main.{table}")


def _taken(source: Source) -> str:
    places = source.columns()
    return ", ".join(
        f"{f'c{places[field]}' if field in places else 'NULL::VARCHAR'} AS {field}"
        for field in source.format.columns
    )


def _check(stage: Staging, source: Source, rows: str) -> None:
    made = checked(rows, source.format.columns.keys())
    stage.run_watched("Reading", f"CREATE OR REPLACE TABLE {{s}}.checked AS {made}")


def _collect(stage: Staging, rejects: str) -> int | None:
    [[fatal]] = stage.run(f"SELECT count(*) FROM temp.main.{rejects} WHERE error_type IN {FATAL}")
    if fatal:
        return None
    stage.run(
        f"INSERT INTO {{s}}.broken SELECT NULL, line - 1, "
        "any_value(CASE WHEN error_type = 'INVALID ENCODING' THEN 'The line is not UTF-8 text.' "
        r"ELSE 'The line has ' || regexp_extract(error_message, 'Found: (\d+)', 1) || ' columns; ' || "
        r"regexp_extract(error_message, 'Columns: (\d+)', 1) || ' were expected.' END) "
        f"FROM temp.main.{rejects} GROUP BY line"
    )
    [[found]] = stage.run("SELECT (SELECT count(*) FROM {s}.checked) + (SELECT count(*) FROM {s}.broken)")
    return int(found)


def _count_lines(path: Path) -> int | None:
    """The number of lines in a file, or None where some of them end in a carriage return alone."""
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if chunk[-1:] == b"\r":  # the line feed that belongs to it may be in the next chunk
                chunk += file.read(1)
            if b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n"):
                return None
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return lines + (last != b"\n")
