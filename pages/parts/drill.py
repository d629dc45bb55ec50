"""Drill-down: what a click on a chart or a row narrows, and the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.parts import address, sidebar
from pages.parts.text import plain
from usage_core import wording
from usage_core.charts.chart import PICK, PICK_AT, PICK_NAME, Chart
from usage_core.charts.names import shortened
from usage_core.selection import FILTERS, Selection
from usage_core.timeframe import Grain, Preset, following

MOST_STEPS = 20
"""So many clicks can be taken back."""

_TIME = ("tf", "range")
_HERE, _TRAIL, _TURNS = "drill-here", "drill-trail", "drill-turns"


@dataclass(frozen=True, slots=True)
class Drill:
    """What a click narrows, and where it leads."""

    by: str | None = None
    """The filter that the names are values of; without, only the period is narrowed."""
    to: str | None = None
    """The page that explains what was clicked, "usage/cost"; None for the same."""
    show: Mapping[str, str] = field(default_factory=dict)
    """Parameters of that page, as they stand in its link; "" for the page's own choice."""


@dataclass(slots=True)
class _Here:
    """Where the visitor stands, as the frame drew it last."""

    page: str
    title: str
    selection: Selection


@dataclass(slots=True)
class _Step:
    """One click: what stood in the link before, and where that was."""

    before: address.Params
    after: address.Params | None
    """None until the page was drawn: only then is it known what of the wish came true."""
    here: _Here
    to: str
    shown: list[str]
    """The parameters of the page that it set."""


def narrow(drill: Drill, name: str | None, at: str | None, grain: Grain | None) -> None:
    """Narrow the selection to a name and to the period that begins at a local time; for callbacks.

    What is unknown, or says nothing new, narrows nothing. A period is cut to the timeframe.
    """
    here: _Here = st.session_state[_HERE]
    before = address.params()
    asked = before if drill.to in (None, here.page) else _of_the_frame(before)
    asked = asked | _named(drill.by, name) | _period(at, grain, here.selection)
    if _shown(asked) == _shown(before) and drill.to in (None, here.page):
        return
    if drill.by is None or _named(drill.by, name):
        asked |= {parameter: [value] if value else [] for parameter, value in drill.show.items()}
    trail = st.session_state.setdefault(_TRAIL, [])
    trail.append(_Step(before, None, here, drill.to or here.page, list(drill.show)))
    del trail[:-MOST_STEPS]
    address.wish(drill.to, asked)


def _of_the_frame(params: address.Params) -> address.Params:
    return {name: values for name, values in params.items() if name in address.FRAME}


def _shown(params: address.Params) -> address.Params:
    """What of a link says which calls are shown."""
    return {name: values for name, values in params.items() if name in (*_TIME, *FILTERS)}


def _named(by: str | None, name: str | None) -> address.Params:
    return {by: [name]} if by and name and name in sidebar.choices(by) else {}


def _period(at: str | None, grain: Grain | None, selection: Selection) -> address.Params:
    """The days of a period; an hour is shown by its day, as a timeframe has whole days."""
    if not at or not grain:
        return {}
    try:
        start = datetime.fromisoformat(at)
    except ValueError:
        return {}
    frame = selection.timeframe
    last = max(start.date(), (following(start, grain) - timedelta(days=1)).date())
    first, last = max(start.date(), frame.first_day), min(last, frame.last_day)
    if first > last or (first, last) == (frame.first_day, frame.last_day):
        return {}
    return {"tf": [Preset.CUSTOM.label], "range": [first.isoformat(), last.isoformat()]}


def key_of(key: str) -> str:
    """The key of a widget whose clicks are followed. A widget that was clicked gets a new one: it still
    holds what was clicked, and a second click on the same would be no change."""
    turns: dict[str, int] = st.session_state.setdefault(_TURNS, {})
    return f"{key}-{turns.get(key, 0)}"


def _picked(key: str) -> Mapping[str, Any]:
    """What is picked in a widget, which is then picked no longer."""
    chosen: Mapping[str, Any] = st.session_state.get(key_of(key), {}).get("selection", {})
    turns = st.session_state[_TURNS]
    turns[key] = turns.get(key, 0) + 1
    return chosen


def chart_options(chart: Chart, key: str, drill: Drill | None) -> dict[str, Any]:
    """What `st.vega_lite_chart` is given for a chart that can be clicked, or that cannot."""
    clickable = drill is not None and "params" in chart.spec
    said = ((PICK_NAME,) if clickable and drill and drill.by else ()) + ((PICK_AT,) if clickable else ())
    said = tuple(column for column in said if column in chart.frame.columns)
    if drill is None or not said:
        spec = {name: part for name, part in chart.spec.items() if name != "params"}
        return {"data": _sent(chart, ()), "spec": spec, "key": key}
    clicked = partial(_clicked, key, drill, chart.grain)
    options = {"on_select": clicked, "selection_mode": PICK}
    return {"data": _sent(chart, said), "spec": chart.spec, "key": key_of(key), **options}


@lru_cache(maxsize=256)
def _sent(chart: Chart, said: tuple[str, ...]) -> pa.Table:
    """A chart's frame as it is sent: most of what drawing a chart costs, so it is done once for all. Of
    what can be picked it holds only what is followed: a mark of which nothing is said has no hand."""
    unsaid = {PICK_NAME, PICK_AT} - set(said)
    return pa.Table.from_pandas(chart.frame.drop(columns=list(unsaid), errors="ignore"), preserve_index=False)


def _clicked(key: str, drill: Drill, grain: Grain | None) -> None:
    marks = _picked(key).get(PICK) or [{}]
    narrow(drill, marks[0].get(PICK_NAME), marks[0].get(PICK_AT), grain)


def leads(drill: Drill, names: object, at: object) -> bool:
    """Whether there is anything to narrow to: names that are a filter's, or periods."""
    return at is not None or (names is not None and drill.by is not None)


def table(
    frame: pd.DataFrame,
    key: str,
    drill: Drill | None,
    *,
    names: Sequence[str | None] | None = None,
    at: Sequence[str | None] | None = None,
    grain: Grain | None = None,
    **options: Any,
) -> None:
    """A table, each row of which can be chosen to narrow to its name and to its period (local starts)."""
    if drill is None or not leads(drill, names, at):
        st.dataframe(frame, key=key, **options)
        return
    chosen = partial(_chosen, key, drill, names, at, grain)
    st.dataframe(frame, key=key_of(key), on_select=chosen, selection_mode="single-row", **options)


def _chosen(
    key: str,
    drill: Drill,
    names: Sequence[str | None] | None,
    at: Sequence[str | None] | None,
    grain: Grain | None,
) -> None:
    rows = _picked(key).get("rows") or []
    if rows:
        name, start = (None if each is None else list(each)[rows[0]] for each in (names, at))
        narrow(drill, name, start, grain)


def way_back(page: str, title: str, selection: Selection) -> None:
    """Say what a click narrowed, with the way back, above a page ("usage/cost", its title)."""
    here = st.session_state[_HERE] = _Here(page, title, selection)
    now, trail = address.params(), st.session_state.get(_TRAIL, [])
    if trail and trail[-1].after is None:
        trail[-1].after = now
    step = next((step for step in reversed(trail) if _holds(step, now)), None)
    if step is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="narrowed", border=True):
        st.markdown(f":material/filter_alt: Narrowed to {_narrowed(trail, now, selection)}")
        label = f"Back to {_before(step, here)}"
        st.button(plain(label), on_click=_back, args=(step,), icon=":material/arrow_back:", key="way-back")


def _changed(step: _Step) -> list[str]:
    """The parameters of the selection that a step changed."""
    before, after = _shown(step.before), _shown(step.after or {})
    return [name for name in (*_TIME, *FILTERS) if before.get(name) != after.get(name)]


def _holds(step: _Step, now: address.Params) -> bool:
    """Whether what a step narrowed is still so: nothing was changed by hand or by the browser since."""
    changed = _changed(step)
    return bool(changed) and all(now.get(name) == (step.after or {}).get(name) for name in changed)


def _narrowed(trail: Sequence[_Step], now: address.Params, selection: Selection) -> str:
    """What is shown because of clicks (Markdown)."""
    names = {
        name
        for step in trail
        for name in _changed(step)
        if now.get(name) and now.get(name) == (step.after or {}).get(name)
    }
    said = [f"**{plain(_label(name, now[name]))}**" for name in FILTERS if name in names]
    if names & set(_TIME):
        said.append(plain(_days(selection)))
    return ", ".join(said)


def _before(step: _Step, here: _Here) -> str:
    """Where the way back leads, in words."""
    changed, said = _changed(step), []
    if here.page == step.to != step.here.page:
        said.append(step.here.title)
    if set(changed) & set(_TIME):
        said.append(_days(step.here.selection))
    said += [_label(name, step.before.get(name, [])) for name in changed if name in FILTERS]
    return ", ".join(said)


def _days(selection: Selection) -> str:
    return wording.days(selection.timeframe.first_day, selection.timeframe.last_day)


def _label(name: str, values: Sequence[str]) -> str:
    """The values of a filter in words: the one there is, or how many, or all."""
    heading = sidebar.HEADINGS[name]
    heading = heading if heading.startswith("API") else heading.lower()
    if len(values) == 1:
        value = shortened(values[0], 40)
        return f"{heading} {value}" if value.strip() == sidebar.NOT_GIVEN else value
    return f"{len(values)} {heading}s" if values else f"all {heading}s"


def _back(step: _Step) -> None:
    """Undo a step, and return to the page where it was made from the one that it led to."""
    here: _Here = st.session_state[_HERE]
    now, changed = address.params(), _changed(step)
    returns = here.page == step.to != step.here.page
    if returns:
        now = _of_the_frame(now) | {n: v for n, v in step.before.items() if n not in address.FRAME}
    elif here.page == step.to:
        changed += step.shown
    restored = {name: step.before.get(name, []) for name in changed}
    address.wish(step.here.page if returns else None, now | restored)
