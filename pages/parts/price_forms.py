"""Entering and withdrawing prices."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

import pandas as pd
import streamlit as st

from pages.parts import prices, tables
from pages.parts.sidebar import NOT_GIVEN
from pages.parts.text import plain, selectable
from pages.server import visitor
from usage_core import cached, cached_prices, wording
from usage_core.access.journal import Event
from usage_core.bills.who import named
from usage_core.errors import PriceRefused
from usage_core.intake import price_rules
from usage_core.prices import catalogue
from usage_core.prices.book import in_force, intervals
from usage_core.prices.rules import PARTS, Rule, RuleKind, check
from usage_core.schema import Tier

KINDS = {
    "A model's price": RuleKind.PRICE,
    "A provider's discount": RuleKind.DISCOUNT,
    "Which model it is": RuleKind.ALIAS,
}
VIEW = "Enter a price"
"""The part of the page that the form is."""

TOLD = "prices-told"
MOST_OFFERED = 4
TIERS = {"as usual": None, **{f"as {tier}": tier for tier in Tier}}


def suggestions() -> None:
    """What models without a price may be: each is put into the form, for a person to decide."""
    offers = {(one.provider, one.model): prices.suggested(one) for one in prices.without_price()}
    offers = {model: like for model, like in offers.items() if like}
    if not offers:
        return
    st.caption("Models without a price that the catalogue may know by another name:")
    with st.container(horizontal=True):
        for n, ((provider, model), like) in enumerate(list(offers.items())[:MOST_OFFERED]):
            label = f"{plain(model)} as {plain(like)}"
            st.button(label, key=f"suggested-{n}", on_click=_take_up, args=(provider, model, like))


def _take_up(provider: str | None, model: str, like: str) -> None:
    """Fill in the form."""
    st.session_state["rule"] = next(name for name, kind in KINDS.items() if kind is RuleKind.ALIAS)
    named = {subject: name for name, subject in _subjects().items()}
    st.session_state["rule-model"] = named[provider, model]
    st.session_state["rule-stands-for"] = like


def _subjects() -> dict[str, tuple[str | None, str]]:
    """Every model seen, provider and model, by a name for both."""
    every = cached_prices.prices_seen()
    named = {f"{one.model}  ·  {one.provider or NOT_GIVEN}": (one.provider, one.model) for one in every}
    return selectable(named)


def enter() -> None:
    """The form for a rule of a kind."""
    suggestions()
    kind = KINDS[
        st.segmented_control(
            "What to enter",
            list(KINDS),
            default="A model's price",
            required=True,
            key="rule",
            bind="query-params",
        )
    ]
    with st.form("price-rule", border=False):
        rule = _rule(kind)
        note = st.text_input("Note", key="rule-note", placeholder="Contract of 12 Nov, until the renewal")
        sent = st.form_submit_button("Enter", type="primary")
    if not sent:
        return
    try:
        _keep(replace(rule(), note=note.strip() or None))
    except PriceRefused as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state[TOLD] = "Entered. New calls without a price get it from now on."
    st.rerun()


def _rule(kind: RuleKind) -> Callable[[], Rule]:
    """The fields of a kind of rule; gives a function that makes the rule of what is in them."""
    if kind is RuleKind.DISCOUNT:
        return _discount()
    names = _subjects()
    chosen = st.selectbox("Model", list(names), key="rule-model")
    provider, model = names.get(chosen, (None, None))
    return (_alias if kind is RuleKind.ALIAS else _price)(provider, model)


def _discount() -> Callable[[], Rule]:
    seen = {one.provider for one in cached_prices.prices_seen()}
    providers = selectable({provider or NOT_GIVEN: provider for provider in sorted(seen, key=str)})
    provider = st.selectbox("Provider", list(providers), key="rule-provider")
    percent = st.text_input("Per cent off the catalogue's prices", placeholder="12.5", key="rule-percent")
    times = _times()
    return lambda: Rule(
        kind=RuleKind.DISCOUNT,
        provider=providers.get(provider),
        percent=_number(percent, "The discount"),
        **times(),
    )


def _alias(provider: str | None, model: str | None) -> Callable[[], Rule]:
    listed = catalogue.every()
    stands_for = st.selectbox("The catalogue's model", listed, index=None, key="rule-stands-for")
    return lambda: Rule(kind=RuleKind.ALIAS, provider=provider, model=model, stands_for=_chosen(stands_for))


def _price(provider: str | None, model: str | None) -> Callable[[], Rule]:
    fields = {}
    places = [*st.columns(len(prices.CACHE))[: len(prices.PLAIN)], *st.columns(len(prices.CACHE))]
    for place, name in zip(places, prices.PRICES, strict=True):
        with place:
            fields[f"{name.lower().replace(' ', '_')}_price"] = st.text_input(
                f"{name} (USD per 1M)", key=f"rule-{name}", placeholder="2.50", help=prices.HELP.get(name)
            )
    tier = st.selectbox("For calls served", list(TIERS), key="rule-tier")
    times = _times()
    return lambda: Rule(
        kind=RuleKind.PRICE,
        provider=provider,
        model=model,
        service_tier=TIERS[tier],
        **{name: _number(text, "A price") for name, text in fields.items()},
        **times(),
    )


def _times() -> Callable[[], dict[str, datetime | None]]:
    """First and last day (UTC), both optional; gives a function that makes `since` and `until` of them."""
    left, right = st.columns(2)
    bounds = {"min_value": date(2000, 1, 1), "max_value": date(2100, 12, 31), "format": "YYYY-MM-DD"}
    first = left.date_input("From (UTC), or always", value=None, key="rule-from", **bounds)
    last = right.date_input("To and including (UTC), or for ever", value=None, key="rule-to", **bounds)
    return lambda: {"since": _midnight(first), "until": last and _midnight(last + timedelta(days=1))}


def _midnight(day: date | None) -> datetime | None:
    return day and datetime.combine(day, time(), tzinfo=UTC)


def _chosen(name: str | None) -> str:
    if not name:
        raise PriceRefused("Choose the model of the catalogue that it is.")
    return name


def _number(text: str, what: str) -> Decimal | None:
    try:
        return Decimal(text.strip().removeprefix("$")) if text.strip() else None
    except InvalidOperation:
        raise PriceRefused(f"{what} is not a plain decimal number such as 2.50: {text[:40]!r}.") from None


def _keep(rule: Rule) -> None:
    rules = [entered.rule for entered in cached_prices.price_rules() if entered.withdrawn_at is None]
    usual = None
    if rule.kind is RuleKind.PRICE and rule.model:
        others = [other for other in rules if other.kind is RuleKind.ALIAS]
        usual = catalogue_prices(rule.provider, rule.model, others, rule.service_tier)
    check(rule, rules, usual)
    with cached.shown().lake.writing() as connection:
        price_rules.enter(connection, rule, visitor.who())
    subject = " · ".join(part for part in (rule.model, rule.provider) if part)
    visitor.note(Event.PRICES_CHANGED, f"{rule.kind} entered: {subject}")


def catalogue_prices(
    provider: str | None, model: str, rules: list[Rule], tier: Tier | None = None
) -> dict[str, Decimal | None]:
    """The catalogue's prices of a model now, for calls of a service tier, by class of tokens."""
    listed = in_force(intervals(provider, model, rules, tier), datetime.now(UTC)).prices
    return {part: getattr(listed, part) for part in PARTS}


def history() -> None:
    """All rules there ever were; those in force can be withdrawn."""
    rules = cached_prices.price_rules()
    if not rules:
        st.caption("No price was entered yet. The catalogue's prices are used for calls without one.")
        return
    tables.draw(pd.DataFrame([_line(entered) for entered in rules]), hide_index=True, key="rules")
    standing = {_said(entered): entered.rule_id for entered in rules if entered.withdrawn_at is None}
    standing = selectable(standing)
    if standing:
        with st.form("withdraw", border=False):
            chosen = st.selectbox("Withdraw", list(standing), key="withdraw-which")
            if st.form_submit_button("Withdraw"):
                with cached.shown().lake.writing() as connection:
                    price_rules.withdraw(connection, standing[chosen], visitor.who())
                visitor.note(Event.PRICES_CHANGED, f"withdrawn: {chosen}")
                st.session_state[TOLD] = "Withdrawn. It is kept in the history."
                st.rerun()


def _said(entered: price_rules.Entered) -> str:
    line = _line(entered)
    return f"{line['What']}: {line['Of']}, {line['Price']} ({line['From']} to {line['To']})"


def _line(entered: price_rules.Entered) -> dict[str, str]:
    rule, zone = entered.rule, "UTC"
    given = [(part.replace("_", " "), getattr(rule, f"{part}_price")) for part in PARTS]
    said = ", ".join(f"{name} {wording.money_exact(price)}" for name, price in given if price is not None)
    of = (rule.model, rule.provider, rule.service_tier)
    said = said or (f"{rule.percent.normalize():f} % off" if rule.percent else f"is {rule.stands_for}")
    return {
        "What": str(rule.kind).capitalize(),
        "Of": " · ".join(part for part in of if part) or NOT_GIVEN,
        "Price": said,
        "From": f"{rule.since:%Y-%m-%d}" if rule.since else "always",
        "To": f"{rule.until - timedelta(days=1):%Y-%m-%d}" if rule.until else "for ever",
        "Note": rule.note or "",
        "Entered (UTC)": wording.moment(entered.entered_at, zone),
        "Entered by": named(entered.entered_by),
        "Withdrawn (UTC)": wording.moment(entered.withdrawn_at, zone) if entered.withdrawn_at else "",
        "Withdrawn by": named(entered.withdrawn_by) if entered.withdrawn_at else "",
    }
