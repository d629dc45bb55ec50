"""Imports one file: everything it holds is stored, found to be a duplicate, or set aside with a reason."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from usage_core.intake.checks import COST_PICO, KIND
from usage_core.intake.reading import Source, open_source, read
from usage_core.intake.receipt import Receipt
from usage_core.intake.staging import Report, Staging, staging
from usage_core.prices import catalogue
from usage_core.schema import EXPORT_COLUMNS, IDENTITY, CostBasis, Status
from usage_core.store import rollups
from usage_core.store.lake import Lake
from usage_core.store.settings import reporting_zone
from usage_core.store.tables import REJECTED

PORTION_ROWS = 1_000_000
"""Rows put into the store by one statement."""


def import_file(
    lake: Lake, path: Path, *, name: str | None = None, report: Report = lambda _doing, _part: None
) -> Receipt:
    """Import a file into the store, all of it or, when anything fails, nothing.

    Raises:
        UnrecognisedFile, UnreadableFile: nothing was stored.
    """
    source = open_source(path, name or path.name)
    with staging(lake, report) as stage:
        rows = prepare(stage, source)
        with lake.turn(lambda: report("Waiting for another import", None)):
            _compare(stage)
            return _store(lake, stage, source, rows)


def prepare(stage: Staging, source: Source) -> int:
    """Read and check a file, without touching the store; returns the number of rows in it.

    Good rows are those of `checked` without a reason, the others are in `rejected`.
    """
    rows = read(stage, source)
    _name(stage)
    _set_aside(stage)
    return rows


def _name(stage: Staging) -> None:
    """Look up each distinct provider and model once."""
    spelled = stage.run("SELECT DISTINCT provider, model FROM {s}.checked WHERE reason IS NULL")
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

    Rows are numbered without the broken records between them, so a row's record is its row id plus one
    plus the broken records before it; its line is the record plus the shift in force there.
    """
    stage.run(
        """
        CREATE TABLE {s}.rejected AS
        WITH gaps AS (
            SELECT rows_before, max(n) AS n FROM (
                SELECT record - row_number() OVER (ORDER BY record) AS rows_before,
                       row_number() OVER (ORDER BY record) AS n
                FROM {s}.broken WHERE record IS NOT NULL)
            GROUP BY rows_before),
        bad AS (
            SELECT c.rowid + 1 + coalesce(g.n, 0) AS record, c.bad_field AS field,
                   c.bad_value AS value, c.reason
            FROM {s}.checked c ASOF LEFT JOIN gaps g ON c.rowid >= g.rows_before
            WHERE c.reason IS NOT NULL
            UNION ALL
            SELECT record, NULL, NULL, reason FROM {s}.broken WHERE record IS NOT NULL)
        SELECT bad.record + l.line - l.record AS line, field, value, reason
        FROM bad ASOF JOIN {s}.lines l ON bad.record >= l.record
        UNION ALL SELECT line, NULL, NULL, reason FROM {s}.broken WHERE record IS NULL
        """
    )


def _compare(stage: Staging) -> None:
    """Find the rows the store already has, copy for copy, and list their row ids in `duplicates`.

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
        SELECT row FROM (
            SELECT c.rowid AS row, s.copies, row_number() OVER (
                PARTITION BY {", ".join(f"c.{field}" for field in IDENTITY)} ORDER BY c.rowid) AS copy
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
    given = {"source": receipt.source, "import_id": receipt.import_id, "status": str(Status.UNKNOWN)}
    computed = {
        "kind": KIND,
        "cost_pico": COST_PICO,
        "cost_basis": f"CASE WHEN {COST_PICO} IS NULL THEN '{CostBasis.UNKNOWN}' ELSE '{CostBasis.ROW}' END",
        "provider_name": "n.provider_name",
        "model_name": "n.model_name",
    }
    read = {column.name: f"c.{column.name}" for column in EXPORT_COLUMNS}
    made = read | computed | {name: f":{name}" for name in given}
    calls = sa.text(
        f"INSERT INTO calls BY NAME SELECT {', '.join(f'{sql} AS {name}' for name, sql in made.items())} "
        f"FROM {stage.name}.checked c JOIN {stage.name}.names n "
        "ON c.model = n.model AND c.provider IS NOT DISTINCT FROM n.provider "
        f"WHERE c.reason IS NULL AND c.rowid NOT IN (SELECT row FROM {stage.name}.duplicates) "
        "AND c.called_at >= :start AND c.called_at < :end"
    )
    for start, end in _portions(stage):
        connection.execute(calls, given | {"start": start, "end": end})
    if receipt.rows_stored and receipt.first_call_at and receipt.last_call_at:
        zone = reporting_zone(connection)
        rollups.append(connection, zone, receipt.first_call_at, receipt.last_call_at, receipt.import_id)
    rejected = sa.text(
        f"INSERT INTO {REJECTED.name} BY NAME SELECT :import_id AS import_id, * FROM {stage.name}.rejected"
    )
    connection.execute(rejected, {"import_id": receipt.import_id})
    receipt.store(connection)


def _portions(stage: Staging) -> Iterator[tuple[datetime, datetime]]:
    """Time ranges of about PORTION_ROWS rows each, which hold every row to be stored.

    The store sorts what it is given by time, in memory: by portions it needs the same memory for a long
    file as for a short one.
    """
    counted = stage.run(
        "SELECT date_trunc('hour', called_at) AS hour, count(*) FROM {s}.checked WHERE reason IS NULL "
        "AND rowid NOT IN (SELECT row FROM {s}.duplicates) GROUP BY hour ORDER BY hour"
    )
    start, rows = None, 0
    for hour, count in counted:
        if start is not None and rows + count > PORTION_ROWS:
            yield start, hour
            start, rows = None, 0
        start, rows = start or hour, rows + count
    if start is not None:
        yield start, counted[-1][0] + timedelta(hours=1)
