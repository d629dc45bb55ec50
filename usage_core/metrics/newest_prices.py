"""What each model costs now, as far as the calls tell: the prices of its newest day."""

from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from usage_core.metrics.covers import Coverage
from usage_core.metrics.question import MOST_ROWS
from usage_core.metrics.sight import models_in_sight
from usage_core.metrics.what_if import Price
from usage_core.store.tables import PRICES


class Model(NamedTuple):
    """A model as calls are grouped: provider (None where it is unknown), canonical name, and call kind."""

    provider: str | None
    name: str
    kind: str


def newest_prices(connection: sa.Connection, _coverage: Coverage | None = None) -> dict[Model, Price]:
    """The price of every model that has calls with one: of the newest day, and there of most calls.

    A price is taken where it has an input part, and an output part or calls without output. The models
    called last come first, and at most as many as an answer has rows.
    """
    c = PRICES.c
    groups = (c.provider_name, c.model_name, c.kind)
    prices, calls = (c.input_price, c.output_price), sa.func.sum(c.calls)
    place = sa.func.row_number().over(
        partition_by=groups, order_by=(c.day.desc(), calls.desc(), *(price.desc() for price in prices))
    )
    by_day = (
        sa.select(*groups, *prices, c.day, place.label("place"))
        .where(c.input_price.is_not(None), _is_whole(), *models_in_sight(c.provider_name, c.model_name))
        .group_by(*groups, *prices, c.day)
        .subquery("by_day")
    )
    newest = sa.select(by_day).where(by_day.c.place == 1)
    order = (by_day.c.day.desc(), by_day.c.model_name, by_day.c.provider_name)
    rows = connection.execute(newest.order_by(*order).limit(MOST_ROWS)).mappings()
    return {_model(row): Price(_price(row["input_price"]), _output(row["output_price"])) for row in rows}


def _is_whole() -> sa.ColumnElement[bool]:
    return sa.or_(PRICES.c.output_price.is_not(None), PRICES.c.output_tokens.is_(None))


def _model(row: Any) -> Model:
    return Model(row["provider_name"], row["model_name"], row["kind"])


def _price(value: Any) -> Decimal:
    return Decimal(value)


def _output(value: Any) -> Decimal | None:
    return None if value is None else _price(value)
