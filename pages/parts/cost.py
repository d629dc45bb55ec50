"""The top of the Cost page: what calls cost, each and per token, and what the cost is made of."""

from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts import drawn, figures
from pages.parts.frame import PRICES
from pages.parts.text import plain
from pages.parts.tiles import Tile, compared
from pages.server import visitor
from usage_core import cached, wording
from usage_core.charts.chart import Chart
from usage_core.charts.cost_parts import PARTS, cost_parts
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.question import Question
from usage_core.selection import Selection

TILES = ("cost_usd", "cost_per_call", "cost_per_million_tokens")

FIGURES = (
    *TILES,
    "input_cost_usd",
    "output_cost_usd",
    "calls",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "unpriced_calls",
)
"""What the parts of the page say of the same calls: asked for at once, so that they share one answer."""


@cached.shared
def totals(selection: Selection) -> figures.Totals:
    """The page's figures of all calls together, now and before."""
    return figures.compared(selection, FIGURES)


@cached.shared
def every_period(selection: Selection) -> pd.DataFrame:
    """The tiles' figures for every period: index bucket, floats, missing where unknown; for sparklines."""
    return figures.by_period(selection, TILES)


def way_to_prices(selection: Selection) -> None:
    """Where calls have no price: the page on which they are given one."""
    if totals(selection).now["unpriced_calls"] and visitor.here().is_administrator:
        st.page_link(PRICES, label="Prices", icon=":material/sell:", width="content")


@cached.shared
def tiles(selection: Selection) -> tuple[Tile, ...]:
    """Cost, and what it is by call and by token."""
    found, spark = totals(selection), every_period(selection)
    return (
        compared("cost_usd", found, spark),
        compared("cost_per_call", found, spark),
        compared("cost_per_million_tokens", found, spark, "Per million tokens"),
    )


@cached.shared
def parts(selection: Selection, by: str) -> Chart:
    """Cost by a breakdown, each in input, output and what is not split."""
    frame = cached.answer(Question(selection, FIGURES, (by,)))
    frame = frame[frame["cost_usd"].notna()]
    made = pd.DataFrame({"name": figures.names(by, frame[by])})
    amounts = {name: [] for name in ("value", *PARTS)}
    for row in frame.to_dict("records"):
        for name, amount in zip(amounts, _split(row), strict=True):
            amounts[name].append(amount)
    for name, each in amounts.items():
        made[name] = [float(amount) for amount in each]
        made["exact" if name == "value" else f"{name}_exact"] = [wording.money_exact(one) for one in each]
    order = figures.names(by, figures.order(selection, by))
    title = f"Cost of input and output by {drawn.HEADINGS[by] if by == 'key' else by}"
    return cost_parts(made, title, order, selection.timeframe.zone)


def _split(row: dict[Any, Any]) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """The whole, input, output, and what is left: costs that a source recorded without prices and
    what was charged above them, as for writing to a cache, less what was charged below them."""
    whole: Decimal = row["cost_usd"]
    sent, received = (row[name] or Decimal(0) for name in ("input_cost_usd", "output_cost_usd"))
    return whole, sent, received, whole - sent - received


@cached.shared
def made_of(selection: Selection) -> str:
    """What the cost is made of, and what of the input came from a cache (Markdown)."""
    row = totals(selection).now
    if not row["cost_usd"]:
        return ""
    whole, sent, received, rest = _split(row)
    if rest == whole:
        return (
            "How much of it is input and how much output is not known: its source recorded a cost without "
            f"prices. {of_cache(row)}"
        )
    said = f"Input is {wording.share(sent / whole)} of the cost, output {wording.share(received / whole)}"
    if rest > 0:
        written = (
            ", or what was written to a cache cost more than other input" if row["cache_write_tokens"] else ""
        )
        said += (
            f"; {plain(wording.money(rest))} is not split: its source recorded a cost without prices{written}"
        )
    if rest < 0:
        said += (
            f"; {plain(wording.money(-rest))} less was charged than tokens at their prices, as for a cache"
        )
    return f"{said}. {of_cache(row)}"


def of_cache(row: dict[Any, Any]) -> str:
    """How much of the input tokens was read from and written to a cache."""
    read, written, whole = (row[name] for name in ("cache_read_tokens", "cache_write_tokens", "input_tokens"))
    if read is None and written is None:
        return "Nothing is known of cache tokens."
    shares = [
        f"{wording.share(Decimal(tokens) / whole)} {what} a cache"
        for tokens, what in ((read, "read from"), (written, "written to"))
        if tokens is not None and whole
    ]
    hour = row["cache_write_1h_tokens"]
    kept = (
        f" Of those written, {wording.share(Decimal(hour) / written)} are known to be kept for an hour."
        if hour
        else ""
    )
    return f"Of the input tokens, {wording.joined(shares)}.{kept}" if shares else ""


def section(selection: Selection, by: str) -> None:
    """The chart of what the cost is made of, and a sentence on it."""
    drawn.chart(parts(selection, by), "by", drawn.into(by), made_of(selection))


def heading(name: str) -> str:
    """A figure's heading in a table, with the unit that its numbers are in."""
    metric = METRICS[name]
    return f"{metric.label} ({metric.unit})" if metric.unit in ("USD", "ms") else metric.label
