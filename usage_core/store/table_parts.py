"""What the store's tables are made of."""

from typing import Any

import sqlalchemy as sa

from usage_core.schema import PRICE_DIGITS, PRICE_PLACES, Form

METADATA = sa.MetaData()
"""All tables of the store; complete once `tables` is imported."""

TYPES: dict[Form, sa.types.TypeEngine[Any]] = {
    Form.INSTANT: sa.DateTime(),
    Form.TEXT: sa.String(),
    Form.WHOLE: sa.BigInteger(),
    Form.PRICE: sa.Numeric(PRICE_DIGITS, PRICE_PLACES),
    Form.PICO: sa.BigInteger(),
}

COUNT, TOTAL = sa.BigInteger(), sa.Numeric(38, 0)
"""Numbers of calls, and sums of whatever is whole: tokens, pico-USD."""


def texts(*names: str) -> list[sa.Column[Any]]:
    """Columns of text."""
    return [sa.Column(name, sa.String()) for name in names]


def moments(*names: str) -> list[sa.Column[Any]]:
    """Columns of instants, naive UTC."""
    return [sa.Column(name, sa.DateTime()) for name in names]
