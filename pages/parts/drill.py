"""Drill-down: what a click on a chart or on a row of a table narrows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.parts import address, sidebar, tables, trail
from usage_core.charts.chart import PICK, PICK_AT, PICK_NAME, Chart
from usage_core.selection import Selection
from usage_core.timeframe import Grain, Preset, following

_TURNS = "drill-turns"


@dataclass(frozen=True, slots=True)
class Drill:
    """What a click narrows, and where it leads."""

    by: str | None = None
    """The filter that the names are values of; without, only the period is narrowed."""
    to: str | None = None
    """The page that explains what was clicked, "usage/cost"; None for the same."""
    show: Mapping[str, str] = field(default_factory=dict)
    """Parameters of that page, as they stand in its link; "" for the page's own choice."""


def narrow(drill: Drill, name: str | None, at: str | None, grain: Grain | None) -> None:
    """Narrow the selection to a name and to the period that begins at a local time; for callbacks.

    What is unknown, or says nothing new, narrows nothing. A period is cut to the timeframe.
    """
    here, before, named = trail.here(), address.params(), _named(drill.by, name)
    found = named | _period(at, grain, here.selection)
    stays = drill.to in (None, here.page)
    if not found or (stays and trail.selects(before | found) == trail.selects(before)):
        return
    asked = (before if stays else address.of_the_frame(before)) | found
    if named or drill.by is None:
        asked |= {parameter: [value] if value else [] for parameter, value in drill.show.items()}
    trail.go(drill.to, asked, tuple(drill.show))


def _named(by: str | None, name: str | None) -> address.Params:
    return {by: [name]} if by and name and name in sidebar.choices(by) else {}


def _period(at: str | None, grain: Grain | None, selection: Selection) -> address.Params:
    """The days of a period; an hour is shown by its day, as a timeframe has whole days."""
    if not at or not grain:
        return {}
    try:
        start = datetime.fromisoformat(at)
        end = following(start, grain)
    except (ValueError, OverflowError):
        return {}
    frame = selection.timeframe
    last = max(start.date(), (end - timedelta(days=1)).date())
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
        tables.draw(frame, key=key, **options)
        return
    chosen = partial(_chosen, key, drill, names, at, grain)
    tables.draw(frame, key=key_of(key), on_select=chosen, selection_mode="single-row", **options)


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
