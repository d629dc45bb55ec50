"""What a receipt says of every staged file, whatever it holds, and the rows that were set aside."""

from typing import Any

import sqlalchemy as sa

from usage_core.intake.receipt import Receipt
from usage_core.intake.source import Source, headings
from usage_core.intake.staging import Staging
from usage_core.prices import catalogue
from usage_core.store.tables import DOUBTED, REJECTED

MOST_DROPPED = 200
"""Headings that a receipt keeps of those whose columns were not kept."""


def accounted(stage: Staging, source: Source, rows: int) -> dict[str, Any]:
    """The fields of the receipt of a staged file of so many rows, but for what was stored."""
    [[rejected]] = stage.run("SELECT count(*) FROM {s}.rejected")
    skipped = dict(
        stage.run(
            "SELECT skip, count(*) FROM {s}.checked WHERE skip IS NOT NULL GROUP BY ALL ORDER BY 2 DESC, 1"
        )
    )
    return {
        "file_name": source.name,
        "file_bytes": source.path.stat().st_size,
        "source": source.format.name,
        "rows_read": rows,
        "rows_rejected": rejected,
        "catalogue_version": catalogue.catalogue_version(),
        "rows_skipped": sum(skipped.values()),
        "skipped_reasons": skipped,
        "columns_dropped": tuple(name[:100] for name in source.format.dropped(source.header)[:MOST_DROPPED]),
        "checksum": source.checksum,
        "headings": tuple(headings(source).values()),
    }


def write_down(connection: sa.Connection, stage: Staging, receipt: Receipt) -> None:
    """Store a receipt, the rows that its import set aside, and those whose cost is in doubt."""
    staged = [(REJECTED, "rejected", receipt.rows_rejected), (DOUBTED, "doubted", receipt.rows_doubted)]
    for table, name, listed in staged:
        if not listed:
            continue
        rows = f"SELECT :import_id AS import_id, * FROM {stage.name}.{name}"
        insert = sa.text(f"INSERT INTO {table.name} BY NAME {rows}")
        connection.execute(insert, {"import_id": receipt.import_id})
    receipt.store(connection)
