"""Stores the buckets of a staged file of sums: rows of one bucket are added up, and what is stored already,
in every count, is not stored again.

A source revises what it has added up, and a later export tells more of a period that was not over. So a
bucket with other counts than those stored is a new version of it; see `store.tables.BUCKETS`.
"""

import uuid
from datetime import UTC, datetime

import sqlalchemy as sa

from usage_core.buckets import COLUMNS, COUNTS, DETAIL, LONGEST, TOLD_APART, WIDTHS
from usage_core.importers.sql import tier
from usage_core.intake.accounting import accounted, write_down
from usage_core.intake.price_rules import in_force
from usage_core.intake.pricing import FALLS_INTO, cost, price_list
from usage_core.intake.receipt import Receipt
from usage_core.intake.source import Source
from usage_core.intake.staging import Staging
from usage_core.schema import CostBasis
from usage_core.store.lake import Lake
from usage_core.store.tables import BUCKETS

_SAME = ("meter", "period_start", "period_end", "project", "api_key_id", "provider", "model", "kind")
_IDENTITY = (*_SAME, "service_tier")
_NAMELESS = "CASE WHEN {}.api_key_id IS NULL THEN {}.api_key_name END"

_KNOWN = {
    "key": "coalesce(api_key_id, api_key_name)",
    "model": "model",
    "project": "project",
    "service_tier": "service_tier",
}
_DETAIL = " + ".join(
    f"{weight} * max(({_KNOWN[name]} IS NOT NULL)::INT)" for name, weight in TOLD_APART.items()
)
_WIDTH = " ".join(
    f"WHEN epoch(b.period_end) - epoch(b.period_start) <= {seconds} THEN {width}" for seconds, width in WIDTHS
)

_ADD_UP = f"""
    CREATE TABLE {{s}}.buckets AS
    WITH good AS (FROM {{s}}.checked WHERE reason IS NULL),
    detail AS (SELECT meter, {_DETAIL} AS told FROM good GROUP BY meter),
    b AS (
        SELECT {", ".join(_SAME)}, {tier("service_tier")} AS service_tier, max(api_key_name) AS api_key_name,
            {", ".join(f"try_cast(sum({name}) AS BIGINT) AS {name}" for name in COUNTS)},
            CASE WHEN count(cost_pico) = count(*) THEN try_cast(sum(cost_pico) AS BIGINT) END AS recorded,
            count(*) AS rows
        FROM good c GROUP BY {", ".join(_SAME)}, {tier("service_tier")}, {_NAMELESS.format("c", "c")})
    SELECT b.*, {DETAIL} * told + CASE {_WIDTH} ELSE {LONGEST} END AS rank,
        b.period_start + (b.period_end - b.period_start) / 2 AS middle
    FROM b JOIN detail USING (meter)
"""
"""Rows of one bucket, such as those of several users of a key, are one."""


def _equal(names: tuple[str, ...]) -> str:
    return " AND ".join(f"b.{name} IS NOT DISTINCT FROM s.{name}" for name in names)


_COMPARE = f"""
    DELETE FROM {{s}}.buckets b USING lake.{BUCKETS.name} s
    WHERE s.source = $1 AND {_equal((*_IDENTITY, *COUNTS, "rank"))}
        AND {_NAMELESS.format("b", "b")} IS NOT DISTINCT FROM {_NAMELESS.format("s", "s")}
        AND (b.recorded IS NULL OR b.recorded = s.cost_pico)
"""

_FILL = f"""
    INSERT INTO {BUCKETS.name} BY NAME
    SELECT {", ".join(f"b.{column.name}" for column in COLUMNS if column.name != "cost_pico")},
        coalesce(b.recorded, b.list_cost) AS cost_pico, b.provider_name, b.model_name,
        CASE WHEN b.recorded IS NOT NULL THEN '{CostBasis.RECORDED}'
            WHEN b.list_cost IS NOT NULL THEN b.basis ELSE '{CostBasis.UNKNOWN}' END AS cost_basis,
        :source AS source, :import_id AS import_id, b.rank, :imported_at AS imported_at
    FROM (
        SELECT b.*, p.basis, {cost("b", "b.kind")} AS list_cost FROM {{s}}.named b
        CROSS JOIN LATERAL (SELECT b.middle AS called_at, b.service_tier AS service_tier, 0 AS input_tokens) t
        LEFT JOIN {{s}}.prices p ON {FALLS_INTO.format(names="b", call="t")}) b
"""
"""Priced as a short call in the middle of the period, since nobody knows how long its calls were."""


def store_buckets(lake: Lake, stage: Staging, source: Source, rows: int) -> Receipt:
    """Put the buckets of a staged file into the store, with their prices, and its receipt."""
    stage.report("Storing", None)
    stage.run(_ADD_UP)
    [[first, last, good]] = stage.run(
        "SELECT min(period_start), max(period_end), coalesce(sum(rows), 0)::BIGINT FROM {s}.buckets"
    )
    stage.run(_COMPARE, source.format.name)
    [[new]] = stage.run("SELECT coalesce(sum(rows), 0)::BIGINT FROM {s}.buckets")
    receipt = Receipt(
        import_id=str(uuid.uuid4()),
        imported_at=datetime.now(UTC).replace(tzinfo=None),
        first_call_at=None,
        last_call_at=None,
        first_period_start=first,
        last_period_end=last,
        rows_stored=new,
        rows_duplicate=good - new,
        **accounted(stage, source, rows),
    )
    with lake.writing() as connection:
        _price(connection, stage)
        given = {name: getattr(receipt, name) for name in ("source", "import_id", "imported_at")}
        connection.execute(sa.text(_FILL.replace("{s}", stage.name)), given)
        write_down(connection, stage, receipt)
    return receipt


def _price(connection: sa.Connection, stage: Staging) -> None:
    """Name the buckets as calls are named, in `named`, and list the prices of their models, in `prices`."""
    stage.run(
        "CREATE TABLE {s}.named AS SELECT b.*, n.provider_name, nullif(n.model_name, '') AS model_name "
        "FROM {s}.buckets b JOIN {s}.names n ON b.model IS NOT DISTINCT FROM n.model "
        "AND b.provider IS NOT DISTINCT FROM n.provider"
    )
    models = stage.run(
        "SELECT DISTINCT provider_name, model_name, service_tier FROM {s}.named "
        "WHERE recorded IS NULL AND model_name IS NOT NULL"
    )
    rules = [entered.rule for entered in in_force(connection)]
    stage.put("prices", price_list([(row[0], row[1], row[2]) for row in models], rules))
