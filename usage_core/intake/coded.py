"""Texts with few different values, as calls hold them on their way into the store: numbers for them.

To group by a number, and to write it to a file, takes a fraction of the time that its text takes.
"""

from collections.abc import Iterable, Mapping

from usage_core.intake.staging import Staging
from usage_core.schema import CostBasis, Kind, Status, Tier
from usage_core.store.engine import literal

FEW_ROWS = 20_000
"""To find the different texts of so many rows would take longer than it saves."""

MOST_VALUES = 10_000
"""A column with more different texts keeps them, for the same reason."""

_FOUND = {
    "api_key_id": "checked",
    "api_key_name": "checked",
    "provider": "names",
    "model": "names",
    "provider_name": "names",
    "model_name": "names",
}
"""Which staged table holds all values of a column."""

_KNOWN = {"kind": Kind, "cost_basis": CostBasis, "status": Status, "service_tier": Tier}


def codes(stage: Staging, rows: int, alike: Mapping[str, str]) -> dict[str, str]:
    """The type that holds each such column, made in the scratch database, also of those that are `alike` in
    all rows; none where there are but a few rows."""
    if rows <= FEW_ROWS:
        return {}
    known = {**_KNOWN, **{name: (value,) for name, value in alike.items()}}
    values = {name: f"SELECT unnest([{', '.join(map(literal, of))}])" for name, of in known.items()}
    for name, table in _FOUND.items():
        if name in stage.codes:
            continue
        good = " AND reason IS NULL" * (table == "checked")
        found = f"SELECT DISTINCT {name} FROM {{s}}.{table} WHERE {name} IS NOT NULL{good}"
        stage.run(f"CREATE TABLE {{s}}.{name}_values AS {found} LIMIT {MOST_VALUES + 1}")
        [[count]] = stage.run(f"SELECT count(*) FROM {{s}}.{name}_values")
        if 0 < count <= MOST_VALUES:
            values[name] = f"FROM {{s}}.{name}_values"
    for name, listed in values.items():
        stage.run(f"CREATE TYPE {{s}}.{name}_code AS ENUM ({listed})")
    return {**{name: f"{stage.name}.{name}_code" for name in values}, **stage.codes}


def held(columns: Mapping[str, str], by: Mapping[str, str]) -> str:
    """SQL for some columns, each from SQL of its own, those that have a type held by it."""
    return ", ".join(
        f"({sql})::{by[name]} AS {name}" if name in by else f"{sql} AS {name}"
        for name, sql in columns.items()
    )


def same(columns: Iterable[str]) -> dict[str, str]:
    """Columns as they are, for `held`."""
    return {name: name for name in columns}
