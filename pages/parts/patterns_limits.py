"""The section on capacity: what is asked, what was found, and the limits to enter."""

import time
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from pages.parts import drill, figures, tables
from pages.parts import patterns_capacity as capacity
from pages.parts import patterns_capacity_said as said
from pages.parts.text import plain
from pages.server import visitor
from usage_core import cached, wording
from usage_core.access.journal import Event
from usage_core.metrics.limits import Limited, LimitRefused, Served, as_limit, change
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe, zone_info

SOON_S = 0.3
"""What is done sooner needs no words."""

VIEW = "Capacity"
"""The part of the page that this is."""

_ENTER, _SAVED = "enter-limits", "limits-saved"


def are_being_entered() -> bool:
    """Whether the form of the limits is open: what is typed into it is known to the browser alone."""
    return bool(st.session_state.get(_ENTER))


def section(selection: Selection, known: Timeframe) -> None:
    """Nothing is read of the calls until it is chosen what to look at."""
    chosen = st.segmented_control(
        "Peaks of", list(capacity.KINDS), default=None, key="capacity", bind="query-params"
    )
    if chosen is None:
        st.caption(
            "Choose what to look at: the most calls or tokens in one minute, or calls in flight at once, by "
            "provider and model, and how much of your limits that is. The calls are read one by one for it, "
            "which takes a moment where there are millions."
        )
        return
    limited = capacity.KINDS[chosen]
    _read(selection, limited)
    st.markdown(said.summary(selection, limited, known))
    _table(selection, limited, known)
    st.caption(said.notes(selection, limited, known))


def _read(selection: Selection, limited: Limited) -> None:
    """Read the calls, saying how far it is where that takes time; what is known already is not read."""
    steps, begun, bar = capacity.steps(selection, limited), time.monotonic(), st.empty()
    with st.spinner("Reading the calls"):
        for number, (doing, work) in enumerate(steps):
            if time.monotonic() - begun > SOON_S:
                bar.progress(number / len(steps), plain(f"{doing} ({number + 1} of {len(steps)})"))
            work()
    bar.empty()


def _table(selection: Selection, limited: Limited, known: Timeframe) -> None:
    """Every peak, which can be chosen to see its day; and, for an administrator, the limits to enter."""
    rows = capacity.peaks(selection, limited, known).each
    if not rows:
        return
    table, zone = said.table(selection, limited, known), zone_info(selection.timeframe.zone)
    providers = [{"provider": name} for name in table["Provider"]]
    models = [row.served[1] for row in rows if row.served]
    at = [row.at and row.at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") for row in rows]
    drill.table(
        table,
        "peaks",
        drill.Drill("model", "usage/overview"),
        drill.Rows(figures.names("model", models), at, "hour", providers),
        hide_index=True,
        column_config=_columns(limited),
        placeholder=wording.UNKNOWN,
        alt=said.summary(selection, limited, known),
    )
    if visitor.here().is_administrator:
        with st.expander("Enter limits", key=_ENTER, bind="query-params"):
            _form(rows, table, limited)


def _form(rows: Sequence[capacity.Reached], table: pd.DataFrame, limited: Limited) -> None:
    """The limits, to be typed and saved."""
    served = [row.served for row in rows if row.served]
    # What was typed belongs to these rows and no others.
    shown = zlib.crc32(repr((limited, served, [row.limit for row in rows])).encode())
    with st.form("limits", border=False):
        edited = tables.edit(
            table[["Model", "Peak", "Limit", "Provider"]],
            key=f"limits-{shown}",
            hide_index=True,
            disabled=["Provider", "Model", "Peak"],
            column_config=_columns(limited),
            placeholder=wording.UNKNOWN,
            alt=f"What the providers allow: the most {said.WORDS[limited]}, by provider and model.",
        )
        sent = st.form_submit_button("Save limits", icon=":material/save:")
    if sent:
        before = [row.limit for row in rows]
        _save(limited, served, before, list(edited["Limit"]))
    if message := st.session_state.pop(_SAVED, None):
        st.success(message)


def _columns(limited: Limited) -> dict[str, object]:
    number = st.column_config.NumberColumn
    words = said.WORDS[limited]
    return {
        "Peak": number(format="localized", help=f"The most {words}"),
        "When": st.column_config.TextColumn(help="The first time there were so many"),
        "Limit": number(format="localized", help="What the provider allows, as entered here"),
        "Used": st.column_config.ProgressColumn(
            format="%.1f %%", min_value=0, max_value=100, help="The peak as a part of the limit"
        ),
        "Left": number(format="localized", help="How much more there may be before the limit is met"),
        "Met": st.column_config.TextColumn(
            "Limit met", help="When the trend of weekly peaks meets the limit"
        ),
    }


def _save(limited: Limited, served: list[Served], before: list[int | None], typed: list[object]) -> None:
    """Store the limits that were changed; none of them, where one cannot be a limit."""
    changed = {}
    for pair, old, value in zip(served, before, typed, strict=True):
        try:
            limit = as_limit(None if pd.isna(value) else value)
        except LimitRefused as error:
            provider, model = pair
            st.error(plain(f"{model}, {provider or 'no provider'}: {error} Nothing was saved."))
            return
        if limit != old:
            changed[pair] = limit
    if not changed:
        st.info("No limit was changed.", icon=":material/info:")
        return
    with cached.shown().lake.writing() as connection:
        change(connection, limited, changed, datetime.now(UTC))
    visitor.note(Event.SETTINGS_CHANGED, f"{wording.plural(len(changed), 'limit')} of {limited}")
    st.session_state[_SAVED] = f"{wording.plural(len(changed), 'limit')} saved."
    st.rerun()
