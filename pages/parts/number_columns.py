"""Numbers in the columns of tables: as they are held for showing, and how they are written."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pandas as pd

from usage_core.metrics.definitions import Unit

PERCENT = "%.1f %%"
"""How shares are shown, which are in per cent."""


def numbers(amounts: Iterable[Any], unit: Unit | None) -> "pd.Series[Any]":
    """A column for showing; shares have no unit, and become per cent."""
    if unit is None:
        return pd.Series([None if one is None else float(one * 100) for one in amounts], dtype="Float64")
    if unit is Unit.USD:
        return pd.Series([None if one is None else float(one) for one in amounts], dtype="Float64")
    return pd.Series(list(amounts), dtype="Int64")


def number_format(amounts: Iterable[Any], unit: Unit | None) -> str:
    """How a column's numbers are shown: cents, or more places where amounts are small."""
    if unit is None:
        return PERCENT
    if unit is not Unit.USD:
        return "localized"
    largest = max((abs(one) for one in amounts if one is not None), default=Decimal(0))
    return "dollar" if largest >= 100 else "$%.4f" if largest >= Decimal("0.01") else "$%.6f"
