"""Every provider's months with a bill or calls: where each stands, and which is looked at."""

from collections import Counter
from datetime import date
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.bills import periods
from usage_core.bills.conclude import cents, signed_cents
from usage_core.bills.periods import Month, State
from usage_core.names import visible

ASK = (State.DIFFERS, State.CHANGED, State.NO_RATE, State.NO_USAGE, State.NO_CALLS)
"""States that need somebody."""

BILLED = (*ASK, State.WITHIN, State.SIGNED)

SHOWN, MOST_MONTHS, NAMED = 60, 24, 12

MARKS = {
    State.NO_BILL: "○",
    **dict.fromkeys(ASK, "▲"),
    State.WITHIN: "✓",
    State.SIGNED: "✓",
}
"""In front of a state: what is drawn in a colour has a mark, too."""

SHADES = {MARKS[State.DIFFERS]: "rgba(204, 129, 23, 0.16)", MARKS[State.WITHIN]: "rgba(0, 140, 100, 0.13)"}

NO_BREAK = "\N{NO-BREAK SPACE}"

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


def state_of(provider: str, month: date) -> State | None:
    """Where a provider's month stands."""
    return next((each.state for each in months() if (each.provider, each.month) == (provider, month)), None)


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
    named = f"{plain(first.provider)}, {wording.month(first.month)}"
    amount = first.difference
    by = f" by **{plain(cents(amount))}**" if amount and first.state is State.DIFFERS else ""
    more = f", and {len(asking) - 1} more" if len(asking) > 1 else ""
    of_all = f"{len(asking)} of {wording.plural(len(every), 'provider month')}"
    verb = "needs" if len(asking) == 1 else "need"
    return f"**{of_all}** {verb} a look: {named} {plain(first.state)}{by}{more}."


@cached.shared
def _cells() -> pd.DataFrame:
    """Where every month stands: a row per provider with a bill (or per provider, where there is no bill at
    all, the dearest first), and a column per month, the newest first; empty where there is nothing."""
    every = months()
    newest = sorted({each.month for each in every}, reverse=True)[:MOST_MONTHS]
    spent: Counter[str] = Counter()
    for each in every:
        spent[each.provider] += each.computed
    providers = (_with_bills() or [name for name, _ in spent.most_common()])[:SHOWN]
    said = {(each.provider, each.month): _cell(each) for each in every}
    columns = {wording.month(month): [said.get((name, month), "") for name in providers] for month in newest}
    return pd.DataFrame({"Provider": providers, **columns})


def _with_bills() -> list[str]:
    return sorted({each.provider for each in months() if each.state in BILLED})


@cached.shared
def _below() -> str:
    """What the grid does not say (Markdown)."""
    said = "Differences are of usage, without other services, credits, taxes and fees."
    billed = _with_bills()
    without = sorted({each.provider for each in months()} - set(billed))
    if not billed:
        return said
    said += " Choose a month with a bill to open it."
    if without:
        names = [plain(name) for name in without[:NAMED]]
        more = [wording.plural(len(without) - NAMED, "other provider")] if len(without) > NAMED else []
        said += f" There is no bill of {wording.joined([*names, *more])}."
    return said


def _cell(each: Month) -> str:
    """Billed, computed, the difference and the state.

    A cell draws no line break, but breaks a long text at its spaces: no-break spaces hold lines together.
    """
    lines = [f"Computed {cents(each.computed)}"]
    if each.billed is not None:
        lines.insert(0, f"Billed {cents(each.billed)}")
    found = each.difference
    if found is not None and each.calls and each.state is not State.NO_USAGE:
        lines.append(f"{signed_cents(found)} difference")
    return " ".join(line.replace(" ", NO_BREAK) for line in (*lines, f"{MARKS[each.state]} {each.state}"))


def _coloured(table: pd.DataFrame) -> Any:
    """The table with what needs somebody in amber and what is right in green."""

    def shade(text: object) -> str:
        found = next((shade for mark, shade in SHADES.items() if mark in str(text)), "")
        return f"background-color: {found}" if found else ""

    return table.style.map(shade, subset=list(table.columns[1:]))


@cached.shared
def _legible_cells() -> pd.DataFrame:
    return tables.legible(_cells())


def grid() -> None:
    """Every provider's months; a month with a bill is opened by its cell."""
    table = _cells()
    if table.empty:
        return
    wide = {name: st.column_config.TextColumn(width=158) for name in table.columns[1:]}
    tables.draw(
        _coloured(_legible_cells()),
        hide_index=True,
        width="content",
        row_height=92 if _with_bills() else 64,
        column_config={"Provider": st.column_config.TextColumn(pinned=True, width=110), **wide},
        key=GRID,
        on_select=_open_cell,
        selection_mode="single-cell",
    )
    st.caption(_below())


def _open_cell() -> None:
    """Look at the month whose cell was chosen."""
    cells = st.session_state[GRID].selection.cells
    if not cells:
        return
    row, column = cells[0]
    names = list(_cells()["Provider"])
    for each in months():
        at = row < len(names) and (names[row], column) == (each.provider, wording.month(each.month))
        if at and each.state in BILLED:
            look_at(Which(each.provider, each.month))


def look_at(which: Which) -> None:
    """Have the page look at a month that has a bill; to be called before the month's answer is drawn."""
    st.session_state[CHOSEN] = _label(which)


def _label(which: Which) -> str:
    return visible(f"{which.provider}, {wording.month(which.month)}")


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
