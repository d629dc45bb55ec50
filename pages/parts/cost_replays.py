"""Calls replayed at other prices: the figures, sentences and charts of what they would have cost."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd

from pages.parts import figures
from pages.parts.cost import totals
from pages.parts.sidebar import NOT_GIVEN
from pages.parts.text import plain, selectable
from usage_core import cached, wording
from usage_core.charts.chart import Chart
from usage_core.charts.compared import compared
from usage_core.metrics.newest_prices import Model, newest_prices
from usage_core.metrics.question import Question
from usage_core.metrics.what_if import Price, break_even, comparable, cost, replayed, worth_moving
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
def what_is_replayed(chosen: Selection, heading: str, selection: Selection) -> str:
    """Which calls are replayed, and which are left out (Markdown)."""
    whole = together(chosen).iloc[0]
    of_others = totals(selection).now["calls"] - whole["calls"] - whole["left_out"]
    left = [
        f"{wording.plural(number, 'call')} {what}"
        for number, what in (
            (whole["left_out"], "without a known cost or known tokens"),
            (of_others, "of another kind"),
        )
        if number
    ]
    out = f" Left out: {wording.joined(left)}." if left else ""
    return (
        f"The selected {heading.lower()} whose cost and tokens are known, **{whole['calls']:,d}**, cost "
        f"**{plain(wording.money(whole['cost_usd']))}**.{out} Replayed at the price of each model seen here, "
        "they would have cost:"
    )


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
def sentence(chosen: Selection, offer: Offer) -> str:
    """What the calls would cost in all, where that is even, and what to move (Markdown)."""
    whole = together(chosen).iloc[0]
    now, sent, received = whole["cost_usd"], whole["input_tokens"], whole["output_tokens"]
    then = cost(sent, received, offer.price)
    if then is None:
        return f"{plain(offer.label)} has no price for output, which these calls have."
    said = [_difference(offer, now, then), *_even(offer, now, sent, received)]
    return " ".join([*said, *_moving(chosen, offer), _speed(chosen, offer)])


def _moving(chosen: Selection, offer: Offer) -> list[str]:
    """Which part of the calls is worth moving, where that is neither all nor nothing (Markdown)."""
    keys, whole = by_key(chosen), together(chosen).iloc[0]
    moved = worth_moving(replayed(keys, offer.price))
    if not 0 < moved.groups < int((keys["calls"] > 0).sum()):
        return []
    share, saved = wording.share(Decimal(moved.calls) / whole["calls"]), plain(wording.money(moved.saved))
    which = f"{moved.groups:,d} of {wording.plural(len(keys), 'key')}, with {share} of the calls"
    return [f"It is cheaper for {which}: moving only those saves {saved}."]


def _difference(offer: Offer, now: Decimal, then: Decimal) -> str:
    prices = f"{wording.money_exact(offer.price.input)} in"
    if offer.price.output is not None:
        prices += f" and {wording.money_exact(offer.price.output)} out"
    said = (
        f"At the price of **{plain(offer.label)}**, {plain(prices)} per million tokens, these calls would "
        f"have cost **{plain(wording.money(then))}**"
    )
    if then == now:
        return f"{said}, as much as they did."
    share = f" ({wording.share(abs(then - now) / now)})" if now else ""
    more = "more" if then > now else "less"
    return f"{said}: **{plain(wording.money(abs(then - now)))} {more}**{share} than they did."


def _even(offer: Offer, now: Decimal, sent: int, received: int) -> list[str]:
    even = break_even(now, sent, received, offer.price)
    if offer.price.output is None or not received:
        return []
    if even.output_price is None:
        return ["At its input price, input alone would cost more than these calls did."]
    price = plain(wording.money(even.output_price))
    return [f"Costs would be equal at an output price of {price} per million tokens."]


def _speed(chosen: Selection, offer: Offer) -> str:
    """How long the model's calls take, beside those that are replayed (Markdown)."""
    own = cached.answer(Question(chosen, TIMES)).to_dict("records")[0]
    ours = " / ".join(wording.duration_ms(own[name]) for name in TIMES[1:])
    found = times(chosen).get(offer.model) if offer.model else None
    if not found or found["p50_ms"] is None:
        return f"How fast it answers was not measured here; the calls replayed took p50 / p95 {ours}."
    theirs = " / ".join(wording.duration_ms(found[name]) for name in TIMES[1:])
    calls = wording.plural(found["calls"], "call")
    return f"Its own calls took p50 / p95 {theirs} ({calls}), those replayed {ours}."


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
