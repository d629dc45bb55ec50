"""Where the prices on the rows are not the prices in force: which model, since when, how much money."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from usage_core.intake.listed import listed
from usage_core.schema import CostBasis, usd
from usage_core.store.lake import Lake

_MOST = 200

_DRIFT = f"""
    WITH paid AS (
        SELECT day, provider_name, model_name, input_price, output_price, sum(calls) AS calls,
            sum(cost_pico) AS cost, sum(input_tokens) AS sent, sum(output_tokens) AS received
        FROM rollup_prices
        WHERE cost_basis = '{CostBasis.ROW}' AND input_price IS NOT NULL AND day >= $1 AND day < $2
        GROUP BY ALL),
    compared AS (
        -- Of prices by size of the input or time of day any may be the one; the difference is to the first.
        SELECT paid.*, min_by(p.input_price, (p.above, p.clock_from)) AS listed_input,
            min_by(p.output_price, (p.above, p.clock_from)) AS listed_output,
            bool_or(paid.input_price = p.input_price AND coalesce(paid.output_price = p.output_price, true))
                AS is_listed
        FROM paid JOIN temp.main.price_list p
            ON paid.model_name = p.model_name AND paid.provider_name IS NOT DISTINCT FROM p.provider_name
            AND p.service_tier IS NULL AND paid.day >= p.since AND paid.day < p.until
        WHERE p.input_price IS NOT NULL
        GROUP BY ALL)
    SELECT provider_name, model_name, input_price, output_price, listed_input, listed_output,
        min(day), max(day), sum(calls), sum(cost),
        sum(coalesce(sent, 0)::HUGEINT * ((input_price - listed_input) * 1000000)::HUGEINT
            + coalesce(received, 0)::HUGEINT
                * (coalesce(output_price - listed_output, 0) * 1000000)::HUGEINT) AS difference
    FROM compared WHERE NOT is_listed GROUP BY ALL
    ORDER BY abs(difference) DESC, model_name, provider_name, input_price, output_price LIMIT {_MOST}
"""


@dataclass(frozen=True, slots=True)
class Drift:
    """Calls of a model whose rows have other prices than those in force (USD per million tokens), from
    their first day to their last, and how many USD more than at the prices in force that made them."""

    provider: str | None
    model: str
    input_price: Decimal
    output_price: Decimal | None
    listed_input: Decimal
    listed_output: Decimal | None
    first: datetime
    last: datetime
    calls: int
    cost: Decimal
    difference: Decimal


def drift(lake: Lake, start: datetime, end: datetime) -> list[Drift]:
    """The drifts of days within [start, end) (naive, in the zone of the workspace's days), the dearest
    first."""
    with lake.reading() as connection, listed(connection, [CostBasis.ROW]) as run:
        rows = run(_DRIFT, start, end)
    return [_drift(row) for row in rows]


def _drift(row: tuple[Any, ...]) -> Drift:
    provider, model, paid_in, paid_out, listed_in, listed_out, first, last, calls, cost, difference = row
    prices = (paid_in, paid_out, listed_in, listed_out)
    amounts = (int(calls), usd(int(cost or 0)), usd(int(difference)))
    return Drift(provider, model, *prices, first, last, *amounts)
