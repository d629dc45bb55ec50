"""The table of the Cost page, with what it shows to choose from, and its file."""

from functools import lru_cache
from typing import Any

import pyarrow as pa
import streamlit as st

from pages.parts import cost_tables, drawn, drill, tables
from pages.parts.cost_tables import BREAKDOWNS, CELLS, PERIODS, SHARE, VALUES, Wanted
from pages.parts.number_columns import PERCENT
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.errors import SelectionError
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.periods import buckets
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe

AS_ABOVE, ALL_FIGURES, SHARE_OF_COST = "As above", "All figures", "Share of cost"

MOST_PERIODS = 500
"""A table has at most so many rows of periods."""

MOST_ACROSS = 31
"""And so many columns, be it a month's days."""

BOX = 220
"""Pixels of a choice: four are in a row, or one on a phone."""

ROWS = {"10 rows": 10, "25 rows": 25, "100 rows": 100}


def section(selection: Selection, by: str) -> None:
    """The table, with what it shows to choose from and its file."""
    wanted = _controls(selection, by)
    try:
        table = _made(selection, wanted)
    except SelectionError as refused:
        st.info(plain(str(refused)), icon=":material/info:")
        return
    grain: Any = wanted.rows if DIMENSIONS[wanted.rows].is_period else None
    drill.table(
        _sent(selection, wanted),
        "figures",
        drill.Drill() if grain else drawn.into(wanted.rows),
        drill.Rows(table.names, table.starts, grain),
        hide_index=True,
        column_config=_columns(table),
        placeholder="" if wanted.columns else wording.UNKNOWN,
    )
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.caption(table.note)
    right.download_button(
        "Download table",
        table.file,
        _file_name(wanted),
        "text/csv",
        key="table-file",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
    )


def _columns(table: cost_tables.Table) -> dict[str, Any]:
    """How its columns are shown: numbers by their formats, a share as a bar, the first always in sight."""
    config: dict[str, Any] = {
        name: st.column_config.NumberColumn(format=written, help=table.helps.get(name))
        for name, written in table.formats.items()
    }
    if SHARE in table.shown and SHARE not in config:
        config[SHARE] = st.column_config.ProgressColumn(format=PERCENT, min_value=0, max_value=100)
    return config | {table.shown.columns[0]: st.column_config.Column(pinned=True)}


@cached.shared
def _sent(selection: Selection, wanted: Wanted) -> pa.Table:
    return tables.sent(_made(selection, wanted).shown)


def _made(selection: Selection, wanted: Wanted) -> cost_tables.Table:
    if wanted.columns:
        return cost_tables.crossed(selection, wanted)
    return cost_tables.all_figures(selection, wanted.rows)


def _controls(selection: Selection, by: str) -> Wanted:
    """What the table shows, kept in the link."""
    boxes = st.container(horizontal=True)
    periods = [heading for heading in PERIODS if _many(selection.timeframe, heading) <= MOST_PERIODS]
    rows = _choice(boxes, "Rows", [AS_ABOVE, "Call kind", *periods], "rows")
    across = [heading for heading in periods if _many(selection.timeframe, heading) <= MOST_ACROSS]
    columns = _choice(boxes, "Columns", [ALL_FIGURES, *VALUES, *across], "columns")
    row = BREAKDOWNS.get(rows, by)
    if columns == ALL_FIGURES:
        return Wanted(row, "", "", 0)
    by_label = {METRICS[name].label: name for name in CELLS}
    first, *others = by_label
    labels = [first, SHARE_OF_COST, *others]
    cells = _choice(boxes, "In the cells", labels, "cells")
    most = _choice(boxes, "At most", list(ROWS), "most", 1)
    return Wanted(row, BREAKDOWNS[columns], by_label.get(cells, SHARE), ROWS[most])


def _choice(place: Any, label: str, options: list[str], key: str, index: int = 0) -> str:
    chosen: str = place.selectbox(label, options, index, key=key, bind="query-params", width=BOX)
    return chosen


@lru_cache(maxsize=256)
def _many(frame: Timeframe, period: str) -> int:
    return len(buckets(frame, PERIODS[period]))


def _file_name(wanted: Wanted) -> str:
    crossed = f"-and-{wanted.columns}" if wanted.columns else ""
    return f"cost-by-{wanted.rows}{crossed}.csv"
