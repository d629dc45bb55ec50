"""Calls replayed at other prices: the figures, tables and charts of what they would have cost."""

from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from pages.parts import figures
from pages.parts.sidebar import NOT_GIVEN
from pages.parts.text import selectable
from usage_core import cached, wording
from usage_core.charts.chart import Chart
from usage_core.charts.compared import compared
from usage_core.metrics.newest_prices import Model, newest_prices
from usage_core.metrics.question import Question
from usage_core.metrics.what_if import Price, comparable, cost, replayed
from usage_core.schema import Kind
from usage_core.selection import Selection

KINDS = {"Completions": Kind.COMPLETION, "Embeddings": Kind.EMBEDDING, "Other calls": Kind.OTHER}

TIMES = ("calls", "p50_ms", "p95_ms")

OFFERED = "offered"


class Offer(NamedTuple):
    """A price to replay calls at: what it is called, and the model that has it, if it is one seen here."""

    label: str
    price: Price
    model: Model | None = None


def of_kind(selection: Selection, kind: str) -> Selection | None:
    """The selected calls of a kind; None where the filters leave that kind out."""
    return None if selection.kind and kind not in selection.kind else replace(selection, kind=(kind,))


@cached.shared
def kinds(selection: Selection) -> tuple[str, ...]:
    """The headings of the kinds among the selected calls, the dearest first."""
    found = cached.answer(Question(selection, ("cost_usd", "calls"), ("kind",)))["kind"]
    return tuple(label for kind in found for label, each in KINDS.items() if each == kind)


@cached.shared
def by_key(selection: Selection) -> pd.DataFrame:
    """The comparable calls of every key; see `what_if.comparable`."""
    return cached.found(comparable, selection, ("key",))


@cached.shared
def together(selection: Selection) -> pd.DataFrame:
    """All comparable calls, in one row."""
    return cached.found(comparable, selection, ())


@cached.shared
def times(selection: Selection) -> dict[Model, Any]:
    """The calls of every model of the selection's one kind in its timeframe, whatever the other filters,
    and the times that they took: name -> figure."""
    kind = selection.kind[0]
    every = Selection(selection.timeframe, kind=(kind,))
    frame = cached.answer(Question(every, TIMES, ("provider", "model")))
    return {Model(row["provider"], row["model"], kind): row for row in frame.to_dict("records")}


def label(model: Model) -> str:
    """A model's name with its provider, and with its kind where it is not the usual one."""
    kind = "" if model.kind == Kind.COMPLETION else f", {model.kind}"
    return f"{model.name} ({model.provider or NOT_GIVEN}{kind})"


@cached.shared
def seen(kind: str) -> dict[str, Offer]:
    """The models of a kind that were called at a price, by label in alphabetical order."""
    prices = cached.found(newest_prices)
    offers = [Offer(label(model), price, model) for model, price in prices.items() if model.kind == kind]
    offers.sort(key=lambda offer: offer.label.casefold())
    return selectable({offer.label: offer for offer in offers})


@cached.shared
def every_model(chosen: Selection) -> pd.DataFrame:
    """What all replayed calls would cost with each model seen, the cheapest first; not to be shown of it is
    OFFERED, the label of the offer."""
    whole, took = together(chosen).iloc[0], times(chosen)
    rows = []
    for offer in seen(chosen.kind[0]).values():
        then = cost(whole["input_tokens"], whole["output_tokens"], offer.price)
        if then is None:
            continue
        time = took.get(offer.model, {})
        rows.append(
            {
                "Model": offer.model.name,
                "Provider": offer.model.provider or NOT_GIVEN,
                "Input price": float(offer.price.input),
                "Output price": None if offer.price.output is None else float(offer.price.output),
                "Would cost (USD)": float(then),
                "Change": float(100 * (then / whole["cost_usd"] - 1)) if whole["cost_usd"] else None,
                "Median time": wording.duration_ms(time.get("p50_ms")),
                "p95 time": wording.duration_ms(time.get("p95_ms")),
                "Calls timed": time.get("calls"),
                OFFERED: offer.label,
            }
        )
    rows.sort(key=lambda row: row["Would cost (USD)"])
    return pd.DataFrame(rows).astype({"Calls timed": "Int64"} if rows else {})


@cached.shared
def table(chosen: Selection, offer: Offer) -> pd.DataFrame:
    """What each key's calls did and would cost, a row each, amounts as floats."""
    frame = _sorted(chosen, offer)
    return pd.DataFrame(
        {
            "API key": figures.names("key", frame["key"]),
            "Calls": frame["calls"].astype("Int64"),
            "Cost (USD)": frame["cost_usd"].astype(float),
            "Would cost (USD)": frame["then_usd"].astype(float),
            "Difference (USD)": frame["change_usd"].astype(float),
            "Change": [
                float(100 * change / now) if now else None
                for change, now in zip(frame["change_usd"], frame["cost_usd"], strict=True)
            ],
        }
    )


def _sorted(chosen: Selection, offer: Offer) -> pd.DataFrame:
    """What each key's calls did and would cost, the greatest difference first."""
    frame = replayed(by_key(chosen), offer.price)
    frame = frame[frame["calls"] > 0]
    order = sorted(range(len(frame)), key=lambda place: -abs(frame["change_usd"].iloc[place]))
    return frame.iloc[order].reset_index(drop=True)


@cached.shared
def chart(chosen: Selection, offer: Offer) -> Chart:
    """The same as bars, two for each key."""
    frame = _sorted(chosen, offer)
    made = pd.DataFrame(
        {
            "name": figures.names("key", frame["key"]),
            "first": frame["cost_usd"].astype(float),
            "second": frame["then_usd"].astype(float),
            "first_exact": [wording.money_exact(amount) for amount in frame["cost_usd"]],
            "second_exact": [wording.money_exact(amount) for amount in frame["then_usd"]],
            "difference": [f"{'+' if one > 0 else ''}{wording.money(one)}" for one in frame["change_usd"]],
        }
    )
    zone, names = chosen.timeframe.zone, ("Cost", "Would cost")
    return compared(made, "Cost by API key at this price", "USD", names, zone)
