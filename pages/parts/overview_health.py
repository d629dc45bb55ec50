"""Whether the figures can be trusted: what is missing from the calls, in one line."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import streamlit as st

from pages.parts import figures
from pages.parts.frame import IMPORTS, PRICES
from pages.parts.sentences import AHEAD
from pages.parts.text import plain
from pages.server import visitor
from usage_core import cached, wording
from usage_core.metrics import gaps
from usage_core.metrics.gaps import Gap
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe

SAID = 2
"""So many gaps are named, the others counted."""


@dataclass(frozen=True, slots=True)
class Health:
    """What there is to know of the data (Markdown), and where it can be mended."""

    text: str
    sound: bool
    by_prices: bool
    by_imports: bool


def line(selection: Selection) -> None:
    """The line under a page's answer."""
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    found = health(selection, this_hour)
    icon = ":green[:material/check_circle:]" if found.sound else ":orange[:material/warning:]"
    with st.container(horizontal=True, vertical_alignment="center", key="data-health"):
        st.caption(f"{icon} {found.text}")
        if found.by_prices and visitor.here().is_administrator:
            st.page_link(PRICES, label="Prices", icon=":material/sell:", width="content")
        if found.by_imports and visitor.here().is_administrator:
            st.page_link(IMPORTS, label="Imports", icon=":material/upload_file:", width="content")


@cached.shared
def health(selection: Selection, this_hour: datetime) -> Health:
    """The last call, calls without a price, hours without data, rows set aside; calls are awaited up to the
    hour it is, and none after it."""
    zone, totals = selection.timeframe.zone, figures.totals(selection).now
    missing, late = _missing_calls(selection.timeframe, min(selection.timeframe.end, this_hour))
    aside, unpriced = cached.rows_set_aside(), totals["unpriced_calls"]
    last = cached.held().last
    said = [f"Last call {plain(wording.moment(last, zone))} ({plain(zone)})"]
    ahead = last is not None and last.replace(tzinfo=UTC) >= this_hour + timedelta(hours=1)
    if ahead:
        said.append(AHEAD)
    if late:
        said.append(f"none since, usually about {wording.count(late)}")
    if unpriced:
        part = wording.share(unpriced / totals["calls"])
        said.append(f"{wording.plural(unpriced, 'call')} without a price ({part})")
    said += _named(missing, zone)
    if aside:
        said.append(f"{wording.plural(aside, 'row')} set aside in imports")
    sound = not (unpriced or missing or late or aside or ahead)
    if sound:
        hours = "no hour"
        if selection.timeframe.length > timedelta(days=gaps.MOST_DAYS):
            hours += f" of the last {gaps.MOST_DAYS} days"
        said.append(f"every call has a price, {hours} is missing, no row was set aside")
    return Health(" · ".join(said), sound, bool(unpriced), bool(missing or late or aside))


def _missing_calls(frame: Timeframe, until: datetime) -> tuple[tuple[Gap, ...], int]:
    """The gaps of a timeframe, and how many calls are awaited since the last one."""
    held = cached.held()
    if held.first is None or held.last is None:
        return (), 0
    answer = cached.found(gaps.hours, gaps.looked_at(frame))
    # The sample ends with yesterday, and nobody can bring in more of it.
    late = 0 if cached.shown().is_sample else gaps.awaited(answer, held.first, held.last, until)
    return gaps.find(answer, frame, held.first, held.last), late


def _named(found: tuple[Gap, ...], zone: str) -> list[str]:
    """The largest gaps in words, and how many more there are."""
    largest = sorted(found, key=lambda gap: -gap.usual_calls)[:SAID]
    said = [
        f"no calls {plain(wording.day_range(Timeframe(gap.start, gap.end, zone)))}, "
        f"usually about {wording.count(gap.usual_calls)}"
        for gap in sorted(largest, key=lambda gap: gap.start)
    ]
    more = len(found) - len(largest)
    return said + ([f"{wording.plural(more, 'more gap')}"] if more else [])
