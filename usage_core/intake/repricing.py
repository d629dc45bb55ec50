"""Pricing calls anew by the price rules in force: what would change, and changing it.

Only calls that came without a price of their own are priced anew; what a row or its source said stays.
The same calls and the same rules always give the same costs, so withdrawing a rule undoes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from usage_core.intake.listed import Run, listed
from usage_core.intake.pricing import FALLS_INTO, cost
from usage_core.schema import CostBasis, usd
from usage_core.store import rollups
from usage_core.store.lake import Lake
from usage_core.store.settings import reporting_zone

OURS = (CostBasis.OVERRIDE, CostBasis.CATALOGUE, CostBasis.UNKNOWN)
"""Costs that were worked out here, or are unknown."""

_BASIS = ", ".join(f"'{basis}'" for basis in OURS)
_COST = cost("c", "c.kind")
_NEW = f"""
    SELECT c.rowid AS row, c.called_at, c.api_key_id, c.provider_name, c.model_name,
        c.cost_pico AS old_cost, c.cost_basis AS old_basis, {_COST} AS new_cost,
        CASE WHEN {_COST} IS NULL THEN '{CostBasis.UNKNOWN}' ELSE p.basis END AS new_basis,
        CASE WHEN {_COST} IS NOT NULL THEN p.input_price END AS new_input_price,
        CASE WHEN {_COST} IS NOT NULL THEN p.output_price END AS new_output_price
    FROM lake.calls c JOIN temp.main.price_list p ON {FALLS_INTO.format(names="c", call="c")}
    WHERE c.cost_basis IN ({_BASIS}) AND c.called_at >= $1 AND c.called_at < $2
"""
_CHANGED = "old_cost IS DISTINCT FROM new_cost OR old_basis <> new_basis"
_SECOND = timedelta(seconds=1)
_EVER = (datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001 - the store's instants are naive UTC


@dataclass(frozen=True, slots=True)
class Change:
    """What pricing anew changes for a month (its first day, UTC) and key: calls, and their cost in USD
    before and after as far as it is known, with the calls whose cost is not."""

    month: datetime
    api_key_id: str
    calls: int
    before: Decimal
    after: Decimal
    unpriced_before: int
    unpriced_after: int


def preview(lake: Lake) -> list[Change]:
    """What pricing anew would change; nothing is changed."""
    with lake.reading() as connection, listed(connection, OURS) as run:
        rows = run(
            f"""
            SELECT date_trunc('month', called_at) AS month, api_key_id, count(*), coalesce(sum(old_cost), 0),
                coalesce(sum(new_cost), 0), count(*) FILTER (old_cost IS NULL),
                count(*) FILTER (new_cost IS NULL)
            FROM ({_NEW}) WHERE {_CHANGED} GROUP BY ALL ORDER BY ALL
            """,
            *_EVER,
        )
    return [Change(row[0], row[1], row[2], usd(int(row[3])), usd(int(row[4])), *row[5:]) for row in rows]


def apply(lake: Lake, report: Callable[[float], None] = lambda _part: None) -> int:
    """Price anew, all in one transaction; gives the number of calls changed. Readers see them before or
    after, never in between."""
    changed = 0
    with lake.writing() as connection, listed(connection, OURS) as run:
        [[first, last]] = run(f"SELECT min(called_at), max(called_at) FROM ({_NEW}) WHERE {_CHANGED}", *_EVER)
        if first is None:
            return 0
        start = first
        while start <= last:  # a month at a time, so that memory stays bounded
            following = _next_month(start)
            changed += _apply(run, start, following)
            start = following
            report(0.9 * min(1.0, (start - first) / (last - first + _SECOND)))
        rollups.renew(connection, reporting_zone(connection), first, last, costs_only=True)
    return changed


def _next_month(moment: datetime) -> datetime:
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def _apply(run: Run, start: datetime, end: datetime) -> int:
    run(f"CREATE OR REPLACE TEMP TABLE repriced AS SELECT * FROM ({_NEW}) WHERE {_CHANGED}", start, end)
    [[count]] = run("SELECT count(*) FROM temp.main.repriced")
    run(
        "UPDATE lake.calls SET cost_pico = r.new_cost, cost_basis = r.new_basis, "
        "input_price = r.new_input_price, output_price = r.new_output_price "
        "FROM temp.main.repriced r WHERE calls.rowid = r.row "
        "AND calls.called_at >= $1 AND calls.called_at < $2",
        start,
        end,
    )
    run("DROP TABLE temp.main.repriced")
    return int(count)
