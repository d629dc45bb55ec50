"""What an administrator says of a month: questions, names, rates, what is let pass, and that it is right."""

from collections.abc import Iterable

import sqlalchemy as sa
import streamlit as st

from pages.parts.bill_answer import sign_off_of, signed_words
from pages.parts.bill_changes import change, number
from pages.parts.bill_list import every
from pages.parts.bill_months import state_of
from pages.parts.text import plain, selectable
from pages.server import visitor
from usage_core import cached, wording
from usage_core.bills import conclude, inquiry, names, sign_offs, standing, tolerance
from usage_core.bills.conclude import Reconciled
from usage_core.bills.names import Alias, AliasKind
from usage_core.bills.periods import State
from usage_core.bills.standing import Bill
from usage_core.bills.tolerance import Tolerance
from usage_core.bills.who import named
from usage_core.names import visible_lines


def draw(found: Reconciled) -> None:
    """The forms of a month, in the order they are needed in."""
    if found.period.without_rate:
        _rates([bill for bill in _bills_of(found) if bill.usd_rate is None])
        return
    _warn_of_change(found)
    unknown = len(found.names.unknown_models) + len(found.names.unknown_keys)
    named = f"Names ({unknown} unknown)" if unknown else "Names"
    rated = [bill for bill in _bills_of(found) if bill.currency != standing.USD]
    names_of_tabs = ["Ask the provider", "Sign off", named, "Tolerance", *(["Rates"] if rated else [])]
    ask, sign, called, allowed, *rates = st.tabs(names_of_tabs)
    with ask:
        _ask(found)
    with sign:
        _sign(found)
    with called:
        _names(found)
    with allowed:
        _tolerance(found)
    for tab in rates:
        with tab:
            _rates(rated)


def _bills_of(found: Reconciled) -> list[Bill]:
    return [bill for bill in every() if bill.bill_id in found.period.bills]


def _rates(bills: Iterable[Bill]) -> None:
    """What one unit of each bill's currency is worth; what was entered before can be corrected."""
    for bill in bills:
        with st.form(f"rate-{bill.bill_id}", border=False):
            text = st.text_input(
                f"USD for one {bill.currency} ({plain(bill.file_name)})",
                wording.plain_decimal(bill.usd_rate) if bill.usd_rate else "",
                placeholder="1.08",
            )
            if bill.rated_at:
                when = plain(f"{wording.moment(bill.rated_at, 'UTC')} UTC")
                st.caption(f"Entered by {plain(named(bill.rated_by))} on {when}.")
            if st.form_submit_button("Change rate" if bill.usd_rate else "Enter rate", type="primary"):
                change(
                    lambda connection, by, bill_id=bill.bill_id, text=text: standing.enter_rate(
                        connection, bill_id, number(text, "The rate"), by
                    ),
                    "The rate was entered.",
                    f"rate of {bill.currency} entered: {text}, {bill.file_name}",
                )


def _ask(found: Reconciled) -> None:
    asked = inquiry.to_ask(found)
    if not asked:
        st.caption("There is nothing to ask.")
        return
    st.caption("Ready to send, with the evidence from above attached.")
    st.code(visible_lines(asked), language=None, wrap_lines=True)


def _which(found: Reconciled) -> str:
    return f"{found.period.provider}, {wording.month(found.period.month)}"


def _sign(found: Reconciled) -> None:
    period = found.period
    signed = sign_off_of(found.period.provider, found.period.month)
    if signed is not None:
        st.markdown(signed_words(signed))
        if st.button("Take the sign-off back", key="unsign"):
            change(
                lambda connection, by: sign_offs.withdraw(connection, period.provider, period.month, by),
                "The sign-off was taken back.",
                f"sign-off taken back: {_which(found)}",
            )
        return
    with st.form("sign-off", border=False):
        note = st.text_input(
            "Note", key="sign-note", placeholder="Paid on 12 Nov; credit agreed with support"
        )
        st.caption(
            f"Recorded as {plain(named(visitor.here().email))}, with today's figures and the bills' names."
        )
        if st.form_submit_button("Sign off", type="primary"):
            change(
                lambda connection, by: sign_offs.sign_off(connection, found, note, by),
                "Signed off.",
                f"signed off: {_which(found)}",
            )


def _warn_of_change(found: Reconciled) -> None:
    """Say where a month that was signed off is no longer what was signed."""
    which = (found.period.provider, found.period.month)
    signed = sign_off_of(*which)
    if signed is not None and state_of(*which) is State.CHANGED:
        billed, computed = (plain(conclude.cents(usd)) for usd in (signed.billed, signed.computed))
        st.warning(
            f"This month changed since it was signed off: it was signed at {billed} billed and {computed} "
            f"computed from {wording.plural(signed.calls, 'call')}. Look again, and sign off anew or take "
            "the sign-off back.",
            icon=":material/warning:",
        )


def _aliases(connection: sa.Connection, provider: str, _covered: object) -> list[Alias]:
    return names.aliases(connection, provider)


def _names(found: Reconciled) -> None:
    provider, known = found.period.provider, cached.known()
    unknown = [(AliasKind.MODEL, name) for name in found.names.unknown_models]
    unknown += [(AliasKind.KEY, name) for name in found.names.unknown_keys]
    if unknown:
        said = ", ".join(plain(name) for _, name in unknown[:10])
        st.markdown(f"On the bill, but not known in the log: **{said}**. Say below what they are.")
    else:
        st.caption("Every name on the bill is known in the log.")
    on_bill = {f"{kind}: {name}": (kind, name) for kind, name in unknown}
    on_bill |= {f"model: {name}": (AliasKind.MODEL, name) for name in found.names.models}
    if on_bill:
        with st.form("bill-name", border=False):
            left, right = st.columns(2)
            on_bill = selectable(on_bill)
            chosen = left.selectbox("On the bill", list(on_bill), key="alias-billed")
            ids = {f"model: {name}": name for name in found.names.calls}
            ids |= {f"key: {name}": id_ for id_, name in known.key.items()}
            ids = selectable(ids)
            stands_for = right.selectbox("In the log", list(ids), index=None, key="alias-stands-for")
            if st.form_submit_button("They are the same"):
                kind, name = on_bill[chosen]
                same_kind = stands_for is not None and stands_for.startswith(f"{kind}: ")
                pair = (name, ids[stands_for] if stands_for and same_kind else "")
                change(
                    lambda connection, by: names.enter(connection, kind, provider, pair, by),
                    "The name was entered.",
                    f"{kind} {name} is {pair[1]}: {provider}",
                )
    _withdraw_alias(cached.found(_aliases, provider))


def _withdraw_alias(given: list[Alias]) -> None:
    said = selectable({f"{each.billed_as} is {each.kind} {each.stands_for}": each.alias_id for each in given})
    if not said:
        return
    with st.form("bill-name-back", border=False):
        chosen = st.selectbox("Names that were entered", list(said), key="alias-withdraw")
        if st.form_submit_button("Withdraw name"):
            change(
                lambda connection, by: names.withdraw(connection, said[chosen], by),
                "The name was withdrawn.",
                f"name withdrawn: {chosen}",
            )


def _tolerance(found: Reconciled) -> None:
    allowed = found.tolerance
    with st.form("tolerance", border=False):
        left, right = st.columns(2)
        percent = left.text_input(
            "Per cent of computed", wording.plain_decimal(allowed.percent), key="tol-percent"
        )
        usd = right.text_input("Or USD, whichever is more", wording.plain_decimal(allowed.usd), key="tol-usd")
        st.caption(f"For every bill of {plain(found.period.provider)}.")
        if st.form_submit_button("Set tolerance"):
            change(
                lambda connection, by: tolerance.enter(
                    connection,
                    found.period.provider,
                    Tolerance(number(percent, "The share"), number(usd, "The amount")),
                    by,
                ),
                "The tolerance was set.",
                f"tolerance of {found.period.provider}: {percent} %, {usd} USD",
            )
