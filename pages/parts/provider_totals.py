"""What providers have added up, beside what single calls add up to and never mixed with it."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts import drill
from pages.parts.sidebar import labels
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.metrics.provider_totals import (
    CALLS,
    COUNTED,
    EDGE,
    OTHERS,
    By,
    Total,
    Wanted,
    provider_totals,
    span,
)
from usage_core.metrics.question import Question
from usage_core.selection import Selection

HEADINGS: dict[str, By] = {"API key": "key", "Provider": "provider", "Model": "model", "Day": "day"}

HOUR = "Cache write 1h"

CLASSES = {
    "Input tokens": "input_tokens",
    "Cache read": "cache_read_tokens",
    "Cache write": "cache_write_tokens",
    HOUR: "cache_write_1h_tokens",
    "Output tokens": "output_tokens",
}
"""Heading -> class of tokens; none holds another but what is written to a cache that part of it which is kept
for an hour."""

WHY = {
    CALLS: "single calls of the same key and period are here, and these count",
    OTHERS: "other provider totals tell of the same usage, in more detail or of a longer period",
    EDGE: "their period reaches over an edge of this timeframe and cannot be cut",
}
"""Why totals are left out, behind "since"."""


def section(selection: Selection) -> None:
    """The totals of a selection, what is left out of them and why; nothing where there are none at all."""
    first, last = cached.found(span)
    if first is None or last is None:
        return
    st.header("Provider totals", anchor=False)
    whole: list[Total] = cached.found(provider_totals, Wanted(selection))
    if not whole:
        days = wording.days(first.date(), (last - timedelta(microseconds=1)).date())
        st.caption(f"None of this selection. There are some of {plain(days)} (UTC).")
        return
    counted = [each for each in whole if each.fate == COUNTED]
    if counted:
        st.markdown(_said(selection, counted[0]))
    for each in whole:
        if each.fate in WHY:
            st.caption(_left_out(each))
    if counted:
        _table(selection)


def line(selection: Selection) -> str:
    """A sentence for a page that shows calls alone (Markdown); none where no total counts."""
    found: list[Total] = cached.found(provider_totals, Wanted(selection))
    counted = [each for each in found if each.fate == COUNTED]
    if not counted:
        return ""
    return (
        f"Providers have added up {_amount(counted[0])} more, without single calls: "
        "not in the figures of this page, but under Provider totals on the Cost page."
    )


def _said(selection: Selection, total: Total) -> str:
    """What the totals hold, and what that makes with the calls (Markdown)."""
    calls = cached.answer(Question(selection, ("cost_usd", "calls"))).to_dict("records")[0]
    of_calls: Decimal = calls["cost_usd"] or Decimal(0)
    parts = [f"Providers have added up **{_amount(total)}** of which there are no single calls here."]
    if total.calls is not None:
        parts.append(f"They say it was {wording.plural(total.calls, 'call')}.")
    if total.without_calls:
        parts.append(f"{wording.plural(total.without_calls, 'total')} do not say of how many calls.")
    if total.unpriced:
        parts.append(
            f"{wording.plural(total.unpriced, 'total')} without a model or a known price have no cost."
        )
    if calls["calls"] and total.cost_usd is not None:
        both = wording.money(of_calls + total.cost_usd)
        parts.append(
            f"The calls of this selection cost {plain(wording.money(of_calls))}: together **{plain(both)}**. "
            "A key that the two know by different ids counts in both."
        )
    return " ".join(parts)


def _amount(total: Total) -> str:
    tokens = f"{wording.count(total.tokens)} tokens"
    return tokens if total.cost_usd is None else f"{plain(wording.money(total.cost_usd))} for {tokens}"


def _left_out(total: Total) -> str:
    return f"Left out: {wording.plural(total.totals, 'total')} ({_amount(total)}), since {WHY[total.fate]}."


def _table(selection: Selection) -> None:
    chosen = st.segmented_control(
        "Totals by", list(HEADINGS), default="API key", required=True, key="totals-by", bind="query-params"
    )
    by = HEADINGS[chosen]
    every: list[Total] = cached.found(provider_totals, Wanted(selection, by))
    found = [each for each in every if each.fate == COUNTED]
    table = pd.DataFrame({chosen: [_name(by, each.group) for each in found]})
    table["Cost (USD)"] = pd.array([_float(each.cost_usd) for each in found], dtype="Float64")
    for heading, name in {"Calls": "calls", **CLASSES}.items():
        table[heading] = pd.array([getattr(each, name) for each in found], dtype="Int64")
    config: dict[str, Any] = {
        name: st.column_config.NumberColumn(format="localized") for name in ("Calls", *CLASSES)
    }
    config[HOUR] = st.column_config.NumberColumn(
        format="localized", help="Of the tokens written to a cache, those kept for an hour"
    )
    config["Cost (USD)"] = st.column_config.NumberColumn(format="$%.4f")
    days = [drill.days(*[each.group.date()] * 2) if by == "day" and each.group else None for each in found]
    drill.table(
        _filled(table),
        "totals",
        drill.Drill(None if by == "day" else by),
        drill.Rows(list(table[chosen]), days),
        hide_index=True,
        column_config=config,
        placeholder=wording.UNKNOWN,
    )
    st.caption(
        "A day is a day of the provider, most often of UTC. Input tokens are those neither read from nor "
        "written to a cache, as far as that is known. – is what the provider does not say."
    )


def _filled(table: pd.DataFrame, always: Sequence[str] = ("Cost (USD)", "Calls")) -> pd.DataFrame:
    """The table without columns that hold nothing."""
    return table[[name for name in table if name in always or table[name].notna().any()]]


def _name(by: By, group: Any) -> str:
    if group is None:
        return "Not said"
    if by == "day":
        return wording.day(group.date())
    return labels("key").get(group, group) if by == "key" else str(group)


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
