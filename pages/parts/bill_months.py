"""Every provider's months with a bill or calls: where each stands, and which is looked at."""

from datetime import date
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.bills import periods
from usage_core.bills.conclude import cents, month_name
from usage_core.bills.periods import Month, State

ASK = (State.DIFFERS, State.CHANGED, State.NO_RATE, State.NO_CALLS)
"""States that need somebody."""

BILLED = (*ASK, State.WITHIN, State.SIGNED)

SHOWN = 60

GRID, CHOSEN = "bill-months", "bill"


class Which(NamedTuple):
    """A provider's month."""

    provider: str
    month: date


def _months(connection: Any, _covered: object) -> list[Month]:
    return periods.months(connection)


def months() -> list[Month]:
    """Every provider's months, the newest first."""
    return cached.found(_months)


@cached.shared
def answer() -> str:
    """How the bills stand (Markdown)."""
    every = [each for each in months() if each.state in BILLED]
    if not every:
        return "There is no bill yet. Drop one below to learn whether to pay it."
    asking = [each for each in every if each.state in ASK]
    if not asking:
        return f"**{wording.plural(len(every), 'bill')}**, and nothing to ask about."
    first = asking[0]
    named = f"{plain(first.provider)}, {month_name(first.month)}"
    amount = first.difference
    by = f" by **{plain(cents(amount))}**" if amount and first.state is State.DIFFERS else ""
    more = f", and {len(asking) - 1} more" if len(asking) > 1 else ""
    of_all = f"{len(asking)} of {wording.plural(len(every), 'provider month')}"
    return f"**{of_all}** need a look: {named} {plain(first.state)}{by}{more}."


def _listed() -> list[Month]:
    """The months that the table shows: those with a bill first."""
    return sorted(months(), key=lambda one: one.state not in BILLED)[:SHOWN]


@cached.shared
def _table() -> pd.DataFrame:
    rows = [
        {
            "Provider": each.provider,
            "Month": month_name(each.month),
            "State": each.state[:1].upper() + each.state[1:],
            "Billed": _usd(each.billed),
            "Computed": _usd(each.computed),
            "Difference": _signed(each),
            "Of computed": _share(each),
            "Other charges": _usd(each.beside) if each.beside else "",
            "Calls": each.calls,
        }
        for each in _listed()
    ]
    return pd.DataFrame(rows)


def _usd(amount: Any) -> str:
    return wording.UNKNOWN if amount is None else cents(amount)


def _signed(each: Month) -> str:
    found = each.difference
    return wording.UNKNOWN if found is None else f"{'+' if found > 0 else ''}{cents(found)}"


def _share(each: Month) -> str:
    if each.difference is None or not each.computed:
        return wording.UNKNOWN
    return f"{'+' if each.difference > 0 else ''}{wording.share(each.difference / each.computed)}"


def grid() -> None:
    """The months as a table."""
    table = _table()
    if table.empty:
        return
    right = {
        name: st.column_config.TextColumn(alignment="right")
        for name in ("Billed", "Computed", "Difference", "Of computed", "Other charges")
    }
    right["Difference"] = st.column_config.TextColumn(
        alignment="right", help="Billed usage less what is computed from the calls, without other charges"
    )
    right["Other charges"] = st.column_config.TextColumn(
        alignment="right", help="Billed for what a log cannot hold: other services, credits, taxes, fees"
    )
    config = {**right, "Calls": st.column_config.NumberColumn(format="localized")}
    st.dataframe(
        table,
        hide_index=True,
        column_config=config,
        key=GRID,
        on_select=_open_row,
        selection_mode="single-row",
    )
    if len(months()) > SHOWN:
        st.caption(f"The newest {SHOWN} of {len(months())}.")


def _open_row() -> None:
    """Look at the month whose row was chosen."""
    rows = st.session_state[GRID].selection.rows
    listed = _listed()
    if rows and rows[0] < len(listed) and listed[rows[0]].state in BILLED:
        look_at(Which(listed[rows[0]].provider, listed[rows[0]].month))


def look_at(which: Which) -> None:
    """Have the page look at a month that has a bill; to be called before the month's answer is drawn."""
    st.session_state[CHOSEN] = _label(which)


def _label(which: Which) -> str:
    return f"{which.provider}, {month_name(which.month)}"


def chosen() -> Which | None:
    """The month that is looked at: that of the link, else the newest that needs somebody."""
    billed = [each for each in months() if each.state in BILLED]
    if not billed:
        return None
    billed.sort(key=lambda each: each.state not in ASK)
    every = [Which(each.provider, each.month) for each in billed]
    options = {_label(which): which for which in every}
    picked = st.selectbox("Look at", list(options), key=CHOSEN, bind="query-params")
    return options[picked]
