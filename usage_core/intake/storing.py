"""Stores the rows of a staged file: each with its cost, and where that comes from.

The price on the row comes first, then the cost that the source recorded, then the administrator's price,
then the catalogue's; else the cost is unknown.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from usage_core.intake.accounting import accounted, write_down
from usage_core.intake.checks import COST_PICO, KIND, STAGED, TYPES
from usage_core.intake.coded import codes, held
from usage_core.intake.doubts import list_doubted
from usage_core.intake.price_rules import in_force
from usage_core.intake.pricing import FALLS_INTO, cost, price_list
from usage_core.intake.receipt import Receipt
from usage_core.intake.source import Source
from usage_core.intake.staging import Staging
from usage_core.schema import CostBasis, Status
from usage_core.store.engine import literal
from usage_core.store.lake import Lake
from usage_core.store.new_sums import NEW, append_new, summed
from usage_core.store.settings import reporting_zone
from usage_core.store.tables import CALLS

PORTION_ROWS = 1_000_000
"""Rows put into the store by one statement."""

STRETCH_ROWS, MOST_OVERLAP = 100_000, 2
"""A file is in order whose stretches of so many rows last together at most so many times as long as all."""

_LISTED, _WHOLE = "new_listed", "new_whole"
"""The calls of a portion that get a price from a list, and all of them."""

_NAMED = "c.model = n.model AND c.provider IS NOT DISTINCT FROM n.provider"
_WITHOUT_COST = "c.row_cost IS NULL AND c.recorded IS NULL"

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
}
"""Each field of a call, from those of a row in which it may differ from call to call."""

_FRESH = f"""
    CREATE VIEW {{s}}.fresh AS
    SELECT c.*, n.provider_name, n.model_name, {KIND} AS kind, {COST_PICO} AS row_cost
    FROM {{s}}.others c JOIN {{s}}.names n ON {_NAMED}
"""
"""The rows to be stored, and what they cost by prices of their own."""

_PRICED = f"""
    SELECT c.*, p.basis, p.input_price AS list_input_price, p.output_price AS list_output_price,
        {cost("c", "c.kind")} AS list_cost
    FROM {{s}}.fresh c LEFT JOIN {{s}}.prices p
        ON {FALLS_INTO.format(names="c", call="c")}
    WHERE {_WITHOUT_COST}
"""

_AS_THEY_ARE = f"""
    SELECT *, NULL::VARCHAR AS basis, NULL::BIGINT AS list_cost, NULL::DECIMAL(12, 6) AS list_input_price,
        NULL::DECIMAL(12, 6) AS list_output_price
    FROM {{s}}.fresh c WHERE NOT ({_WITHOUT_COST})
"""

_NEW = """
    SELECT {columns}
    FROM (SELECT *, list_cost IS NOT NULL AS from_list FROM ({priced}) c) c
    WHERE c.called_at >= {start} AND c.called_at < {end}
"""
"""A portion of them as calls."""


def store(lake: Lake, stage: Staging, source: Source, rows: int) -> Receipt:
    """Put the good rows of a staged file into the store, with their prices, and its receipt."""
    stage.report("Storing", None)
    [[first, last, good]] = stage.run(
        "SELECT min(called_at), max(called_at), count(*) FROM {s}.checked WHERE reason IS NULL"
    )
    [[duplicates]] = stage.run("SELECT count(*) FROM {s}.duplicates")
    doubted, by = 0, {}
    fields = source.format.mapped()
    if good > duplicates:
        by = codes(stage, good - duplicates)
        _name_fresh(stage, duplicates)
        doubted = list_doubted(stage, fields)
    receipt = Receipt(
        import_id=str(uuid.uuid4()),
        imported_at=datetime.now(UTC).replace(tzinfo=None),
        rows_stored=good - duplicates,
        rows_duplicate=duplicates,
        first_call_at=first,
        last_call_at=last,
        rows_doubted=doubted,
        **accounted(stage, source, rows),
    )
    with lake.writing() as connection:
        if receipt.rows_stored:
            _insert(connection, stage, _alike(fields, receipt), by)
        write_down(connection, stage, receipt)
    return receipt


def _name_fresh(stage: Staging, duplicates: int) -> None:
    """Name the rows to be stored `others`, and those with their names and costs `fresh`."""
    rows = "SELECT * FROM {s}.checked WHERE reason IS NULL"
    if duplicates:
        stage.run(f"CREATE TABLE {{s}}.others AS {rows} AND row NOT IN (SELECT row FROM {{s}}.duplicates)")
    else:
        stage.run(f"CREATE VIEW {{s}}.others AS {rows}")
    stage.run(_FRESH)


def _price(connection: sa.Connection, stage: Staging) -> None:
    """List the prices of the models that have calls without one, in `prices`."""
    models = stage.run(
        "SELECT DISTINCT provider_name, model_name, service_tier FROM {s}.fresh c "
        f"WHERE {_WITHOUT_COST} AND (c.cost IS NULL OR c.output_tokens IS NULL)"  # the latter follows
    )
    rules = [entered.rule for entered in in_force(connection)] if models else []
    stage.put("prices", price_list([(row[0], row[1], row[2]) for row in models], rules))


def _alike(fields: Collection[str], receipt: Receipt) -> dict[str, str]:
    """SQL for each field that all calls of an import have alike: those its source does not have are empty."""
    missing = {
        column.name: f"NULL::{TYPES[column.form]}"
        for column in STAGED
        if column.name not in fields and column.name != "kind" and _MADE[column.name] == f"c.{column.name}"
    }
    if "status" not in fields:
        missing["status"] = literal(Status.UNKNOWN)
    return missing | {"source": literal(receipt.source), "import_id": literal(receipt.import_id)}


def _insert(
    connection: sa.Connection,
    stage: Staging,
    alike: Mapping[str, str],
    by: Mapping[str, str],
) -> None:
    zone = reporting_zone(connection)
    portions, in_order = _laid_out(stage)
    order = "" if in_order else f"ORDER BY {CALLS.c.called_at.name}"
    _price(connection, stage)
    # Past SQLAlchemy's dialect, which reads what makes a table letter by letter.
    native: Any = connection.connection.driver_connection
    varying = {name: sql for name, sql in _MADE.items() if name not in alike}
    shown = ", ".join(f"{sql} AS {name}" for name, sql in alike.items())
    to_sum = held(summed(), by)
    for start, end in portions:
        listed, others = (_made(stage, priced, varying, (start, end)) for priced in (_PRICED, _AS_THEY_ARE))
        # Apart, or the engine would keep all rows to look at them twice.
        native.execute(f"CREATE TEMP TABLE {_LISTED} AS {listed}")
        native.execute(
            f"CREATE TEMP VIEW {_WHOLE} AS SELECT *, {shown} FROM ({others} UNION ALL FROM {_LISTED})"
        )
        # Not from what is held for the sums: the engine reads a table of its own transaction with one thread.
        connection.execute(sa.text(f"INSERT INTO {CALLS.name} BY NAME FROM {_WHOLE} {order}"))
        native.execute(f"CREATE TEMP TABLE {NEW.name} AS SELECT {to_sum} FROM {_WHOLE}")
        append_new(connection, zone, start, end)
        native.execute(f"DROP TABLE {NEW.name}; DROP VIEW {_WHOLE}; DROP TABLE {_LISTED}")


def _made(stage: Staging, priced: str, varying: Mapping[str, str], within: tuple[datetime, datetime]) -> str:
    start, end = within
    columns = ", ".join(f"{sql} AS {name}" for name, sql in varying.items())
    rows = _NEW.format(columns=columns, priced=priced, start=literal(start), end=literal(end))
    return rows.replace("{s}", stage.name)


def _laid_out(stage: Staging) -> tuple[list[tuple[datetime, datetime]], bool]:
    """Time ranges of about PORTION_ROWS rows each, which hold every row to be stored, so that a long file
    needs the same memory as a short one; and whether the rows are in order.

    They are where a stretch of the file is a stretch of time, if not to the minute: the store then has to
    read no more for some days than if all were sorted, which takes longer than all else that is done to them.
    """
    counted = stage.run(
        f"SELECT date_trunc('hour', called_at) AS hour, row // {STRETCH_ROWS} AS stretch, count(*) "
        "FROM {s}.others GROUP BY ALL ORDER BY hour"
    )
    hours: dict[datetime, int] = {}
    stretches: dict[int, list[datetime]] = {}
    for hour, stretch, count in counted:
        hours[hour] = hours.get(hour, 0) + count
        stretches.setdefault(stretch, []).append(hour)
    last_together = sum((found[-1] - found[0] for found in stretches.values()), timedelta())
    all_together = max(hours) - min(hours)
    return list(_portions(hours)), last_together <= MOST_OVERLAP * all_together


def _portions(hours: Mapping[datetime, int]) -> Iterator[tuple[datetime, datetime]]:
    start, rows = None, 0
    for hour, count in hours.items():
        if start is not None and rows + count > PORTION_ROWS:
            yield start, hour
            start, rows = None, 0
        start, rows = start or hour, rows + count
    if start is not None:
        yield start, max(hours) + timedelta(hours=1)
