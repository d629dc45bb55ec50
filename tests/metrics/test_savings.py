"""What keys would save: against the cheapest model found by trying every one, for every group."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.by_hand import as_log, call
from tests.metrics.test_what_if import FRAME, START, at
from usage_core.intake.run import import_file
from usage_core.metrics.newest_prices import Model
from usage_core.metrics.savings import last_calls, savings, usage
from usage_core.metrics.what_if import Price
from usage_core.selection import Selection
from usage_core.store.lake import Lake

PROVIDERS, NAMES, KINDS = ("OpenAI", "Mistral", None), ("big", "small", "tiny"), ("completion", "embedding")
MODELS = [Model(provider, name, kind) for provider in PROVIDERS for name in NAMES for kind in KINDS]

some_prices = st.dictionaries(
    st.sampled_from(MODELS),
    st.builds(Price, st.decimals(0, 100, places=6), st.none() | st.decimals(0, 100, places=6)),
)
group = st.fixed_dictionaries(
    {
        "key": st.sampled_from(("a", "b", "c")),
        "model": st.sampled_from(MODELS),
        "cost_usd": st.decimals(0, 500, places=12),
        "calls": st.integers(1, 50),
        "left_out": st.integers(0, 3),
        "input_tokens": st.integers(0, 10**7),
        "output_tokens": st.integers(0, 10**6),
    }
)
some_usage = st.lists(group, max_size=12, unique_by=lambda row: (row["key"], row["model"]))


def as_usage(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = (
        "key",
        "provider",
        "model",
        "kind",
        "cost_usd",
        "calls",
        "input_tokens",
        "output_tokens",
        "left_out",
    )
    flat = [
        row | {"provider": row["model"].provider, "model": row["model"].name, "kind": row["model"].kind}
        for row in rows
    ]
    return pd.DataFrame({name: pd.Series([row[name] for row in flat], dtype=object) for name in columns})


def best(row: Mapping[str, Any], others: list[Model], prices: Mapping[Model, Price]) -> Decimal:
    """The most that a group can save."""
    own, saved = row["model"], [Decimal(0)]
    for other in others:
        if other == own or other.kind != own.kind or other not in prices:
            continue
        price = prices[other]
        if price.output is None and row["output_tokens"]:
            continue
        then = (row["input_tokens"] * price.input + row["output_tokens"] * (price.output or 0)) / 10**6
        saved.append(row["cost_usd"] - then)
    return max(saved)


@given(rows=some_usage, prices=some_prices, named=st.none() | st.sampled_from(MODELS))
def test_each_group_has_its_cheapest_model(
    rows: list[dict[str, Any]], prices: dict[Model, Price], named: Model | None
) -> None:
    frame = savings(as_usage(rows), prices, named or "provider")
    assert set(frame["key"]) == {row["key"] for row in rows}
    assert list(frame["saved_usd"]) == sorted(frame["saved_usd"], reverse=True)
    for key in frame.to_dict("records"):
        own = [row for row in rows if row["key"] == key["key"]]
        each = []
        for row in own:
            provider = row["model"].provider
            family = [model for model in MODELS if model.provider == provider and provider is not None]
            each.append(best(row, [named] if named else family, prices))
        assert key["saved_usd"] == sum(each)
        assert key["cost_usd"] == sum(row["cost_usd"] for row in own)
        assert key["then_usd"] == key["cost_usd"] - key["saved_usd"]
        assert key["calls"] == sum(row["calls"] for row in own)
        assert key["left_out"] == sum(row["left_out"] for row in own)
        assert key["moved_calls"] == sum(row["calls"] for row, saved in zip(own, each, strict=True) if saved)
        assert key["models"] == len({row["model"] for row in own})
        assert bool(key["to"]) == any(each)
        assert all(model in prices and (named is None or model == named) for model in key["to"])


def test_models_that_save_most_come_first() -> None:
    rows = [
        {"key": "k", "model": Model("OpenAI", "big", "completion"), "cost_usd": Decimal(10)},
        {"key": "k", "model": Model("Mistral", "big", "completion"), "cost_usd": Decimal(90)},
    ]
    rows = [row | {"calls": 1, "left_out": 0, "input_tokens": 10**6, "output_tokens": 0} for row in rows]
    to = [Model(provider, "tiny", "completion") for provider in ("OpenAI", "Mistral")]
    [key] = savings(as_usage(rows), dict.fromkeys(to, Price(Decimal(1), Decimal(1)))).to_dict("records")
    assert key["to"] == (to[1], to[0])
    assert (key["saved_usd"], key["then_usd"]) == (98, 2)


def test_no_calls_save_nothing() -> None:
    frame = savings(as_usage([]), {})
    assert frame.empty
    assert {"key", "saved_usd", "to"} <= set(frame.columns)


def test_usage_and_last_calls_are_those_of_the_log(
    lake: Lake, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [
        *(at("5", "25", 0, minute, api_key_id="old") for minute in range(3)),
        *(at("5", "25", 2, minute, api_key_id="new", api_key_name="Renamed") for minute in range(2)),
        call(START + timedelta(hours=7), api_key_id="old", model="no price"),
    ]
    path = tmp_path_factory.mktemp("log") / "log.csv"
    path.write_text(as_log(rows), encoding="utf-8")
    import_file(lake, path)
    assert list(lake.answer(last_calls).items()) == [
        ("old", datetime(2026, 10, 1, 7, tzinfo=UTC)),
        ("new", datetime(2026, 10, 3, 0, 1, tzinfo=UTC)),
    ]

    def used(connection: sa.Connection) -> pd.DataFrame:
        return usage(connection, Selection(FRAME))

    frame = lake.answer(used)
    found = {
        (row["key"], row["model"]): (row["cost_usd"], row["left_out"]) for row in frame.to_dict("records")
    }
    assert found == {
        ("old", "big"): (3 * Decimal("0.0075"), 0),
        ("new", "big"): (2 * Decimal("0.0075"), 0),
        ("old", "no price"): (Decimal(0), 1),
    }
