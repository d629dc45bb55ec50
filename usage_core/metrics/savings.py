"""Keys worth a look: what their calls would cost with the cheapest model that may stand for theirs, and
which keys make no calls any more.

Whether another model does the same work is not known here. It may stand for another if it answers calls
of the same kind and is of the same provider, or if the reader names it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import pandas as pd
import sqlalchemy as sa

from usage_core.metrics.covers import Coverage
from usage_core.metrics.newest_prices import Model
from usage_core.metrics.sight import keys_in_sight
from usage_core.metrics.what_if import Price, comparable, cost
from usage_core.selection import Selection
from usage_core.store.tables import KEY_NAMES

Prices: TypeAlias = Mapping[Model, Price]

StandsFor: TypeAlias = Model | Literal["provider"]
"""What may stand for a model: a named one, or any of the same provider; of the same kind in any case."""

BY = ("key", "provider", "model", "kind")


@dataclass(slots=True)
class _Key:
    """What is added up of a key."""

    cost: Decimal = Decimal(0)
    calls: int = 0
    left_out: int = 0
    saved: Decimal = Decimal(0)
    moved: int = 0
    models: set[Model] = field(default_factory=set)
    to: dict[Model, Decimal] = field(default_factory=dict)


def usage(connection: sa.Connection, selection: Selection, coverage: Coverage | None = None) -> pd.DataFrame:
    """The comparable calls of every key, provider, model and kind; see `what_if.comparable`."""
    return comparable(connection, selection, BY, coverage)


def savings(used: pd.DataFrame, prices: Prices, stands_for: StandsFor = "provider") -> pd.DataFrame:
    """What each key would save, most first, if the cheapest model that may did its calls.

    `used` is of `usage`. A row for each key: key, cost_usd (paid now), then_usd, saved_usd (Decimal),
    calls, moved_calls (those that would change their model), left_out, models (how many the key uses;
    int), and to (the models that would do them, the one that saves most first). A call stays where it
    is, if nothing cheaper may stand for its model.
    """
    keys: dict[str, _Key] = {}
    by_family = _families(prices)
    for row in used.to_dict("records"):
        found = keys.setdefault(row["key"], _Key())
        own = Model(row["provider"], row["model"], row["kind"])
        found.cost, found.calls = found.cost + row["cost_usd"], found.calls + row["calls"]
        found.left_out += row["left_out"]
        found.models.add(own)
        others = by_family.get((own.provider, own.kind), ()) if stands_for == "provider" else (stands_for,)
        best = _cheapest(row, own, others, prices)
        if best:
            other, saved = best
            found.saved += saved
            found.moved += row["calls"]
            found.to[other] = found.to.get(other, Decimal(0)) + saved
    return _table(keys)


def _families(prices: Prices) -> dict[tuple[str | None, str], list[Model]]:
    families: dict[tuple[str | None, str], list[Model]] = {}
    for model in prices:
        if model.provider is not None:  # two models of an unknown provider need not be of the same
            families.setdefault((model.provider, model.kind), []).append(model)
    return families


def _cheapest(
    row: Mapping[Any, Any], own: Model, others: Iterable[Model], prices: Prices
) -> tuple[Model, Decimal] | None:
    """The model that would save most of a group's cost, and how much; None where none would."""
    return min(_offers(row, own, others, prices), key=lambda offer: (-offer[1], offer[0].name), default=None)


def _offers(
    row: Mapping[Any, Any], own: Model, others: Iterable[Model], prices: Prices
) -> Iterator[tuple[Model, Decimal]]:
    for other in others:
        price = prices.get(other)
        if price is None or other == own or other.kind != own.kind:
            continue
        then = cost(row["input_tokens"], row["output_tokens"], price)
        if then is not None and then < row["cost_usd"]:
            yield other, row["cost_usd"] - then


_COLUMNS = ("key", "cost_usd", "then_usd", "saved_usd", "calls", "moved_calls", "left_out", "models", "to")


def _table(keys: Mapping[str, _Key]) -> pd.DataFrame:
    rows = [
        (
            key,
            each.cost,
            each.cost - each.saved,
            each.saved,
            each.calls,
            each.moved,
            each.left_out,
            len(each.models),
            tuple(sorted(each.to, key=lambda model: (-each.to[model], model.name))),
        )
        for key, each in keys.items()
    ]
    rows.sort(key=lambda row: (-row[3], -row[1], row[0]))
    columns = zip(*rows, strict=True) if rows else ((),) * len(_COLUMNS)
    made = {
        name: pd.Series(list(values), dtype=object) for name, values in zip(_COLUMNS, columns, strict=True)
    }
    return pd.DataFrame(made)


def last_calls(connection: sa.Connection, _coverage: Coverage | None = None) -> dict[str, datetime]:
    """When every key made its last call (UTC, aware), the longest ago first."""
    c = KEY_NAMES.c
    last = sa.func.max(c.last_called_at)
    rows = connection.execute(
        sa.select(c.api_key_id, last)
        .where(*keys_in_sight(c.api_key_id))
        .group_by(c.api_key_id)
        .order_by(last, c.api_key_id)
    )
    return {key: at.replace(tzinfo=UTC) for key, at in rows}
