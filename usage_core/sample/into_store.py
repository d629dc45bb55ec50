"""A sample written straight into a store, for trials and benchmarks of any size."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from usage_core.intake.checks import COST, COST_PICO, KIND
from usage_core.intake.receipt import Receipt
from usage_core.prices import catalogue
from usage_core.sample.generate import batches
from usage_core.schema import EXPORT_COLUMNS, CostBasis, Status
from usage_core.store import rollups
from usage_core.store.engine import native
from usage_core.store.instants import now
from usage_core.store.lake import Lake
from usage_core.store.rows import beside
from usage_core.store.settings import reporting_zone

PORTION_ROWS = 2_000_000
SOURCE = "sample"

_TEN = ", ".join(f"b.{column.name}" for column in EXPORT_COLUMNS)
_INSERT = f"""
    INSERT INTO calls BY NAME SELECT * EXCLUDE (cost, embeds, given_kind),
        {KIND} AS kind, {COST_PICO} AS cost_pico,
        CASE WHEN {COST_PICO} IS NULL THEN '{CostBasis.UNKNOWN}' ELSE '{CostBasis.ROW}' END AS cost_basis,
        '{Status.UNKNOWN}' AS status, '{SOURCE}' AS source, $1 AS import_id
    FROM (SELECT {_TEN}, n.provider_name, n.model_name, n.embeds,
          NULL AS given_kind, {COST} AS cost FROM portion b
          JOIN names n ON b.model = n.model AND b.provider = n.provider)
"""  # noqa: S608 - the record's own field names


def fill(
    lake: Lake,
    *,
    calls: int,
    days: int,
    seed: int,
    until: datetime,
    progress: Callable[[int], None] = lambda _done: None,
) -> None:
    """Add a sample (see `batches`) to a store, a portion and its receipt at a time; memory stays bounded."""
    done = 0
    for portion in _portions(batches(calls, days, seed, until)):
        with lake.writing() as connection:
            _store(connection, portion)
        done += portion.num_rows
        progress(done)


def _portions(log: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in log:
        held.append(batch)
        if sum(one.num_rows for one in held) >= PORTION_ROWS:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _store(connection: sa.Connection, portion: pa.Table) -> None:
    first, last = portion["called_at"][0].as_py(), portion["called_at"][-1].as_py()
    import_id = str(uuid.uuid4())
    with beside(connection, portion=portion, names=_names(portion)):
        native(connection).execute(_INSERT, [import_id]).fetchall()
    rollups.append(connection, reporting_zone(connection), first, last, import_id)
    rows = portion.num_rows
    Receipt(
        import_id=import_id,
        imported_at=now(),
        file_name="generated",
        file_bytes=0,
        source=SOURCE,
        rows_read=rows,
        rows_stored=rows,
        rows_duplicate=0,
        rows_rejected=0,
        first_call_at=first,
        last_call_at=last,
        catalogue_version=catalogue.catalogue_version(),
    ).store(connection)


def _names(portion: pa.Table) -> pa.Table:
    pairs = portion.select(["provider", "model"]).group_by(["provider", "model"]).aggregate([]).to_pylist()
    found = [(pair, catalogue.names(pair["provider"], pair["model"])) for pair in pairs]
    return pa.Table.from_pylist(
        [
            {**pair, "provider_name": names.provider, "model_name": names.model, "embeds": names.embeds}
            for pair, names in found
        ]
    )
