"""What the selected calls would cost at another price: of a model seen here, a listed one, or one typed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import streamlit as st

from pages.parts import cost_replays, cost_replays_said, drawn, drill
from pages.parts.cost_replays import KINDS, Offer
from pages.parts.number_columns import PERCENT, number_format
from pages.parts.text import plain
from usage_core import cached_prices, wording
from usage_core.metrics.definitions import Unit
from usage_core.metrics.what_if import Price, cost
from usage_core.prices import listed
from usage_core.schema import Kind
from usage_core.selection import Selection

SEEN, LISTED, TYPED = "A model seen here", "A listed model", "A price I type"

DEAREST_PRICE = 10_000.0

ASSUMED = (
    "Assumed: the same tokens, all input at the full input price. Another model may count tokens otherwise, "
    "need more or fewer of them, and answer better or worse; none of that is in these amounts. Prices of "
    "models seen here are those of the newest day they were called; times are of all their calls in the "
    "timeframe."
)


def section(selection: Selection, _by: str) -> None:
    """The part of the page that replays calls."""
    options = cost_replays.kinds(selection)
    if not options:
        return
    heading = st.segmented_control(
        "Calls", options, default=options[0], required=True, key="calls-of", bind="query-params"
    )
    chosen = cost_replays.of_kind(selection, KINDS[heading])
    if chosen is None or not cost_replays.together(chosen).at[0, "calls"]:
        st.info("No selected call of this kind has a known cost and known tokens.", icon=":material/info:")
        return
    st.markdown(cost_replays_said.what_is_replayed(chosen, heading, selection))
    _every_model(chosen)
    st.caption(f"Choose a model to see below what it would be by key. {ASSUMED}")
    offer = _offer(KINDS[heading])
    if offer:
        _result(chosen, offer)


def _every_model(chosen: Selection) -> None:
    """What the calls would have cost with each model seen."""
    table, number = cost_replays.every_model(chosen), st.column_config.NumberColumn
    price = "USD per million tokens, on the newest day the model was called"
    time = st.column_config.TextColumn(
        alignment="right", help="Completion time of its calls in the timeframe"
    )
    config = {
        "Input price": number(format="$%.4f", help=price),
        "Output price": number(format="$%.4f", help=price),
        "Would cost (USD)": number(format=number_format(table.get("Would cost (USD)", ()), Unit.USD)),
        "Change": number(format=PERCENT, help="Against what these calls did cost"),
        "Median time": time,
        "p95 time": time,
        "Calls timed": number(format="localized", help="Its calls in the timeframe, whatever the filters"),
    }
    offered = [{"priced-as": None, "replay-at": label} for label in table.get(cost_replays.OFFERED, ())]
    drill.table(
        table.drop(columns=cost_replays.OFFERED, errors="ignore"),
        "models-seen",
        drill.Drill(),
        drill.Rows(further=offered),
        hide_index=True,
        column_config=config,
        placeholder=wording.UNKNOWN,
    )


def _offer(kind: str) -> Offer | None:
    """The price to look at by key, chosen or typed; None until it is."""
    st.markdown("##### By key, at the price of")
    how = st.segmented_control(
        "At the price of",
        (SEEN, LISTED, TYPED),
        default=SEEN,
        required=True,
        key="priced-as",
        bind="query-params",
        label_visibility="collapsed",
    )
    left, right, _ = st.columns([2, 2, 1])
    if how == SEEN:
        offers = cost_replays.seen(kind)
        chosen = left.selectbox(
            "Model", list(offers), None, key="replay-at", bind="query-params", placeholder="Choose a model"
        )
        return offers.get(chosen)
    if how == LISTED:
        return _listed(left, right)
    return _typed(left, right, kind)


def _listed(left: Any, right: Any) -> Offer | None:
    models = listed.models()
    provider = left.selectbox(
        "Provider", list(models), None, key="listed-by", bind="query-params", placeholder="Choose a provider"
    )
    model = right.selectbox(
        "Model",
        models.get(provider, ()),
        None,
        key="listed-as",
        bind="query-params",
        placeholder="Choose a model",
        disabled=not provider,
    )
    if not provider or not model:
        return None
    rules = [entered.rule for entered in cached_prices.price_rules() if entered.withdrawn_at is None]
    price = listed.price_of(provider, model, datetime.now(UTC), rules)
    if price is None:
        st.info(
            f"{plain(model)} has no single price in the catalogue: none is listed, or it depends on the size "
            "of the input or on the time of day. Type a price instead.",
            icon=":material/info:",
        )
        return None
    return Offer(f"{model} ({provider}, {price.source})", Price(price.input, price.output))


def _typed(left: Any, right: Any, kind: str) -> Offer | None:
    sent, received = (
        place.number_input(
            f"{what} price (USD per million tokens)",
            0.0,
            DEAREST_PRICE,
            None,
            0.01,
            "%.4f",
            key=f"price-{what.lower()}",
            bind="query-params",
            placeholder="0.00",
            disabled=what == "Output" and kind == Kind.EMBEDDING,
        )
        for place, what in ((left, "Input"), (right, "Output"))
    )
    if sent is None or (received is None and kind != Kind.EMBEDDING):
        return None
    output = None if received is None else _typed_price(received)
    return Offer("your own", Price(_typed_price(sent), output))


def _typed_price(amount: float) -> Decimal:
    """A price as typed, to the six places that prices have."""
    return Decimal(f"{amount:.6f}")


def _result(chosen: Selection, offer: Offer) -> None:
    """What the calls would cost at one price, in all and by key."""
    said = cost_replays_said.sentence(chosen, offer)
    st.markdown(said)
    sent, received = cost_replays.together(chosen).loc[0, ["input_tokens", "output_tokens"]]
    if cost(sent, received, offer.price) is None:
        return
    drawn.chart(cost_replays.chart(chosen, offer), "replayed", drawn.into("key"))
    table = cost_replays.table(chosen, offer)
    amounts = number_format(table["Cost (USD)"], Unit.USD)
    formats = {name: amounts for name in map(str, table) if name.endswith("(USD)")}
    formats |= {"Calls": "localized", "Change": PERCENT}
    config = {name: st.column_config.NumberColumn(format=each) for name, each in formats.items()}
    drill.table(
        table,
        "replayed-table",
        drawn.into("key"),
        drill.Rows(list(table["API key"])),
        hide_index=True,
        placeholder=wording.UNKNOWN,
        column_config=config,
    )
