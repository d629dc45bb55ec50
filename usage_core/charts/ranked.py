"""A top list as horizontal bars."""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts.chart import (
    PICK_NAME,
    Chart,
    Column,
    Spec,
    colour,
    heading,
    name_axis,
    nothing,
    pickable,
    seal,
    spoken,
    tooltip,
    written,
)
from usage_core.charts.names import Folding, fold, shortened
from usage_core.charts.numbers import amounts
from usage_core.charts.units import Unit, scale, unknown
from usage_core.names import told_apart

MOST = 12
"""The most rows that fit the height of a chart."""

_ROW, _FRAME = 28, 56
"""Pixels of a row, and of title and margin."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    rows: int
    names: tuple[str, ...]
    other: str | None
    of_one: bool
    """Whether the bars are parts of 1, and a whole one fills the width."""


def ranked(
    frame: pd.DataFrame,
    title: str,
    unit: Unit,
    order: tuple[str, ...] | None = None,
    most: int = MOST,
    zone: str = "",
) -> Chart:
    """One bar for each row, in the frame's order, its value at the bar's end; at most `most` rows.

    `frame`: name (str), value (float), exact (str), share (fraction of 1, missing where unknown),
    calls (int); a row without a value is left out.
    With `order`, the same as on the page's other charts, a name keeps its colour and
    names not in it are grey; without, all bars have the first colour.
    """
    # Each bar says its own value, a time in ms, s or min by itself: the title need not.
    head = heading(title, scale(unit).word if unit != "ms" else "", zone)
    if frame.empty:
        return nothing(head)
    frame = frame.dropna(subset=["value"])
    if frame.empty:
        return nothing(head, unknown(unit))
    rows = frame.head(most)
    folding = fold(rows["name"], order) if order is not None else None
    table = _table(rows, folding, unit)
    shape = _Shape(
        _of(head, len(frame), most),
        len(rows),
        folding.names if folding else ("all",),
        folding.other if folding else None,
        unit == "share",
    )
    share = "Share" if rows["share"].notna().any() else ""
    word = scale(unit).word
    figure = "Time" if unit == "ms" else word[:1].upper() + word[1:]
    columns = (Column("row", "Name"), *amounts(figure, unit, word, share))
    return Chart(table, _spec(shape), f"{shape.title}: {_first(table)}.", columns)


def _first(table: pd.DataFrame) -> str:
    parts = ["" if part == wording.UNKNOWN else f" ({part})" for part in table["share"]]
    named = zip(table["row"], table["shown"], parts, strict=True)
    return wording.joined([f"{shortened(name)} {shown}{part}" for name, shown, part in named][:5])


def _of(head: str, rows: int, most: int) -> str:
    return head if rows <= most else f"{head}, first {most} of {wording.count_exact(rows)}"


def _table(rows: pd.DataFrame, folding: Folding | None, unit: Unit) -> pd.DataFrame:
    labels = told_apart(rows["name"])
    return pd.DataFrame(
        {
            "row": [labels[name] for name in rows["name"]],
            "name": [folding.label(name) if folding else "all" for name in rows["name"]],
            "value": rows["value"].astype(float).to_numpy(),
            "shown": [scale(unit).shown(float(value)) for value in rows["value"]],
            "exact": rows["exact"].to_numpy(),
            "share": [wording.share(None if pd.isna(part) else float(part)) for part in rows["share"]],
            PICK_NAME: rows["name"].to_numpy(),
            "calls": [wording.count_exact(int(calls)) for calls in rows["calls"]],
        }
    )


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    # The order of the data is the order of the rows: no name appears in the spec but for its colour.
    y = alt.Y(field="row", type="nominal", sort=None, axis=name_axis(), scale=alt.Scale(padding=0.25))
    length = alt.Scale(domain=[0, 1]) if shape.of_one else alt.Scale(zero=True, nice=False)
    x = alt.X(field="value", type="quantitative", axis=None, scale=length)
    tips = tooltip(row="Name", exact="Exactly", share="Share", calls="Calls")
    mark = alt.Chart().mark_bar(tooltip=None, description=spoken("row", "exact"))
    bars = mark.encode(x=x, y=y, color=colour(shape.names, shape.other))
    # The whole row is hit, not only its bar, which may be a hair's breadth.
    row = alt.Chart().mark_bar(opacity=0)
    hit = pickable(row.encode(x=alt.XValue(0), x2=alt.X2Value("width"), y=y, tooltip=tips), PICK_NAME)
    values = written(x, y, "shown", align="left", baseline="middle", dx=6)
    height = _FRAME + _ROW * max(shape.rows, 2)
    return seal([bars, values, hit], shape.title, height)
