"""Pricing stored calls anew, the record of it, and undoing it."""

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.price_forms import TOLD
from pages.parts.sidebar import labels
from pages.parts.text import plain
from pages.server import visitor
from usage_core import cached, cached_prices, wording
from usage_core.access.journal import Event
from usage_core.bills.who import named
from usage_core.errors import UndoRefused
from usage_core.intake import repricing
from usage_core.intake.repricings import Change, Repricing, hindrance

CHOICE = "repricing-which"


def changes_to_apply() -> None:
    """What pricing the stored calls anew would change, with a button to do it."""
    if told := st.session_state.pop(TOLD, None):
        st.success(told, icon=":material/check:")
    changes = cached_prices.price_changes()
    if not changes:
        return
    calls = sum(one.calls for one in changes)
    with st.container(border=True):
        st.markdown(
            f"With the prices in force, **{wording.plural(calls, 'stored call')}** would be priced anew: "
            f"{_costs(changes)}. Calls with a price of their own stay as they are. It can be undone."
        )
        with st.expander("By month and key"):
            _shown(_by_month(changes, "now", "then"), "repricing")
        if st.button("Price these calls anew", type="primary", key="reprice"):
            by = visitor.who()
            bar = st.progress(0.0, "Pricing anew. The console can be used meanwhile.")
            done = repricing.apply(cached.shown().lake, bar.progress, by)
            visitor.note(Event.PRICES_CHANGED, "stored calls priced anew", done)
            st.session_state[TOLD] = (
                f"{wording.plural(done, 'call')} priced anew. It can be undone under “Repricings”."
            )
            st.rerun()


def _costs(changes: Sequence[Change]) -> str:
    """What becomes of the cost of calls, and of those without one (Markdown)."""
    calls = sum(one.calls for one in changes)
    amounts = [sum((getattr(one, name) for one in changes), Decimal(0)) for name in ("before", "after")]
    unpriced = [sum(getattr(one, name) for one in changes) for name in ("unpriced_before", "unpriced_after")]
    before, after = (_known(*each, calls) for each in zip(amounts, unpriced, strict=True))
    said = f"{plain(before)} becomes {plain(after)}"
    if any(unpriced):
        said += f", and of these calls {unpriced[1]:,} have no price instead of {unpriced[0]:,}"
    return said


def _known(amount: Decimal, unpriced: int, calls: int) -> str:
    """What calls cost, as far as it is known: unknown where none of them has a price."""
    return wording.money_exact(amount if unpriced < calls else None)


def _by_month(changes: Sequence[Change], before: str, after: str) -> list[dict[str, object]]:
    names = labels("key")
    return [
        {
            "Month (UTC)": f"{one.month:%Y-%m}",
            "API key": names.get(one.api_key_id, one.api_key_id),
            "Calls": one.calls,
            f"Cost {before}": _known(one.before, one.unpriced_before, one.calls),
            f"Cost {after}": _known(one.after, one.unpriced_after, one.calls),
            f"Without a price {before}": one.unpriced_before,
            f"Without a price {after}": one.unpriced_after,
        }
        for one in changes
    ]


def _shown(lines: Sequence[dict[str, object]], key: str) -> None:
    """A table: amounts are exact texts, to the right as numbers are."""
    table = pd.DataFrame(lines)
    config = {
        name: st.column_config.TextColumn(alignment="right")
        if name.startswith("Cost")
        else st.column_config.NumberColumn(format="localized")
        for name in table.columns
        if name.startswith(("Cost", "Calls", "Without"))
    }
    tables.draw(table, hide_index=True, column_config=config, key=key)


def history() -> None:
    """All repricings there ever were; the newest that was not undone can be."""
    every = {one.number: one for one in cached_prices.every_repricing()}
    if not every:
        st.caption("Stored calls were never priced anew.")
        return
    _shown([_line(one) for one in every.values()], "repricings")
    chosen = st.selectbox(
        "Look at a repricing, or undo it",
        list(every),
        index=None,
        format_func=lambda number: _title(every[number]),
        placeholder="Choose a repricing",
        key=CHOICE,
    )
    if chosen is not None:
        _look_at(every[chosen])


def _title(one: Repricing) -> str:
    undone = ", undone" if one.undone_at else ""
    at = wording.moment(one.at, "UTC")
    return f"Repricing {one.number}, {at} UTC: {wording.plural(one.calls, 'call')}{undone}"


def _line(one: Repricing) -> dict[str, object]:
    catalogues = [one.catalogues_before, one.catalogue]
    return {
        "No.": one.number,
        "When (UTC)": wording.moment(one.at, "UTC"),
        "Calls": one.calls,
        "Cost before": _known(one.before, one.unpriced_before, one.calls),
        "Cost after": _known(one.after, one.unpriced_after, one.calls),
        "Without a price before": one.unpriced_before,
        "Without a price after": one.unpriced_after,
        "By": named(one.by),
        "Catalogue": " → ".join(dict.fromkeys(filter(None, catalogues))),
        "Undone (UTC)": wording.moment(one.undone_at, "UTC") if one.undone_at else "",
        "Undone by": named(one.undone_by) if one.undone_at else "",
    }


def _look_at(one: Repricing) -> None:
    """What a repricing changed, and the way back."""
    if one.undone_at is not None:
        st.info(_undone(one), icon=":material/undo:")
    elif why := hindrance(one.number, cached_prices.every_repricing()):
        st.button("Undo this repricing", disabled=True, key="repricing-undo", help=why)
        st.caption(plain(why))
    else:
        _offer(one)
    with st.expander("What it changed, by month and key"):
        _shown(_by_month(cached_prices.repriced(one.number), "before", "after"), "repriced")


def _undone(one: Repricing) -> str:
    at = plain(wording.moment(one.undone_at, "UTC"))
    calls = wording.plural(one.calls_undone or 0, "call")
    return (
        f"Undone on {at} UTC by {plain(named(one.undone_by))}: {calls} got back the prices they had before."
    )


def _offer(one: Repricing) -> None:
    """What undoing a repricing changes, and the buttons that do it or not."""
    try:
        changes = cached_prices.changes_taken_back(one.number)
    except UndoRefused as error:  # someone else was quicker
        st.info(plain(str(error)), icon=":material/info:")
        return
    st.warning(_told(one, changes), icon=":material/undo:")
    if changes:
        with st.expander("What undoing it changes, by month and key"):
            _shown(_by_month(changes, "now", "then"), "taken-back")
    with st.container(horizontal=True):
        sure = st.button("Undo this repricing", type="primary", key="repricing-undo")
        st.button("Keep it", on_click=_keep, key="repricing-keep")
    if sure:
        _undo(one)


def _told(one: Repricing, changes: Sequence[Change]) -> str:
    """What undoing does (Markdown)."""
    calls = sum(each.calls for each in changes)
    parts = [
        f"Undoing repricing {one.number} gives **{wording.plural(calls, 'call')}** back what was known of "
        f"their price before it: {_costs(changes)}."
        if calls
        else f"None of the calls that repricing {one.number} changed are stored any more; undoing it changes "
        "no figure."
    ]
    if 0 < calls < one.calls:
        gone = wording.plural(one.calls - calls, "call")
        parts.append(f"{gone} that it changed are not stored any more.")
    parts.append("Prices that were entered stay in force; pricing these calls anew is then offered again.")
    return " ".join(parts)


def _undo(one: Repricing) -> None:
    by = visitor.who()
    bar = st.progress(0.0, "Giving prices back. The console can be used meanwhile.")
    try:
        done = repricing.undo(cached.shown().lake, one.number, bar.progress, by)
    except UndoRefused as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    visitor.note(Event.PRICES_CHANGED, f"repricing {one.number} undone", done)
    calls = wording.plural(done, "call")
    st.session_state[TOLD] = f"Repricing {one.number} is undone: {calls} got back the prices they had before."
    st.rerun()


def _keep() -> None:
    st.session_state[CHOICE] = None
