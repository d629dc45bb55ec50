"""The models of a store with the prices of their calls, and where those come from."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from usage_core.metrics.question import MOST_ROWS
from usage_core.schema import CostBasis, usd
from usage_core.store.tables import PRICES

c = PRICES.c


@dataclass(frozen=True, slots=True)
class Seen:
    """A model's calls of one kind and one basis: how many, when first and last (days of the workspace),
    their tokens, and their cost in USD as far as it is known."""

    provider: str | None
    model: str
    kind: str
    basis: CostBasis
    first: datetime
    last: datetime
    calls: int
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    unpriced: int


def seen(connection: sa.Connection) -> list[Seen]:
    """Every provider, model, kind and basis, those without a price first, then by cost."""
    groups = (c.provider_name, c.model_name, c.kind, c.cost_basis)
    cost, unpriced = sa.func.sum(c.cost_pico), sa.func.sum(c.unpriced_calls)
    rows = connection.execute(
        sa.select(
            *groups,
            sa.func.min(c.day),
            sa.func.max(c.day),
            sa.func.sum(c.calls),
            sa.func.sum(c.input_tokens),
            sa.func.sum(c.output_tokens),
            cost,
            unpriced,
        )
        .group_by(*groups)
        .order_by(unpriced.desc(), cost.desc().nulls_last(), *groups)
        .limit(MOST_ROWS)
    )
    return [_seen(tuple(row)) for row in rows]


def _seen(row: tuple[Any, ...]) -> Seen:
    provider, model, kind, basis, first, last, calls, sent, received, cost, unpriced = row
    tokens = (int(sent or 0), int(received or 0))
    paid = None if cost is None else usd(int(cost))
    return Seen(
        provider, model, kind, CostBasis(basis), first, last, int(calls), *tokens, paid, int(unpriced or 0)
    )
