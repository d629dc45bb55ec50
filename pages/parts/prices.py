"""What the Prices page says and shows of the models in the store."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.parts import tables
from pages.parts.sidebar import NOT_GIVEN
from pages.parts.text import plain
from usage_core import cached, cached_prices, wording
from usage_core.intake.price_drift import Drift
from usage_core.metrics.prices_seen import Seen
from usage_core.prices import catalogue
from usage_core.prices.book import Interval, in_force, intervals
from usage_core.prices.rules import PARTS
from usage_core.schema import CostBasis
from usage_core.selection import Selection

SOURCES = {
    CostBasis.ROW: "on the row",
    CostBasis.RECORDED: "recorded by the source",
    CostBasis.OVERRIDE: "yours",
    CostBasis.CATALOGUE: "catalogue",
    CostBasis.UNKNOWN: "unknown",
}
"""Where a cost comes from, in words."""

WIDE, NARROW = 170, 96
"""Pixels: a model's name in front leaves room for figures on a phone."""

PLAIN, CACHE = ("Input", "Output"), ("Cache read", "Cache write", "Cache write 1h")
PRICES = (*PLAIN, *CACHE)
"""Headings, in the order of `PARTS`."""

HELP = {
    "Cache write 1h": "USD per million tokens kept in a cache for an hour. Where it is unknown, and writing "
    "to a cache has a price of its own, a call with such tokens has no cost."
}
"""What there is to say of a price, beside its unit."""


@cached.shared
def answer() -> str:
    """How many models have a price, and what has none (Markdown)."""
    every = cached_prices.prices_seen()
    if not every:
        return "There are no calls yet. Import a log to begin."
    models = {(one.provider, one.model) for one in every}
    without = [one for one in every if one.unpriced]
    if not without:
        return f"Every call of the {wording.plural(len(models), 'model')} seen has a price."
    calls = sum(one.unpriced for one in without)
    tokens = sum(one.input_tokens + one.output_tokens for one in without if one.basis is CostBasis.UNKNOWN)
    names = list(dict.fromkeys(plain(one.model) for one in without))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (
        f"**{wording.plural(calls, 'call')} without a price**, with {wording.count(tokens)} tokens, of "
        f"{wording.joined(names[:3]) if not more else ', '.join(names[:3])}{more}. No cost figure holds them."
    )


def now_in_force(provider: str | None, model: str) -> Interval:
    """The price of a call made now."""
    rules = [entered.rule for entered in cached_prices.price_rules() if entered.withdrawn_at is None]
    return in_force(intervals(provider, model, rules), datetime.now(UTC))


@cached.shared
def _sent() -> pa.Table:
    return tables.sent(_table())


@cached.shared
def _table() -> pd.DataFrame:
    rows = []
    for one in cached_prices.prices_seen():
        price = now_in_force(one.provider, one.model)
        listed = [getattr(price.prices, part) for part in PARTS]
        rows.append(
            {
                "Model": one.model,
                "Provider": one.provider or NOT_GIVEN,
                "Calls": one.calls,
                "Without a price": one.unpriced,
                "Cost (USD)": None if one.cost is None else float(one.cost),
                **dict(zip(PRICES, map(_usd, listed), strict=True)),
                "Price now": _source(price),
                "Suggested match": suggested(one),
                "Price of its calls": SOURCES[one.basis],
                "Last call": one.last.date(),
            }
        )
    return pd.DataFrame(rows)


def suggested(one: Seen) -> str:
    """The catalogue's model that may be meant, where calls have no price."""
    return (one.unpriced and catalogue.suggested(one.provider, one.model)) or ""


def _usd(price: Decimal | None) -> str:
    return wording.UNKNOWN if price is None else wording.money_exact(price)


def _source(price: Interval) -> str:
    """Where the price in force comes from, with the catalogue's name of the model."""
    return f"catalogue: {price.match}" if price.basis is CostBasis.CATALOGUE else SOURCES[price.basis]


def models() -> None:
    """Every model seen, with the price in force now and what is behind it."""
    table = _table()
    if table.empty:
        return
    config = {
        "Cost (USD)": st.column_config.NumberColumn(format="dollar", help="Of the calls whose cost is known"),
        "Model": st.column_config.TextColumn(pinned=True, width=WIDE),
        "Provider": st.column_config.TextColumn(width=NARROW),
        "Calls": st.column_config.NumberColumn(format="localized"),
        "Without a price": st.column_config.NumberColumn(
            format="localized", help="Calls whose cost is unknown: no cost figure holds them"
        ),
        "Suggested match": st.column_config.TextColumn(width=WIDE),
        "Price now": st.column_config.TextColumn(
            width=WIDE,
            help="Whose price a call without one of its own would get now, with the catalogue's name of "
            "the model that was matched. Correct a wrong match under “Enter a price”.",
        ),
        **{
            name: st.column_config.TextColumn(
                help=HELP.get(name, "USD per million tokens"), alignment="right"
            )
            for name in PRICES
        },
    }
    tables.draw(_sent(), hide_index=True, column_config=config, placeholder=wording.UNKNOWN, key="models")


def without_price() -> list[Seen]:
    """Models with calls without a price, most calls first."""
    return [one for one in cached_prices.prices_seen() if one.unpriced]


def drifts(selection: Selection) -> None:
    """Where rows have other prices than those in force."""
    found = cached_prices.price_drifts(selection)
    st.markdown(_drift_sentence(found))
    if found:
        tables.draw(_drift_table(selection), hide_index=True, key="drifts")


def _drift_sentence(found: Iterable[Drift]) -> str:
    every = list(found)
    if not every:
        return "In this timeframe the prices on the rows are those of the catalogue, or your own."
    total = sum((one.difference for one in every), Decimal(0))
    models_said = wording.plural(len({one.model for one in every}), "model")
    return (
        f"In this timeframe the rows of {models_said} have other prices than "
        f"those in force: {plain(wording.money(abs(total)))} "
        f"{'more' if total > 0 else 'less'} in all. The cost shown is that of the rows."
    )


@cached.shared
def _drift_table(selection: Selection) -> pa.Table:
    found = cached_prices.price_drifts(selection)
    table = pd.DataFrame(
        {
            "Model": [one.model for one in found],
            "Provider": [one.provider or NOT_GIVEN for one in found],
            "First day": [one.first.date() for one in found],
            "Last day": [one.last.date() for one in found],
            "Input on the rows": [_usd(one.input_price) for one in found],
            "Input in force": [_usd(one.listed_input) for one in found],
            "Output on the rows": [_usd(one.output_price) for one in found],
            "Output in force": [_usd(one.listed_output) for one in found],
            "Calls": [one.calls for one in found],
            "Difference": [wording.money_exact(one.difference) for one in found],
        }
    )
    return tables.sent(table)
