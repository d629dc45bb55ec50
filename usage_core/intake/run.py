"""Imports one file: everything it holds is stored, found to be a duplicate, or set aside with a reason."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from usage_core.intake.checks import CHECKED
from usage_core.intake.reading import Source, open_source, read
from usage_core.intake.receipt import Receipt
from usage_core.intake.staging import Report, Staging, staging
from usage_core.prices import catalogue
from usage_core.schema import EXPORT_COLUMNS, IDENTITY
from usage_core.store.lake import Lake
from usage_core.store.tables import CALLS, REJECTED

SHOWN_VALUE = 200
"""Characters kept of a value that was refused."""


def import_file(
    lake: Lake, path: Path, *, name: str | None = None, report: Report = lambda _doing, _part: None
) -> Receipt:
    """Import a file into the store, all of it or, when anything fails, nothing.

    Raises:
        UnrecognisedFile, UnreadableFile: nothing was stored.
    """
    source = open_source(path, name or path.name)
    with staging(lake, report) as stage:
        rows = read(stage, source)
        _name(stage)
        stage.run_watched("Checking", f"CREATE TABLE {{s}}.checked AS {CHECKED}")
        _set_aside(stage)
        with lake.turn(lambda: report("Waiting for another import", None)):
            _compare(stage)
            return _store(lake, stage, source, rows)


def _name(stage: Staging) -> None:
    """Look up each distinct provider and model once."""
    spelled = stage.run("SELECT DISTINCT provider, model FROM {s}.raw WHERE model IS NOT NULL")
    found = [(provider, model, catalogue.names(provider, model)) for provider, model in spelled]
    stage.run(
        "CREATE TABLE {s}.names AS SELECT unnest($1::VARCHAR[]) AS provider, unnest($2::VARCHAR[]) AS model, "
        "unnest($3::VARCHAR[]) AS provider_name, unnest($4::VARCHAR[]) AS model_name, "
        "unnest($5::BOOLEAN[]) AS embeds",
        [provider for provider, _, _ in found],
        [model for _, model, _ in found],
        [names.provider for _, _, names in found],
        [names.model for _, _, names in found],
        [names.embeds for _, _, names in found],
    )


def _set_aside(stage: Staging) -> None:
    """List the rows that will not be stored, with their lines, in `rejected`.

    Rows are numbered without the broken records between them, so a row's record is its ordinal plus
    the broken records before it; its line is the record plus the shift in force there.
    """
    value = " ".join(f"WHEN '{column.name}' THEN r.{column.name}" for column in EXPORT_COLUMNS)
    stage.run(
        f"""
        CREATE TABLE {{s}}.rejected AS
        WITH gaps AS (
            SELECT rows_before, max(n) AS n FROM (
                SELECT record - row_number() OVER (ORDER BY record) AS rows_before,
                       row_number() OVER (ORDER BY record) AS n
                FROM {{s}}.broken WHERE record IS NOT NULL)
            GROUP BY rows_before),
        bad AS (
            SELECT c.ordinal + 1 + coalesce(g.n, 0) AS record, c.bad_field AS field,
                   left(CASE c.bad_field {value} END, {SHOWN_VALUE}) AS value, c.reason
            FROM {{s}}.checked c JOIN {{s}}.raw r ON r.rowid = c.ordinal
            ASOF LEFT JOIN gaps g ON c.ordinal >= g.rows_before
            WHERE c.reason IS NOT NULL
            UNION ALL
            SELECT record, NULL, NULL, reason FROM {{s}}.broken WHERE record IS NOT NULL)
        SELECT bad.record + l.line - l.record AS line, field, value, reason
        FROM bad ASOF JOIN {{s}}.lines l ON bad.record >= l.record
        UNION ALL SELECT line, NULL, NULL, reason FROM {{s}}.broken WHERE record IS NULL
        """
    )


def _compare(stage: Staging) -> None:
    """Find the rows the store already has, copy for copy, and list them in `duplicates`.

    Two equal rows in one file are two calls; the same two in a later file are the same two calls.
    """
    fields = ", ".join(IDENTITY)
    equal = " AND ".join(f"c.{field} IS NOT DISTINCT FROM s.{field}" for field in IDENTITY)
    [edges] = stage.run("SELECT min(called_at), max(called_at) FROM {s}.checked WHERE reason IS NULL")
    stage.run_watched(
        "Comparing",
        f"""
        CREATE TABLE {{s}}.duplicates AS
        WITH stored AS (
            SELECT {fields}, count(*) AS copies FROM lake.calls
            WHERE called_at BETWEEN $1 AND $2 GROUP BY ALL)
        SELECT ordinal FROM (
            SELECT c.ordinal, s.copies, row_number() OVER (
                PARTITION BY {", ".join(f"c.{field}" for field in IDENTITY)} ORDER BY c.ordinal) AS copy
            FROM {{s}}.checked c JOIN stored s ON {equal} WHERE c.reason IS NULL)
        WHERE copy <= copies
        """,
        *edges,
    )


def _store(lake: Lake, stage: Staging, source: Source, rows: int) -> Receipt:
    stage.report("Storing", None)
    [[first, last, good]] = stage.run(
        "SELECT min(called_at), max(called_at), count(*) FROM {s}.checked WHERE reason IS NULL"
    )
    [[duplicates]] = stage.run("SELECT count(*) FROM {s}.duplicates")
    [[rejected]] = stage.run("SELECT count(*) FROM {s}.rejected")
    receipt = Receipt(
        import_id=str(uuid.uuid4()),
        imported_at=datetime.now(UTC).replace(tzinfo=None),
        file_name=source.name,
        file_bytes=source.path.stat().st_size,
        source=source.format.name,
        rows_read=rows,
        rows_stored=good - duplicates,
        rows_duplicate=duplicates,
        rows_rejected=rejected,
        first_call_at=first,
        last_call_at=last,
        catalogue_version=catalogue.catalogue_version(),
    )
    with lake.writing() as connection:
        _insert(connection, stage, receipt)
    return receipt


def _insert(connection: sa.Connection, stage: Staging, receipt: Receipt) -> None:
    given = {"source": receipt.source, "import_id": receipt.import_id, "status": "unknown"}
    values = ", ".join(f":{c.name} AS {c.name}" if c.name in given else c.name for c in CALLS.columns)
    calls = sa.text(
        f"INSERT INTO calls BY NAME SELECT {values} FROM {stage.name}.checked c "
        f"WHERE reason IS NULL AND ordinal NOT IN (SELECT ordinal FROM {stage.name}.duplicates) "
        "ORDER BY called_at"
    )
    connection.execute(calls, given)
    rejected = sa.text(
        f"INSERT INTO {REJECTED.name} BY NAME SELECT :import_id AS import_id, * FROM {stage.name}.rejected"
    )
    connection.execute(rejected, {"import_id": receipt.import_id})
    receipt.store(connection)
