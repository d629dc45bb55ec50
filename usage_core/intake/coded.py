"""Texts with few different values, as calls hold them while they are summed up: numbers that stand for them.

To group by a number takes a fraction of the time that its text takes.
"""

from collections.abc import Iterable, Mapping

from usage_core.intake.staging import Staging
from usage_core.schema import CostBasis, Kind
from usage_core.store.engine import literal

FEW_ROWS = 20_000
"""To find the different texts of so many rows would take longer than it saves."""

MOST_VALUES = 10_000
"""A column with more different texts keeps them, for the same reason."""

_FOUND = {
    "api_key_id": "checked",
    "api_key_name": "checked",
    "provider_name": "names",
    "model_name": "names",
}
"""Which staged table holds all values of a column."""

_KNOWN = {"kind": Kind, "cost_basis": CostBasis}


def codes(stage: Staging, rows: int) -> dict[str, str]:
    """The type that holds each such column, made in the scratch database; none where there are but a few
    rows."""
    if rows <= FEW_ROWS:
        return {}
    values = {name: f"SELECT unnest([{', '.join(map(literal, of))}])" for name, of in _KNOWN.items()}
    for name, table in _FOUND.items():
        good = " AND reason IS NULL" * (table == "checked")
        found = f"SELECT DISTINCT {name} FROM {{s}}.{table} WHERE {name} IS NOT NULL{good}"
        stage.run(f"CREATE TABLE {{s}}.{name}_values AS {found} LIMIT {MOST_VALUES + 1}")
        [[count]] = stage.run(f"SELECT count(*) FROM {{s}}.{name}_values")
        if 0 < count <= MOST_VALUES:
            values[name] = f"FROM {{s}}.{name}_values"
    for name, listed in values.items():
        stage.run(f"CREATE TYPE {{s}}.{name}_code AS ENUM ({listed})")
    return {name: f"{stage.name}.{name}_code" for name in values}


def held(columns: Iterable[str], by: Mapping[str, str]) -> str:
    """SQL for some columns, those that have a type held by it."""
    return ", ".join(f"{name}::{by[name]} AS {name}" if name in by else name for name in columns)
