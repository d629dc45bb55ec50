"""Where a bill differs: every difference, the calls behind it, and the lines of the bill behind it."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
import streamlit as st

from pages.parts import tables
from pages.parts.sidebar import labels
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.bills import evidence
from usage_core.bills.conclude import Reconciled
from usage_core.bills.explain import Explained
from usage_core.bills.parts import ABOUT, BESIDE, Finding, Part
from usage_core.bills.whose import is_gateway

SHOWN = 500
MOST_NAMED = 40
"""A link names at most so many models or keys; with more it leaves them open."""

EVERY = "All parts"


def draw(found: Reconciled, explained: Explained) -> None:
    """The differences of one part or of all, with what is behind them."""
    if not explained.findings:
        return
    st.header("Where it differs", anchor=False)
    options = [EVERY, *(str(part) for part in explained.parts)]
    picked = st.pills(
        "Part",
        options,
        default=EVERY,
        required=True,
        key="part",
        bind="query-params",
        label_visibility="collapsed",
    )
    part = None if picked == EVERY else Part(picked)
    rows = [each for each in explained.findings if part in (None, each.part)]
    rows.sort(key=lambda each: each.part in BESIDE)  # what is held against the bill first
    if part is not None:
        st.caption(f"{ABOUT[part]}: {plain(wording.money_signed(explained.parts[part]))}.")
    _places(found, rows)
    _behind(found, part, rows)


def _places(found: Reconciled, rows: Sequence[Finding]) -> None:
    right = ("Difference", "Billed", "Computed", "Billed per 1M", "Computed per 1M")
    config = {name: st.column_config.TextColumn(alignment="right", width=120) for name in right}
    numbers = {
        name: st.column_config.NumberColumn(format="localized") for name in ("Billed tokens", "Logged tokens")
    }
    link: dict[str, Any] = {"Calls": st.column_config.LinkColumn(display_text="Open")}
    link["Part"] = st.column_config.TextColumn(width=150)
    table = _table(found, rows[:SHOWN])
    tables.draw(
        table, hide_index=True, column_config={**config, **numbers, **link}, key="differences", placeholder=""
    )
    if len(rows) > SHOWN:
        st.caption(f"The {SHOWN} largest of {len(rows):,}; the evidence has all.")


def _behind(found: Reconciled, part: Part | None, rows: Sequence[Finding]) -> None:
    """The way to the calls of all the rows, to the evidence, and to the lines of the bill."""
    with st.container(horizontal=True):
        calls = calls_link(found, rows)
        if calls:
            st.link_button("Open the calls", calls, icon=":material/open_in_new:")
        st.download_button(
            "Download evidence",
            lambda: evidence.evidence(found),
            f"evidence-{found.period.month:%Y-%m}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
    lines = st.expander("Bill lines", key="bill-lines", type="compact", bind="query-params")
    if lines.open:
        with lines:
            _lines(found, part)


def _lines_behind(found: Reconciled, part: Part | None) -> pa.Table:
    def lines(connection: sa.Connection, *_asked: object) -> pa.Table:
        return evidence.bill_lines(connection, found, part)

    return cached.found(lines, found.period, part)


def _lines(found: Reconciled, part: Part | None) -> None:
    """The lines of the bills behind a part, and all of them as a file."""
    lines = _lines_behind(found, part)
    if not lines.num_rows:
        st.caption("No line of the bill is behind it: it is of calls that the bill does not charge.")
        return
    shown = lines.slice(0, SHOWN).to_pandas()
    shown["Amount"] = [wording.plain_decimal(amount) for amount in shown["Amount"]]
    numbers = {name: st.column_config.NumberColumn(format="localized") for name in ("Tokens", "Requests")}
    right = {"Amount": st.column_config.TextColumn(alignment="right")}
    for name in numbers:
        shown[name] = shown[name].astype("Int64")
    tables.draw(shown, hide_index=True, column_config={**numbers, **right}, key="lines", placeholder="")
    if lines.num_rows > SHOWN:
        st.caption(f"The {SHOWN} largest of {lines.num_rows:,}; the download has all.")
    st.download_button(
        "Download bill lines",
        lambda: evidence.lines_csv(lines),
        f"bill-lines-{found.period.month:%Y-%m}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _table(found: Reconciled, rows: Sequence[Finding]) -> pd.DataFrame:
    names = labels("key")
    return pd.DataFrame(
        {
            "Part": [str(each.part) for each in rows],
            "Difference": [wording.money_signed(each.usd) for each in rows],
            "Calls": [calls_link(found, [each]) for each in rows],
            "Day": [f"{each.day:%Y-%m-%d}" if each.day else "" for each in rows],
            "Model": [each.model or "" for each in rows],
            "API key": [names.get(each.key or "", each.key or "") for each in rows],
            "Class": [each.token_class or "" for each in rows],
            "Billed": [_exact(each.billed) for each in rows],
            "Computed": [_exact(each.computed) for each in rows],
            "Billed tokens": pd.array([each.quantity for each in rows], dtype="Int64"),
            "Logged tokens": pd.array([each.tokens for each in rows], dtype="Int64"),
            "Billed per 1M": [_exact(each.their_price) for each in rows],
            "Computed per 1M": [_exact(each.our_price) for each in rows],
            "Bill": [each.lines or "" for each in rows],
        }
    )


def _exact(usd: Decimal | None) -> str:
    return "" if usd is None else wording.money_exact(usd)


def calls_link(found: Reconciled, rows: Iterable[Finding]) -> str:
    """A link to the calls behind differences: their days, models and keys; empty where there are none."""
    called = [each for each in rows if each.tokens or each.part is Part.UNPRICED]
    if not called:
        return ""
    asked: list[tuple[str, str]] = [("tf", "Custom")]
    asked += [("range", f"{day:%Y-%m-%d}") for day in _days(found, called)]
    asked.append(("tz", found.period.zone))
    if not is_gateway(found.period.provider):
        asked += _named("provider", [found.period.provider])
    billed = {each.model for each in called}
    models = [name for name, to in found.names.calls.items() if to in billed]
    asked += _named("model", models if len(models) <= MOST_NAMED else ())
    ids = {each.key for each in called}
    if ids <= labels("key").keys() and len(ids) <= MOST_NAMED:
        asked += _named("key", sorted(map(str, ids)))
    return f"export?{urlencode(asked)}"


def _named(by: str, values: Iterable[str]) -> list[tuple[str, str]]:
    """Values of a filter as they stand in links."""
    known = labels(by)
    return [(by, known.get(value, value)) for value in values]


def _days(found: Reconciled, rows: Sequence[Finding]) -> tuple[date, date]:
    """The first and the last day of differences; those of the period where a difference is of no day."""
    days = [each.day.date() for each in rows if each.day]
    if len(days) == len(rows):
        return min(days), max(days)
    ranges = found.period.ranges
    return ranges[0][0].date(), (ranges[-1][1] - timedelta(days=1)).date()
