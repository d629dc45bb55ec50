"""What was found of one provider's month: the verdict, its figures, the parts, and every difference."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from pages.parts import drawn
from pages.parts.bill_months import Which
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.bills import conclude, periods
from usage_core.bills.conclude import Reconciled, cents
from usage_core.bills.explain import Explained
from usage_core.bills.parts import ABOUT, Finding, Part
from usage_core.bills.whose import is_gateway
from usage_core.charts.chart import Chart
from usage_core.charts.waterfall import waterfall

SHOWN = 500
EVERY = "All parts"


def _reconcile(connection, provider, month, _covered):  # type: ignore[no-untyped-def]
    return periods.reconcile(connection, provider, month)


def draw(which: Which) -> Reconciled | None:
    """The answer to whether a month's bill is right; gives what was found."""
    found: Reconciled | None = cached.found(_reconcile, which.provider, which.month)
    if found is None:
        return None
    said = plain(conclude.verdict(found))
    if found.is_right:
        st.success(said, icon=":material/check_circle:")
    else:
        st.warning(said, icon=":material/help:")
    explained = found.explained
    if explained is not None:
        _tiles(explained)
        picture = chart(which)
        if picture is not None:
            drawn.chart(picture, "bill-why")
        st.caption(_method(found, explained))
        _differences(found, explained)
    return found


def _tiles(explained: Explained) -> None:
    beside = explained.difference - explained.judged
    st.html(drawn.TILES_FIT)
    with st.container(horizontal=True, key="tiles"):
        st.metric("Billed", cents(explained.billed), border=True, height="stretch")
        st.metric(
            "Computed",
            cents(explained.computed),
            border=True,
            height="stretch",
            help="Cost of the calls logged",
        )
        st.metric(
            "Difference in usage",
            f"{'+' if explained.judged > 0 else ''}{cents(explained.judged)}",
            border=True,
            height="stretch",
            help="Billed − computed, without other charges",
        )
        st.metric(
            "Other charges",
            cents(beside),
            border=True,
            height="stretch",
            help="Other services, credits, taxes and fees: not held against the bill",
        )
        st.metric("Calls", wording.count(explained.calls), border=True, height="stretch")


@cached.shared
def chart(which: Which) -> Chart | None:
    """The parts as a waterfall from computed to billed; None where they are the same."""
    found: Reconciled | None = cached.found(_reconcile, which.provider, which.month)
    if found is None or found.explained is None or not found.explained.parts:
        return None
    explained = found.explained
    shown = conclude.as_shown(explained)
    rows = [("Computed", explained.computed, shown[0], "Cost of the calls logged", True)]
    for (part, usd), rounded in zip(explained.parts.items(), shown[1:-1], strict=True):
        rows.append((part[:1].upper() + part[1:], usd, rounded, ABOUT[part], False))
    rows.append(("Billed", explained.billed, shown[-1], "What the bill charges in all", True))
    frame = pd.DataFrame(
        [
            {
                "name": name,
                "value": float(usd),
                "shown": wording.money_exact(rounded) if whole else _signed(rounded),
                "exact": wording.money_exact(usd),
                "about": about,
                "whole": whole,
            }
            for name, usd, rounded, about, whole in rows
        ]
    )
    return waterfall(frame, "From what was computed to what was billed", "USD")


def _signed(usd: Decimal) -> str:
    return f"{'+' if usd > 0 else ''}{wording.money_exact(usd)}"


def _method(found: Reconciled, explained: Explained) -> str:
    """How the lines were matched (Markdown)."""
    days = ", ".join(
        wording.days(first.date(), (until - timedelta(days=1)).date()) for first, until in found.period.ranges
    )
    text = f"{days} ({plain(found.period.zone)}). Matched by {plain(conclude.matched_by(explained))}."
    if explained.hours:
        way = "after" if explained.hours > 0 else "before"
        hours = wording.plural(abs(explained.hours), "hour")
        text += f" The bill fits best with days that begin {hours} {way} midnight."
    if explained.unpriced_calls:
        text += (
            f" {wording.plural(explained.unpriced_calls, 'call')} without a price are in no computed cost."
        )
    return text + f" Rounding can hide at most {plain(cents(explained.rounding))}."


def _differences(found: Reconciled, explained: Explained) -> None:
    if not explained.findings:
        return
    st.subheader("Where it differs", anchor=False)
    options = [EVERY, *(str(part) for part in explained.parts)]
    picked = st.pills("Part", options, default=EVERY, required=True, key="part", label_visibility="collapsed")
    rows = [each for each in explained.findings if picked in (EVERY, each.part)]
    config = {
        name: st.column_config.TextColumn(alignment="right")
        for name in ("Difference", "Billed", "Computed", "Billed per 1M", "Computed per 1M")
    }
    numbers = {
        name: st.column_config.NumberColumn(format="localized") for name in ("Billed tokens", "Logged tokens")
    }
    link = {"Calls": st.column_config.LinkColumn(display_text="Open")}
    st.dataframe(
        _table(found, rows[:SHOWN]),
        hide_index=True,
        column_config={**config, **numbers, **link},
        key="differences",
        placeholder="",
    )
    left, right = st.columns([3, 1], vertical_alignment="center")
    if len(rows) > SHOWN:
        left.caption(f"The {SHOWN} largest of {len(rows):,}; the download has all.")
    right.download_button(
        "Download evidence",
        lambda: conclude.evidence(found),
        f"evidence-{found.period.month:%Y-%m}.csv",
        "text/csv",
        icon=":material/download:",
        width="stretch",
        on_click="ignore",
    )


def _table(found: Reconciled, rows: list[Finding]) -> pd.DataFrame:
    names = cached.known().key
    return pd.DataFrame(
        {
            "Part": [str(each.part) for each in rows],
            "Difference": [_signed(each.usd) for each in rows],
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
            "Calls": [_calls(found, each) for each in rows],
        }
    )


def _exact(usd: Decimal | None) -> str:
    return "" if usd is None else wording.money_exact(usd)


def _calls(found: Reconciled, each: Finding) -> str:
    """A link to the calls behind a difference; empty where there are none."""
    if not each.tokens and each.part is not Part.UNPRICED:
        return ""
    first, until = found.period.ranges[0][0], found.period.ranges[-1][1] - timedelta(days=1)
    days = (each.day, each.day) if each.day else (first, until)
    asked: list[tuple[str, str]] = [("tf", "Custom"), *(("range", f"{day:%Y-%m-%d}") for day in days)]
    asked.append(("tz", found.period.zone))
    if not is_gateway(found.period.provider):
        asked.append(("provider", found.period.provider))
    models = [name for name, to in found.names.calls.items() if to == each.model]
    asked += [("model", name) for name in models]
    if each.key in cached.known().key:
        asked.append(("key", cached.known().key[each.key]))
    return f"export?{urlencode(asked)}"
