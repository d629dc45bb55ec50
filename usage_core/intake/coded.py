"""Texts with few different values, as they are held on their way into the store: numbers that stand for them.

To group by a number, or to write it into a file, takes a fraction of the time that its text takes.
"""

from collections.abc import Mapping

from usage_core.intake.staging import Staging
from usage_core.schema import CostBasis, Kind, Status, Tier
from usage_core.store.engine import literal

FEW_ROWS = 20_000
"""To find the different texts of so many rows would take longer than it saves."""

MOST_VALUES = 10_000
"""A column with more different texts keeps them, for the same reason."""

READ = ("api_key_id", "api_key_name", "provider", "model", "service_tier")
NAMED = ("provider", "model", "provider_name", "model_name")
STORED = ("kind", "cost_basis", "status")
"""Columns of the rows as they were read, of their names, and of calls."""

_FOUND = {"api_key_id": "checked", "api_key_name": "checked", **dict.fromkeys(NAMED, "names")}
_KNOWN = {"kind": Kind, "cost_basis": CostBasis, "status": Status, "service_tier": Tier}


def codes(stage: Staging, rows: int) -> dict[str, str]:
    """The type that holds each such column, made in the scratch database from its good rows and their names;
    none where there are but a few rows."""
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


def held(columns: tuple[str, ...], by: Mapping[str, str]) -> str:
    """SQL for all columns of a query, those given held by their types."""
    replaced = ", ".join(f"{name}::{by[name]} AS {name}" for name in columns if name in by)
    return f"* REPLACE ({replaced})" if replaced else "*"
