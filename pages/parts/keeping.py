"""How long calls are kept: what would go, the sums that stay, and what pages say of it."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
import streamlit as st

from pages.parts import tables
from pages.parts.text import plain
from pages.server import visitor
from usage_core import cached, cached_real, wording
from usage_core.access.journal import Event
from usage_core.errors import NothingToDelete
from usage_core.export.kept_sums import COLUMNS, kept_csv, kept_months
from usage_core.intake import retention
from usage_core.intake.retention import Doomed
from usage_core.schema import Form, usd
from usage_core.selection import Selection
from usage_core.timeframe import midnight, zone_info

ASKED, TOLD = "keep-asked", "keep-told"
SHOWN = 500


def say_what_is_gone(selection: Selection) -> None:
    """Say so where a timeframe begins before the first day whose calls are kept."""
    if cached.shown().is_sample:
        return
    since = cached.covered().kept_since
    if since is None or selection.timeframe.start >= midnight(since, cached_real.days_zone()):
        return
    where = " on the page Workspace" if visitor.here().is_administrator else ""
    st.info(
        f"Calls before {plain(wording.day(since))} are no longer kept, so no figure here holds them. Their "
        f"sums by month are{where or ' with an administrator'}.",
        icon=":material/inventory_2:",
    )


def draw() -> None:
    """What is kept, what would go, and the sums of what went."""
    st.header("Old calls", anchor=False)
    if told := st.session_state.pop(TOLD, None):
        st.success(told, icon=":material/check:")
    with st.form("keep", border=False):
        months = st.number_input("Months to keep, besides this one", 0, 1200, 24, key="keep-months")
        if st.form_submit_button("Show what would go"):
            st.session_state[ASKED] = months
    if st.session_state.get(ASKED) == months:
        _preview(int(months))
    _kept()


def _preview(months: int) -> None:
    lake, zone = cached.workspace().real, cached_real.days_zone()
    since = retention.months_ago(months, datetime.now(UTC).astimezone(zone_info(zone)).date())
    loss = retention.preview(lake, Doomed(since))
    if loss.first is None:
        st.caption(f"There are no calls before {plain(wording.day(since))}.")
        return
    st.markdown(
        f"**{wording.plural(loss.calls, 'call')}** before {plain(wording.day(since))} ({plain(zone)}) would "
        f"go, {plain(wording.money_exact(loss.cost))} as far as it is known; "
        f"{wording.plural(loss.stay, 'call')} would stay. Sums by month, key and model are kept here; the "
        "pages then begin with that day, and calls before it are not taken in again. This cannot be undone. "
        "The space comes back within a day or two."
    )
    if st.button("Delete these calls, keep their sums", type="primary", key="keep-delete"):
        try:
            gone = retention.retain(lake, since)
        except NothingToDelete as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        visitor.note(Event.DELETED, f"calls before {since}; their sums by month are kept", gone.calls)
        st.session_state.pop(ASKED, None)
        st.session_state[TOLD] = f"{wording.plural(gone.calls, 'call')} deleted. Their sums are kept below."
        st.rerun()


def _rows(connection: sa.Connection, _covered: object) -> pa.Table:
    return kept_months(connection)


def _kept() -> None:
    """The sums of calls that are no longer kept, and all of them as a file."""
    kept: pa.Table = cached.found(_rows)
    if not kept.num_rows:
        return
    st.markdown("Sums of calls that are no longer kept:")
    tables.draw(_table(kept.slice(0, SHOWN)), hide_index=True, key="kept-months", placeholder=wording.UNKNOWN)
    if kept.num_rows > SHOWN:
        st.caption(f"The newest {SHOWN} of {kept.num_rows:,}; the download has all.")
    st.download_button(
        "Download these sums",
        lambda: kept_csv(kept),
        "sums-of-deleted-calls.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _table(kept: pa.Table) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for column in COLUMNS:
        values = kept[column.name].to_pylist()
        if column.form is Form.PICO:
            columns[column.label] = [
                None if pico is None else wording.money_exact(usd(pico)) for pico in values
            ]
        elif column.form is Form.WHOLE:
            columns[column.label] = pd.array([None if n is None else int(n) for n in values], dtype="Int64")
        else:
            columns[column.label] = values
    return pd.DataFrame(columns)
