"""Reads a file into the scratch database: every record is loaded or set aside, none is lost.

DuckDB reads the file in parallel. Its reader of CSV numbers records, not lines, and a quote that is opened
and never closed can swallow the lines behind it without a word; so the lines are also counted apart
from it, and where the two counts differ the file is read again through `repair`.
"""

import codecs
from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np

from usage_core.importers.format import Layout
from usage_core.intake import columnar, documents, foreseen, repair
from usage_core.intake.bucket_checks import checked_buckets
from usage_core.intake.rows import LONGEST_ORIGINAL, NOT_HELD, checked, view
from usage_core.intake.source import Source, headings
from usage_core.intake.staging import Staging
from usage_core.store.engine import literal

CHUNK_BYTES = 1 << 18
TAIL_BYTES = 1 << 12
_LINE_FEED = ord("\n")
FATAL = ("UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM")


def read(stage: Staging, source: Source) -> int:
    """Load the file's records into `checked` (see `rows.view`) and broken ones into `broken`.

    `checked` keeps the file's order in `row`. `broken` has record and reason; `lines` maps record
    numbers to line numbers where their difference changes. Returns the number of records in the file,
    header not counted.

    Raises:
        UnreadableFile: JSON or Parquet that is damaged.
    """
    stage.run("CREATE TABLE {s}.broken (line BIGINT, record BIGINT, reason VARCHAR, original VARCHAR)")
    stage.run("CREATE TABLE {s}.lines (record BIGINT, line BIGINT)")
    if source.layout is not Layout.CSV:
        _parquet(stage, source) if source.layout is Layout.PARQUET else _json(stage, source)
        [[rows]] = stage.run("SELECT count(*) FROM {s}.checked")
        return int(rows)
    lines = _count_lines(source.path)
    if lines is not None and _is_safe(source) and _load(stage, source) == lines - 1:
        stage.run("INSERT INTO {s}.lines VALUES (1, 2)")
        return lines - 1
    return _read_repaired(stage, source)


def _parquet(stage: Staging, source: Source) -> None:
    stage.run("INSERT INTO {s}.lines VALUES (1, 1)")
    try:
        check(stage, source, columnar.taken(source.format, source.columns(), source.path))
    except columnar.NOT_DAMAGE:
        raise
    except duckdb.Error as error:
        raise columnar.unreadable(source.name, error) from None


def _json(stage: Staging, source: Source) -> None:
    path = documents.unmarked(source.path, stage.folder)
    for size in documents.sizes(path, source.shaped):
        docs = documents.documents(path, source.shaped, size)
        try:
            check(stage, source, documents.taken(source.format, source.header, docs))
            break
        except documents.DAMAGED as error:
            if size == documents.sizes(path, source.shaped)[-1] or not documents.too_large(error):
                raise documents.unreadable(source.name, error) from None
    [[read, bad]] = stage.run(
        "SELECT max(record), count(*) FILTER (reason IS NOT NULL AND skip IS NULL) FROM {s}.checked"
    )
    stage.run("INSERT INTO {s}.lines VALUES (1, 1)")
    if bad and source.shaped == documents.LINES and read != _count_lines(source.path):
        stage.put("lines", documents.filled_lines(source.path))


def _read_repaired(stage: Staging, source: Source) -> int:
    stage.report("Repairing", None)
    repaired = repair.split(source.path, stage.folder, len(source.header), source.delimiter)
    check(stage, source, f"SELECT {_taken(source)} FROM read_parquet({literal(repaired.records)})")
    stage.run(
        "CREATE OR REPLACE TABLE {s}.broken AS "
        f"SELECT line, NULL::BIGINT AS record, reason, {_if_kept(source, 'original')} AS original "
        f"FROM read_parquet({literal(repaired.broken)})"
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
    rejects = f"rejects_{stage.name}"
    how = (
        "header = true, store_rejects = true, rejects_limit = 0, "
        f"rejects_table = '{rejects}', rejects_scan = '{rejects}_scans'"
    )
    try:
        check(stage, source, _csv(source, source.path, how), _foreseen(stage, source))
        return _collect(stage, source, rejects)
    except duckdb.InvalidInputException:
        return None
    finally:
        for table in (rejects, f"{rejects}_scans"):
            stage.run(f"DROP TABLE IF EXISTS temp.main.{table}")


def _foreseen(stage: Staging, source: Source) -> dict[str, str]:
    """The types of texts that a large file of calls is likely to have, by field."""
    if source.format.sums or source.path.stat().st_size < foreseen.WORTH_BYTES:
        return {}
    sample = foreseen.pieces(source.path, stage.folder / "pieces.csv")
    rows = _csv(source, sample, "header = false, ignore_errors = true")
    return foreseen.types(stage, source.format.mapped().keys(), as_checked(source, rows))


def _csv(source: Source, path: Path, how: str) -> str:
    names = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(source.header)))
    return (
        f"SELECT {_taken(source)} FROM read_csv({literal(path)}, auto_detect = false, {how}, "
        f"delim = {literal(source.delimiter)}, quote = '\"', escape = '\"', columns = {{{names}}}, "
        "strict_mode = true)"
    )


def _taken(source: Source) -> str:
    places = source.columns()
    columns = ", ".join(
        f"{f'c{places[name]}' if name in places else 'NULL::VARCHAR'} AS {name}"
        for name in source.format.columns
    )
    return f"{columns}, NULL::BIGINT AS record, NULL::VARCHAR AS broken"


def check(stage: Staging, source: Source, rows: str, by: Mapping[str, str] = NOT_HELD) -> None:
    """Make `loaded` and `checked` from SQL for the source's columns, `record` and `broken`.

    Fields may be held `by` a type of some of their texts; `stage.codes` are then those without others.
    """
    checks = as_checked(source, rows, by)
    stage.run_watched("Reading", f"CREATE OR REPLACE TABLE {{s}}.loaded AS {checks}")
    stage.codes = foreseen.without_others(stage, by)
    of_sums = "SELECT rowid AS row, * FROM {s}.loaded"
    shown = of_sums if source.format.sums else view(source.format.mapped().keys(), by, stage.codes)
    stage.run(f"CREATE OR REPLACE VIEW {{s}}.checked AS {shown}")


def as_checked(source: Source, rows: str, by: Mapping[str, str] = NOT_HELD) -> str:
    """SQL for the rows of a file, checked, from SQL for its columns, `record` and `broken`."""
    mapped = source.format.mapped()
    fields = ", ".join(f"({sql})::VARCHAR AS {name}" for name, sql in mapped.items())
    skip = f"CASE WHEN broken IS NULL THEN {source.format.skip or 'NULL'} END::VARCHAR AS skip"
    guarded = source.format.guarded and source.layout is Layout.CSV
    original = {heading: f"as_it_was_{place}" for place, heading in enumerate(headings(source).values())}
    was = "".join(f", {name} AS as_it_was_{place}" for place, name in enumerate(headings(source)))
    for step in source.format.steps:
        rows = f"SELECT *, {', '.join(f'{sql} AS {name}' for name, sql in step.items())} FROM ({rows})"
    rows = f"SELECT {fields}, {skip}, record, broken{was} FROM ({rows})"
    if source.format.sums:
        return checked_buckets(rows, mapped.keys(), guarded, original)
    return checked(rows, mapped.keys(), guarded, original, by)


def _if_kept(source: Source, sql: str) -> str:
    """SQL for a row that could not be read: only where none of its columns is one that is never kept."""
    return sql if len(headings(source)) == len(source.header) else "NULL::VARCHAR"


_FIELDS = f"""
    any_value(to_json(CASE WHEN contains(csv_line, '"') THEN [left(csv_line, {LONGEST_ORIGINAL})]
        ELSE string_split(left(csv_line, {LONGEST_ORIGINAL}), {{delimiter}}) END)::VARCHAR)
"""


def _collect(stage: Staging, source: Source, rejects: str) -> int | None:
    [[fatal]] = stage.run(f"SELECT count(*) FROM temp.main.{rejects} WHERE error_type IN {FATAL}")
    if fatal:
        return None
    fields = _FIELDS.format(delimiter=literal(source.delimiter))
    stage.run(
        f"INSERT INTO {{s}}.broken SELECT NULL, line - 1, "
        "any_value(CASE WHEN error_type = 'INVALID ENCODING' THEN 'The line is not UTF-8 text.' "
        r"ELSE 'The line has ' || regexp_replace(regexp_extract(error_message, 'Found: (\d+)', 1) "
        r"|| ' columns; ', '^1 columns', '1 column') || "
        r"regexp_extract(error_message, 'Columns: (\d+)', 1) || ' were expected.' END), "
        f"{_if_kept(source, fields)} FROM temp.main.{rejects} GROUP BY line"
    )
    [[found]] = stage.run("SELECT (SELECT count(*) FROM {s}.checked) + (SELECT count(*) FROM {s}.broken)")
    return int(found)


def _is_safe(source: Source) -> bool:
    """Whether DuckDB can be given a CSV file: it takes the header for a row where a blank line stands before
    it, and breaks down, and the whole database with it, where a column that is not asked for is not UTF-8."""
    with source.path.open("rb") as file:
        if file.read(len(codecs.BOM_UTF8) + 1).removeprefix(codecs.BOM_UTF8)[:1] in (b"\r", b"\n"):
            return False
    if len(source.columns()) == len(source.header):
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    with source.path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _count_lines(path: Path) -> int | None:
    """The number of lines in a file without blank ones at its end, or None where some lines end in a carriage
    return alone."""
    lines, last = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if chunk[-1:] == b"\r":  # the line feed that belongs to it may be in the next chunk
                chunk += file.read(1)
            if b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n"):
                return None
            lines += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == _LINE_FEED))
            last = (last + chunk)[-TAIL_BYTES:]
    blank = last[len(last.rstrip(b"\r\n")) :].count(b"\n")
    return lines + 1 - blank if last.strip(b"\r\n") else None
