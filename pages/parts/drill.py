"""Drill-down: what a click on a chart or on a row of a table narrows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.parts import address, sidebar, tables, trail
from usage_core.charts.chart import PICK, PICK_AT, PICK_NAME, PICKS, Chart
from usage_core.periods import following
from usage_core.selection import FILTERS, Selection
from usage_core.timeframe import Grain, Preset

_TURNS = "drill-turns"

NOTHING: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Drill:
    """What a click narrows, and where it leads."""

    by: str | None = None
    """The filter that the names are values of; without, only the period is narrowed."""
    to: str | None = None
    """The page that explains what was clicked, "usage/cost"; None for the same."""
    show: Mapping[str, str] = field(default_factory=dict)
    """Parameters of that page, as they stand in its link; "" for the page's own choice."""
    into: Mapping[str, str] = field(default_factory=dict)
    """Columns of a chart that are not drawn -> what their values are in the link: another filter, or a
    parameter of the page that narrows a part of it."""


def narrow(
    drill: Drill,
    name: str | None,
    at: str | None,
    grain: Grain | None = None,
    further: Mapping[str, str | None] = NOTHING,
) -> None:
    """Narrow the selection to a name and to the period that begins at a local time; for callbacks.

    `at` can be days, too: "2026-11-03/2026-11-20", the first and the last. `further` are values of other
    filters and of the page's own parameters. What is unknown, or says nothing new, narrows nothing. A
    period that is not said by its days is cut to the timeframe.
    """
    here, before, named = trail.here(), address.params(), _named(drill.by, name)
    for by in FILTERS:
        named |= _named(by, further.get(by))
    found = named | _period(at, grain, here.selection)
    of_page = {each: [value] if value else [] for each, value in further.items() if each not in FILTERS}
    stays = drill.to in (None, here.page)
    narrows = bool(found) and not (stays and trail.selects(before | found) == trail.selects(before))
    if not narrows and not of_page:
        return
    asked = (before if stays else address.of_the_frame(before)) | found | of_page
    if named or drill.by is None:
        asked |= {parameter: [value] if value else [] for parameter, value in drill.show.items()}
    if narrows:
        trail.go(drill.to, asked, tuple(drill.show))
    else:
        address.wish(drill.to, asked)


def _named(by: str | None, name: str | None) -> address.Params:
    return {by: [name]} if by and name and name in sidebar.choices(by) else {}


def days(first: date, last: date) -> str:
    """Days, whatever the timeframe, as `narrow` takes them."""
    return f"{first.isoformat()}/{last.isoformat()}"


def _period(at: str | None, grain: Grain | None, selection: Selection) -> address.Params:
    """The days of a period; an hour is shown by its day, as a timeframe has whole days."""
    if at and "/" in at:
        return _days(at)
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
    return _custom(first, last)


def _days(at: str) -> address.Params:
    try:
        first, last = map(date.fromisoformat, at.split("/"))
    except ValueError:
        return {}
    return _custom(first, last)


def _custom(first: date, last: date) -> address.Params:
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
    said = _said(chart, drill) if drill and "params" in chart.spec else ()
    if drill is None or not said:
        spec = {name: part for name, part in chart.spec.items() if name != "params"}
        return {"data": _sent(chart, ()), "spec": spec, "key": key}
    clicked = partial(_clicked, key, drill, chart.grain)
    options = {"on_select": clicked, "selection_mode": PICK}
    return {"data": _sent(chart, said), "spec": chart.spec, "key": key_of(key), **options}


def _said(chart: Chart, drill: Drill) -> tuple[str, ...]:
    """The columns of a chart that say what a click on it narrows to."""
    wanted = (*((PICK_NAME,) if drill.by else ()), PICK_AT, *drill.into)
    return tuple(column for column in wanted if column in chart.frame.columns)


@lru_cache(maxsize=256)
def _sent(chart: Chart, said: tuple[str, ...]) -> pa.Table:
    """A chart's frame as it is sent: most of what drawing a chart costs, so it is done once for all. Of
    what can be picked it holds only what is followed: a mark of which nothing is said has no hand."""
    unsaid = set(PICKS) - set(said)
    table = pa.Table.from_pandas(
        chart.frame.drop(columns=list(unsaid), errors="ignore"), preserve_index=False
    )
    return _packed(table)


def _packed(table: pa.Table) -> pa.Table:
    """The same with every text that stands in many rows written once: a series' name, a period."""
    for at, (name, column) in enumerate(zip(table.schema.names, table.columns, strict=True)):
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            packed = column.combine_chunks().dictionary_encode()
            if 2 * len(packed.dictionary) <= len(packed):
                table = table.set_column(at, name, packed)
    return table


def _clicked(key: str, drill: Drill, grain: Grain | None) -> None:
    mark = (_picked(key).get(PICK) or [{}])[0]
    narrow(drill, mark.get(PICK_NAME), mark.get(PICK_AT), grain, further_of(drill, mark))


def further_of(drill: Drill, mark: Mapping[str, str | None]) -> dict[str, str | None]:
    """What else a mark narrows to, by its parameter in the link."""
    return {to: mark[column] for column, to in drill.into.items() if mark.get(column)}


@dataclass(frozen=True, slots=True)
class Rows:
    """What the rows of a table narrow to, each by its place, as `narrow` takes it."""

    names: Sequence[str | None] | None = None
    at: Sequence[str | None] | None = None
    grain: Grain | None = None
    further: Sequence[Mapping[str, str | None]] | None = None

    def lead(self, drill: Drill) -> bool:
        """Whether there is anything to narrow to: names that are a filter's, periods, or anything further."""
        return self.at is not None or bool(self.further) or (self.names is not None and drill.by is not None)


def table(frame: pd.DataFrame, key: str, drill: Drill | None, rows: Rows, **options: Any) -> None:
    """A table, each row of which can be chosen to narrow to what it stands for."""
    if drill is None or not rows.lead(drill):
        tables.draw(frame, key=key, **options)
        return
    chosen = partial(_chosen, key, drill, rows)
    tables.draw(frame, key=key_of(key), on_select=chosen, selection_mode="single-row", **options)


def _chosen(key: str, drill: Drill, rows: Rows) -> None:
    places = _picked(key).get("rows") or []
    if places:
        name, at = (None if each is None else list(each)[places[0]] for each in (rows.names, rows.at))
        narrow(drill, name, at, rows.grain, rows.further[places[0]] if rows.further else NOTHING)
