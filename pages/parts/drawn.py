"""Charts, tables and empty states, drawn the same on every page."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from pages.parts import address
from pages.parts.drill import Drill, Rows, chart_options, further_of
from pages.parts.drill import table as drill_table
from pages.parts.frame import selected
from pages.parts.sentences import AHEAD
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.charts.chart import PICK_AT, PICK_NAME, Chart
from usage_core.charts.numbers import numbers
from usage_core.selection import FILTERS, Selection
from usage_core.timeframe import Preset, zone_info

HEADINGS = {"key": "API key", "provider": "Provider", "model": "Model"}


def breakdown(label: str, default: str = "API key") -> str:
    """Which breakdown a page shows; kept in the link."""
    by_label = {heading: name for name, heading in HEADINGS.items()}
    chosen = st.segmented_control(
        label, list(by_label), default=default, required=True, key="by", bind="query-params"
    )
    return by_label[chosen]


def into(by: str, to: str | None = None, default: str = "API key") -> Drill:
    """What narrows to one value of a breakdown: the page it leads to, whose breakdown begins at `default`,
    is then broken down by what explains the value: by what is not narrowed to one value already."""
    others = [other for other in ("model", "key", "provider") if other != by]
    open_ones = [other for other in others if len(getattr(selected(), other)) != 1]
    following = HEADINGS[(open_ones or others)[0]]
    return Drill(by, to, {"by": "" if following == default else following})


def chart(drawn: Chart, key: str, drill: Drill | None = None, note: str = "") -> None:
    """A chart in a card, a note (Markdown) and its numbers under it; what is clicked narrows the selection as
    `drill` says. Cards beside each other end at the same height."""
    with st.container(border=True, height="stretch", key=f"card-{key}"):
        options = chart_options(drawn, key, drill)
        st.vega_lite_chart(theme="streamlit", width="stretch", alt=drawn.alternative, **options)
        if note:
            st.caption(note)
        if drawn.columns:
            _numbers_of(drawn, f"{key}-numbers", drill)


def _numbers_of(drawn: Chart, key: str, drill: Drill | None) -> None:
    """The table of a chart, made when it is opened."""
    opened = st.expander("Numbers", key=key, type="compact", bind="query-params")
    if not opened.open:
        return
    table = numbers(drawn)
    config = {
        heading: st.column_config.NumberColumn(format=written)
        if written
        else st.column_config.TextColumn(alignment="right")
        for heading, written in table.formats.items()
    }
    rows = drawn.frame.loc[table.frame.index]
    further = [further_of(drill, row) for row in rows.to_dict("records")] if drill and drill.into else None
    narrowing = Rows(rows.get(PICK_NAME), rows.get(PICK_AT), drawn.grain, further)
    with opened:
        drill_table(
            table.frame,
            f"{key}-table",
            drill,
            narrowing,
            hide_index=True,
            column_config=config,
            placeholder=wording.UNKNOWN,
            alt=" ".join(drawn.spec["title"]["text"]),
        )
        if drill is not None and narrowing.lead(drill):
            st.caption("Choose a row to narrow to it; with the keyboard: Shift and Space.")


def nothing_selected(selection: Selection) -> bool:
    """Where the selection holds no call: say so, offer the way on, and give True."""
    if cached.previewed(selection).rows:
        return False
    held = cached.held()
    with st.container(border=True):
        st.header("No calls in this timeframe", anchor=False)
        if held.last is None:
            st.markdown("There are no calls yet. Import a log to begin.")
            return True
        zone, ahead = selection.timeframe.zone, held.last.replace(tzinfo=UTC) > datetime.now(UTC)
        st.markdown(
            f"The last call was made on {plain(wording.moment(held.last, zone))} ({plain(zone)})"
            + (f"; {AHEAD}." if ahead else ".")
            + (" Filters are in use." if selection.is_filtered else "")
        )
        st.button(
            "Show the 30 days up to the last call", on_click=_show_last, args=(selection,), type="primary"
        )
    return True


def _show_last(selection: Selection) -> None:
    held = cached.held()
    if held.last:
        last = held.last.replace(tzinfo=UTC).astimezone(zone_info(selection.timeframe.zone)).date()
        days = [(last - timedelta(days=29)).isoformat(), last.isoformat()]
        unfiltered: address.Params = {name: [] for name in FILTERS}
        address.wish(None, address.params() | unfiltered | {"tf": [Preset.CUSTOM.label], "range": days})
