"""Unusual days: each with what it cost and what such a day usually costs, and the way to it."""

from datetime import datetime, time
from decimal import Decimal

import streamlit as st

from pages.parts import drill, figures
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.charts.names import shortened
from usage_core.metrics.unusual import (
    LEAST_WEEKS,
    Finding,
    Unusual,
    costliest,
    extent,
    find,
    question,
)
from usage_core.selection import Selection

METHOD = (
    "Each day is compared with the same weekday of the eight weeks before. It is listed when it is further "
    "from their median than 3.5 times their usual spread (the median absolute deviation, as a standard "
    "deviation, and at least a tenth of the median), and by at least a tenth of what a day usually costs. "
    "All calls and the ten costliest keys are looked at. A day that is not over is not called cheap."
)


@cached.shared
def unusual(selection: Selection) -> Unusual:
    """The unusual days of a selection."""
    held, frame = cached.held(), selection.timeframe
    if held.first is None or held.last is None:
        return Unusual((), 0, 0, 0)
    keys = tuple(cached.answer(costliest(selection))["key"])
    answer = cached.answer(question(selection, keys))
    return find(answer, keys, frame, extent(held.first, held.last, frame.zone))


def section(selection: Selection) -> None:
    """The part of a page that lists unusual days."""
    st.markdown(told(selection), help=METHOD)
    found = unusual(selection).found
    if found:
        with st.container(border=True, gap=None, key="unusual"):
            for number, finding in enumerate(found):
                _way_in(finding, selection.is_filtered, f"unusual-{number}")


def _way_in(finding: Finding, filtered: bool, key: str) -> None:
    """A finding that, clicked, narrows to its key and, where it is one day, to that day."""
    name = figures.names("key", [finding.key])[0] if finding.key else None
    at = None if finding.days > 1 and name else datetime.combine(finding.first, time()).isoformat()
    st.button(
        line(finding, filtered),
        key=key,
        type="tertiary",
        on_click=drill.narrow,
        args=(drill.Drill("key"), name, at, "day"),
    )


@cached.shared
def told(selection: Selection) -> str:
    """How much was found, and of how many days it could be said (Markdown)."""
    result = unusual(selection)
    if not result.judged:
        return (
            f"Too little is known to say what is usual: it takes calls on the same weekday in at least "
            f"{LEAST_WEEKS} of the 8 weeks before."
        )
    looked = f"{wording.plural(result.judged, 'day')} with enough history"
    if result.judged < result.days:
        looked += f" (of {result.days:,} with calls)"
    if not result.found:
        return f"None: on {looked}, cost was within what is usual for the weekday."
    listed = wording.plural(len(result.found), "finding")
    more = f"; {_not_listed(result.more)}" if result.more else ""
    return f"{listed} on {looked}, the largest first{more}. Choose one to see its calls."


def _not_listed(findings: int) -> str:
    return "1 smaller one is not listed" if findings == 1 else f"{findings:,} smaller ones are not listed"


@cached.shared
def line(finding: Finding, filtered: bool) -> str:
    """A finding in a sentence (Markdown)."""
    up = finding.excess > 0
    arrow = ":red[:material/arrow_upward:]" if up else ":green[:material/arrow_downward:]"
    name = "all selected calls" if filtered else "all calls"
    if finding.key:
        name = plain(shortened(figures.names("key", [finding.key])[0], 40))
    if finding.days == 1:
        when = wording.period(datetime.combine(finding.first, time()), "day")
        such = f"on {wording.WEEKDAY_NAMES[finding.first.weekday()]}s"
    else:
        when = f"{wording.days(finding.first, finding.last)} ({wording.plural(finding.days, 'unusual day')})"
        such = "on such days"
    off = plain(wording.money_rounded(abs(finding.excess)))
    return (
        f"{arrow} **{when}**, {name}: **{plain(wording.money_rounded(finding.cost))}**, usually "
        f"{_range(finding.low, finding.high)} {such} ({off} {'more' if up else 'less'})"
    )


def _range(low: Decimal, high: Decimal) -> str:
    texts = dict.fromkeys(plain(wording.money_rounded(amount)) for amount in (low, high))
    return " to ".join(texts)
