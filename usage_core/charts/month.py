"""A month's cost added up day by day, where it is heading, and the month before."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts.chart import (
    PICK_AT,
    Chart,
    Column,
    Spec,
    axis,
    colour,
    heading,
    nothing,
    pickable,
    seal,
    tooltip,
    written,
)
from usage_core.charts.line_ends import spread
from usage_core.charts.units import amount_axis, scale, unknown

_TICKS = (1, 5, 10, 15, 20, 25, 30)

_APART = 0.08
"""The least distance of two texts at the lines' ends, as a part of the axis."""

_EARLY = 10
"""A line that ends on this day of the month or before has its text to the right."""

_DAYS = "Day of the month"
_NOTE = "Day of the month; projected: dashed"


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    days: int
    names: tuple[str, str]
    note: str
    flat: bool
    """Whether all of it is zero."""


def month(frame: pd.DataFrame, title: str, names: tuple[str, str], zone: str) -> Chart:
    """Lines from the first of the month on: what is known drawn through, what is projected dashed and
    faint, with a band for its range; the month before in grey.

    `names`: this month and the month before, as they are called. `frame`: a row for each day of the
    longer of both: number (1 to 31), known, before (floats added up, missing where there is none),
    middle, low, high (likewise; the last known day is where they begin), exact, before_exact, range
    and day, before_day (texts for the tooltip), at, before_at (those days as they are picked; what is
    projected cannot be).
    """
    head = heading(title, scale("USD").word, zone)
    if frame["known"].isna().all() and frame["middle"].isna().all():
        return nothing(head, unknown("USD"))
    table = _table(frame, names)
    projected = bool(frame["middle"].notna().any())
    flat = not table[["hit", "high"]].fillna(0).any(axis=None)
    shape = _Shape(head, int(frame["number"].max()), names, _NOTE if projected else _DAYS, flat)
    ends = [text for text in (*table["so_far"], *table["said"].dropna()) if text]
    columns = (
        Column("day", "Day"),
        Column("exact", "Cost so far (USD)"),
        Column("range", "Range"),
    )
    return Chart(table, _spec(shape), f"{head}: {wording.joined(ends)}.", columns)


def _table(frame: pd.DataFrame, names: tuple[str, str]) -> pd.DataFrame:
    """The rows of this month, then those of the month before."""
    this = frame.assign(
        **{PICK_AT: frame["at"].where(frame["known"].notna(), None)},
        name=names[0],
        line=frame["known"],
        hit=frame["known"].fillna(frame["middle"]),
    )
    before = frame.assign(
        **{PICK_AT: frame["before_at"]},
        name=names[1],
        line=frame["before"],
        hit=frame["before"],
        exact=frame["before_exact"],
    )
    before = before.assign(day=frame["before_day"], range="", middle=None, low=None, high=None)
    rows = [each[each["hit"].notna()] for each in (this, before)]
    floats = ["line", "middle", "low", "high", "hit"]
    table = pd.concat([each for each in rows if len(each)], ignore_index=True)
    table = table.astype(dict.fromkeys(floats, float))
    said = _said(table, names)
    # What is known ends where the projection begins, or within the month: its text stands above the line,
    # where there is room for it, and others at their ends.
    last = frame["number"][frame["known"].notna()].max()
    ends_within = bool(table["middle"].notna().any()) or bool(last > _EARLY)
    inside = (table["name"] == names[0]) & table["line"].notna() & ends_within
    table["said"], table["so_far"] = said.where(~inside), said.where(inside).fillna("")
    ends = table["hit"].where(table["said"].notna()).to_numpy()
    table["said_at"] = spread(ends, float(table[["hit", "high"]].max().max()) * _APART)
    return table[["number", "day", "name", PICK_AT, *floats, "exact", "range", "said", "said_at", "so_far"]]


def _said(table: pd.DataFrame, names: tuple[str, str]) -> "pd.Series[Any]":
    """What is written at the ends of lines: what it is, and what it has come to."""
    said: list[str | None] = [None] * len(table)
    for name in names:
        for column in ("middle", "line"):
            known = (table["name"] == name) & table[column].notna()
            if known.any():
                last = int(known.to_numpy().nonzero()[0][-1])
                come_to = scale("USD").shown(float(table[column].to_numpy()[last]))
                said[last] = f"{name} {come_to}" if column == "line" else str(table["exact"].to_numpy()[last])
    return pd.Series(said, dtype=object)


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    x, shade = _x(shape), colour(shape.names[:1], shape.names[1])
    layers = [
        alt.Chart()
        .mark_area(opacity=0.2, tooltip=None)
        .encode(x=x, y=_y("low", shape.flat), y2=alt.Y2(field="high"), color=shade),
        alt.Chart().mark_line(strokeWidth=2, tooltip=None).encode(x=x, y=_y("line", shape.flat), color=shade),
        alt.Chart()
        .mark_line(strokeWidth=2, strokeDash=[4, 4], opacity=0.6, tooltip=None)
        .encode(x=x, y=_y("middle", shape.flat), color=shade),
        # Wide and unseen: what the pointer hits.
        pickable(
            alt.Chart()
            .mark_point(size=260, filled=True, opacity=0)
            .encode(
                x=x,
                y=_y("hit", shape.flat),
                color=shade,
                tooltip=tooltip(day="Day", exact="Cost so far", range="Range"),
            ),
            PICK_AT,
        ),
        written(x, _y("said_at", shape.flat), "said", align="left", dx=8, limit=150),
        written(x, _y("line", shape.flat), "so_far", align="right", dx=-8, dy=-8, limit=150),
    ]
    return seal(layers, shape.title)


def _x(shape: _Shape) -> alt.X:
    days = [day for day in _TICKS if day <= shape.days]
    labels = axis(shape.note, values=days, domain=True, grid=False, labelFlush=True)
    scale_ = alt.Scale(domain=[1, shape.days], nice=False, zero=False)
    return alt.X(field="number", type="quantitative", axis=labels, scale=scale_)


def _y(column: str, flat: bool) -> alt.Y:
    shown = alt.Scale(domain=[0, 1]) if flat else alt.Scale(zero=True)
    return alt.Y(field=column, type="quantitative", axis=amount_axis(scale("USD").label), scale=shown)
