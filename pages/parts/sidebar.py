"""The sidebar: timeframe, time zone, filters and the file of what they select."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from urllib.parse import urlencode

import streamlit as st

from pages.parts import address
from usage_core import cached, timeframe, wording
from usage_core.access import configuration
from usage_core.access.rules import Visitor
from usage_core.api.calls import CALLS_PATH
from usage_core.names import told_apart, visible
from usage_core.selection import FILTERS, UNKNOWN, Selection
from usage_core.timeframe import Preset, Timeframe

NOT_GIVEN = "(not given)"
HEADINGS = {"key": "API key", "provider": "Provider", "model": "Model", "kind": "Call kind"}
_BY_LABEL = {preset.label: preset for preset in Preset}

_LEFT_OUT = "left-out"

_ZONE = "zone-chosen"

_ZONE_OPEN, _FILTERS_OPEN, _IN_USE = "zone-open", "filters", "filters-in-use"
"""What of the sidebar is open: what is closed is not drawn, as all of it would be in every run."""

_BESIDE = """.st-key-%s summary p::after { content: "%s"; }"""
"""What stands beside an expander's label. By another label it would be another expander: closed, and the
keyboard's place in it lost."""


def selection() -> Selection:
    """Draw the sidebar and give what is selected in it."""
    with st.sidebar:
        address.tell_again(_ZONE_OPEN, _FILTERS_OPEN, "zone", *FILTERS)
        frame = _timeframe()
        chosen = _filters()
        address.hold({name: st.session_state[name] for name in FILTERS if chosen[name]} | _days_in_link())
        selected = Selection(frame, **chosen)
        _download(selected)
    return selected


def said_beside(selected: Selection) -> str:
    """The zone and the number of filters beside their labels, as CSS."""
    used = sum(len(getattr(selected, name)) for name in FILTERS)
    zone = _BESIDE % (_ZONE_OPEN, f": {selected.timeframe.zone}")
    return zone + (_BESIDE % (_FILTERS_OPEN, f" ({used})") if used else "")


def say_what_is_left_out(page: str, selected: Selection) -> None:
    """Say that the link asked for what is not there, for as long as the page and its filters stay as they
    were opened: its figures are not those that the link was made for."""
    names, *opened = st.session_state.get(_LEFT_OUT, [()])
    now = [page, selected.filters]
    if names and opened in ([], now):
        st.session_state[_LEFT_OUT] = [names, *now]
        asked = wording.joined([f"{'an' if name == 'key' else 'a'} {noun(name)}" for name in names])
        st.info(
            f"The link asks for {asked} that is not in the log, or not yours to see. The figures are not "
            "narrowed to it.",
            icon=":material/filter_alt_off:",
        )


def noun(name: str) -> str:
    """A filter's heading within a sentence."""
    heading = HEADINGS[name]
    return heading if heading.startswith("API") else heading.lower()


def _timeframe() -> Timeframe:
    label = st.pills(
        "Timeframe", list(_BY_LABEL), default=Preset.MONTH.label, required=True, key="tf", bind="query-params"
    )
    preset = _BY_LABEL[label]
    zone = _zone()
    between = _dates(zone) if preset is Preset.CUSTOM else None
    _choose_zone(zone)
    frame = timeframe.custom(*between, zone) if between else timeframe.preset(preset, datetime.now(UTC), zone)
    st.caption(wording.day_range(frame))
    return frame


def _days_in_link() -> address.Params:
    """The timeframe as it stands in the link, which does not say the usual one."""
    label = st.session_state["tf"]
    if label == Preset.MONTH.label:
        return {}
    days = st.session_state["range"] if label == Preset.CUSTOM.label else ()
    return {"tf": [label], "range": [day.isoformat() for day in days or ()]}


def _dates(zone: str) -> tuple[date, date]:
    today = datetime.now(timeframe.zone_info(zone)).date()
    address.fill_both_dates("range")
    picked = st.date_input(
        "First and last day",
        (today.replace(day=1), today),
        # As far as a call can lie, so that a log with a wrong clock can be looked at.
        min_value=date(1990, 1, 1),
        max_value=date(2100, 12, 31),
        key="range",
        bind="query-params",
        required=True,
        format="YYYY-MM-DD",
    )
    # A link can hold one date, or two the wrong way round.
    return (picked[0], picked[-1]) if picked else (today.replace(day=1), today)


def _zone() -> str:
    """The zone of days and hours: the link's, else the reader's own; always in the link, because
    the same link must show a colleague elsewhere the same days."""
    asked = st.query_params.get("tz") or st.context.timezone or "UTC"
    # On the way to another page a browser drops it from the link; on its way back the link says what was.
    held = None if address.rules() else st.session_state.get(_ZONE)
    zone: str = held or (asked if timeframe.is_zone(asked) else "UTC")
    st.session_state[_ZONE] = zone
    if st.query_params.get("tz") != zone:
        st.query_params["tz"] = zone
    return zone


def _choose_zone(zone: str) -> None:
    opened = st.expander("Time zone", key=_ZONE_OPEN, on_change="rerun")
    if opened.open:
        if st.session_state.get("zone") != zone:
            st.session_state["zone"] = zone
        options = list(dict.fromkeys([*timeframe.zone_names(), zone]))
        with opened:
            st.selectbox("Days and hours are cut in", options, key="zone", on_change=_zone_chosen)


def _zone_chosen() -> None:
    st.session_state[_ZONE] = st.session_state["zone"]


def _filters() -> dict[str, tuple[str, ...]]:
    options = {name: choices(name) for name in FILTERS}
    link = {name: st.query_params.get_all(name) for name in FILTERS}
    # The widgets follow the link on its first run, when they are none yet, and on the browser's way back.
    asked = link if address.rules() else {name: st.session_state.get(name, link[name]) for name in FILTERS}
    used = sum(label in options[name] for name, labels in asked.items() for label in labels)
    if missing := [name for name, labels in link.items() if not set(labels) <= set(options[name])]:
        st.session_state[_LEFT_OUT] = [missing]
    if used and not st.session_state.get(_IN_USE):
        st.session_state[_FILTERS_OPEN] = True
    st.session_state[_IN_USE] = bool(used)
    opened = st.expander("Filters", key=_FILTERS_OPEN, on_change="rerun")
    # A widget that is not drawn lets go of its part of the link.
    if not (opened.open or used or any(link.values())):
        return dict.fromkeys(FILTERS, ())
    with opened:
        return _choose(options, is_used=bool(used))


def _choose(options: dict[str, dict[str, str]], *, is_used: bool) -> dict[str, tuple[str, ...]]:
    chosen = {}
    for name, values in options.items():
        picked = st.multiselect(
            HEADINGS[name], list(values), key=name, bind="query-params", placeholder="All"
        )
        chosen[name] = tuple(values[label] for label in picked)
    if is_used:
        st.button("Clear all", on_click=_clear, width="stretch")
    return chosen


def account(here: Visitor) -> None:
    """Who is signed in, and the way out."""
    with st.sidebar:
        if here.email:
            st.divider()
            st.text(visible(f"{here.email}, {here.role}"))
            st.button(
                "Sign out", icon=":material/logout:", on_click=st.logout, width="stretch", key="sign-out"
            )
        elif configuration.are_doors_open():
            st.divider()
            st.warning("No sign-in: whoever reaches this address can see and change everything.")


@cached.shared
def choices(name: str) -> dict[str, str]:
    """Label -> value of every choice a filter has."""
    return {label: value for value, label in labels(name).items()}


@cached.shared
def labels(name: str) -> dict[str, str]:
    """Value -> label of every choice a filter has: what a person reads, in links as well, each another."""
    known = cached.known()
    if name == "key":
        apart = told_apart(known.key.values())
        return {key: apart[label] for key, label in known.key.items()}
    values: Sequence[str | None] = getattr(known, name)
    apart = told_apart(value for value in values if value)
    missing = f"{NOT_GIVEN} " if NOT_GIVEN in apart.values() else NOT_GIVEN
    named = {value: apart[value] for value in values if value}
    return named | ({UNKNOWN: missing} if None in values else {})


def _clear() -> None:
    for name in FILTERS:
        st.session_state[name] = []


def _download(selected: Selection) -> None:
    held = cached.previewed(selected)
    st.link_button(
        "Download CSV",
        download_url(selected),
        type="primary",
        icon=":material/download:",
        width="stretch",
        disabled=not held.rows,
        help="The calls behind the charts, a row for each. Sums of them, and files with what each call cost, "
        "are on the page Export.",
    )
    size = wording.bytes_size(held.approximate_bytes)
    st.caption(f"{wording.plural(held.rows, 'call')}, about {size}" if held.rows else "No calls to download")


def download_url(selected: Selection, path: str = CALLS_PATH, **of_file: str) -> str:
    """The address of a selection's file, relative to any page; calls as CSV unless told otherwise."""
    params = [*selected.params(), *((name, value) for name, value in of_file.items() if value)]
    return f"{path.lstrip('/')}?{urlencode(params)}"
