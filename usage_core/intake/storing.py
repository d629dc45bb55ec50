"""Stores the rows of a staged file: each with its cost, and where that comes from.

The price on the row comes first, then the cost that the source recorded, then the administrator's price,
then the catalogue's; else the cost is unknown.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from usage_core.intake.accounting import accounted, write_down
from usage_core.intake.checks import COST_PICO, KIND, STAGED
from usage_core.intake.price_rules import in_force
from usage_core.intake.pricing import FALLS_INTO, cost, price_list
from usage_core.intake.receipt import Receipt
from usage_core.intake.source import Source
from usage_core.intake.staging import Staging
from usage_core.schema import CostBasis, Status
from usage_core.store import rollups
from usage_core.store.lake import Lake
from usage_core.store.rollups import NEW
from usage_core.store.settings import reporting_zone
from usage_core.store.tables import CALLS

PORTION_ROWS = 1_000_000
"""Rows put into the store by one statement."""

_NAMED = "c.model = n.model AND c.provider IS NOT DISTINCT FROM n.provider"
_WITHOUT_COST = f"({COST_PICO}) IS NULL AND c.recorded IS NULL"

_MADE = {
    **{column.name: f"c.{column.name}" for column in STAGED},
    "kind": "c.kind",
    "input_price": "CASE WHEN c.from_list THEN c.list_input_price ELSE c.input_price END",
    "output_price": "CASE WHEN c.from_list THEN c.list_output_price ELSE c.output_price END",
    "cost_pico": "coalesce(c.row_cost, c.recorded, c.list_cost)",
    "cost_basis": f"CASE WHEN c.row_cost IS NOT NULL THEN '{CostBasis.ROW}' "
    f"WHEN c.recorded IS NOT NULL THEN '{CostBasis.RECORDED}' "
    f"WHEN c.list_cost IS NOT NULL THEN c.basis ELSE '{CostBasis.UNKNOWN}' END",
    "status": f"coalesce(c.status, '{Status.UNKNOWN}')",
    "provider_name": "c.provider_name",
    "model_name": "c.model_name",
    "source": ":source",
    "import_id": ":import_id",
}

_FILL = f"""
    INSERT INTO {NEW.name} BY NAME SELECT {", ".join(f"{sql} AS {name}" for name, sql in _MADE.items())}
    FROM (
        SELECT c.*, c.row_cost IS NULL AND c.recorded IS NULL AND list_cost IS NOT NULL AS from_list FROM (
            SELECT c.*, p.basis, p.input_price AS list_input_price, p.output_price AS list_output_price,
                {cost("c", "c.kind")} AS list_cost
            FROM (
                SELECT c.*, n.provider_name, n.model_name, {KIND} AS kind, {COST_PICO} AS row_cost
                FROM {{s}}.checked c JOIN {{s}}.names n ON {_NAMED}
                WHERE c.reason IS NULL AND c.rowid NOT IN (SELECT row FROM {{s}}.duplicates)
                    AND c.called_at >= :start AND c.called_at < :end) c
            LEFT JOIN {{s}}.prices p ON c.row_cost IS NULL AND c.recorded IS NULL
                AND {FALLS_INTO.format(names="c", call="c")}) c) c
"""


def store(lake: Lake, stage: Staging, source: Source, rows: int) -> Receipt:
    """Put the good rows of a staged file into the store, with their prices, and its receipt."""
    stage.report("Storing", None)
    [[first, last, good]] = stage.run(
        "SELECT min(called_at), max(called_at), count(*) FROM {s}.checked WHERE reason IS NULL"
    )
    [[duplicates]] = stage.run("SELECT count(*) FROM {s}.duplicates")
    receipt = Receipt(
        import_id=str(uuid.uuid4()),
        imported_at=datetime.now(UTC).replace(tzinfo=None),
        rows_stored=good - duplicates,
        rows_duplicate=duplicates,
        first_call_at=first,
        last_call_at=last,
        **accounted(stage, source, rows),
    )
    with lake.writing() as connection:
        _price(connection, stage)
        _insert(connection, stage, receipt)
    return receipt


def _price(connection: sa.Connection, stage: Staging) -> None:
    """List the prices of the models that have calls without one, in `prices`."""
    models = stage.run(
        "SELECT DISTINCT n.provider_name, n.model_name, c.service_tier FROM {s}.checked c "
        f"JOIN {{s}}.names n ON {_NAMED} WHERE c.reason IS NULL AND {_WITHOUT_COST}"
    )
    rules = [entered.rule for entered in in_force(connection)]
    stage.put("prices", price_list([(row[0], row[1], row[2]) for row in models], rules))


def _insert(connection: sa.Connection, stage: Staging, receipt: Receipt) -> None:
    fill = sa.text(_FILL.replace("{s}", stage.name))
    given = {"source": receipt.source, "import_id": receipt.import_id}
    zone = reporting_zone(connection)
    for start, end in _portions(stage):
        connection.execute(sa.text(f"CREATE TEMP TABLE {NEW.name} AS FROM {CALLS.name} LIMIT 0"))
        connection.execute(fill, given | {"start": start, "end": end})
        connection.execute(sa.text(f"INSERT INTO {CALLS.name} BY NAME FROM {NEW.name}"))
        rollups.append_new(connection, zone, start, end)
        connection.execute(sa.text(f"DROP TABLE {NEW.name}"))
    write_down(connection, stage, receipt)


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
