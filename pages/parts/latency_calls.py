"""The slowest calls of the Latency page: of all, or of those behind a bar or a cell of its charts."""

import re

import streamlit as st

from pages.parts import address, latency_tables, views
from pages.parts.drill import Drill
from usage_core import wording
from usage_core.charts.chart import PICK_OUTPUT, PICK_TOOK
from usage_core.metrics.slow_calls import EVERY, MOST, Range, Within
from usage_core.selection import Selection

VIEW = "Slowest calls"
"""The part of the page that they are."""

TOOK, OUTPUT = "took", "output"
"""Parameters of the link: which completion times (ms) and output tokens the calls have, as "1000-1413", both
ends included."""

_RANGE = re.compile(r"(\d{1,15})-(\d{1,15})", re.ASCII)


def of_a_time() -> Drill:
    """What shows the calls of a time, however many tokens they have."""
    return Drill(show={views.VIEW: VIEW, OUTPUT: ""}, into={PICK_TOOK: TOOK})


def of_a_cell() -> Drill:
    """What shows the calls of a time and of a number of output tokens."""
    return Drill(show={views.VIEW: VIEW}, into={PICK_TOOK: TOOK, PICK_OUTPUT: OUTPUT})


def section(selection: Selection) -> None:
    """The slowest calls, whole."""
    within = Within(_asked(TOOK), _asked(OUTPUT))
    if within != EVERY:
        _way_back(within)
    with st.spinner("Reading the calls"):
        table = latency_tables.slowest(selection, within)
    if table is None:
        st.caption("No such call." if within != EVERY else "No call has a completion time.")
        return
    hours = " Those of some hours of this day, as a file: on the page Export."
    st.caption(f"The slowest first, up to {MOST}.{hours if selection.timeframe.days == 1 else ''}")
    table.draw("slowest", Drill("key"))


def _asked(name: str) -> Range | None:
    """A range in the link; None where there is none that can be understood."""
    found = _RANGE.fullmatch(st.query_params.get(name, ""))
    return (int(found[1]), int(found[2])) if found else None


def _way_back(within: Within) -> None:
    """Which calls are shown, and the way back to all."""
    with st.container(horizontal=True, vertical_alignment="center", key="calls-narrowed"):
        st.markdown(f":material/filter_alt: {said(within)}")
        st.button("Back to all calls", on_click=_all, icon=":material/arrow_back:", key="all-calls")


def said(within: Within) -> str:
    """Which calls are shown (Markdown)."""
    parts = []
    if within.took:
        parts.append("took " + _between(*map(wording.duration_ms, within.took)))
    if within.output:
        parts.append(f"have {_between(*map(wording.count_exact, within.output))} output tokens")
    return f"Calls that {wording.joined(parts)}"


def _between(first: str, last: str) -> str:
    return f"**{first}**" if first == last else f"**{first}** to **{last}**"


def _all() -> None:
    address.wish(None, address.params() | {TOOK: [], OUTPUT: []})
