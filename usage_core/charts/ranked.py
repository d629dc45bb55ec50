"""A top list as horizontal bars."""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts.chart import (
    Chart,
    Spec,
    colour,
    heading,
    name_axis,
    nothing,
    seal,
    tooltip,
    written,
)
from usage_core.charts.names import Folding, fold, shortened, told_apart
from usage_core.charts.units import Unit, scale

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


def ranked(frame: pd.DataFrame, title: str, unit: Unit, order: tuple[str, ...] | None = None) -> Chart:
    """One bar for each row, in the frame's order, its value at the bar's end; at most twelve rows.

    `frame`: name (str), value (float), exact (str), share (fraction of 1, missing where unknown),
    calls (int); a row without a value is left out.
    With `order`, the same as on the page's other charts, a name keeps its colour and
    names not in it are grey; without, all bars have the first colour.
    """
    frame = frame.dropna(subset=["value"])
    # Each bar says its own value, a time in ms, s or min by itself: the title need not.
    head = heading(title, scale(unit).word if unit != "ms" else "")
    if frame.empty:
        return nothing(head)
    rows = frame.head(MOST)
    folding = fold(rows["name"], order) if order is not None else None
    table = _table(rows, folding, unit)
    shape = _Shape(
        _of(head, len(frame)),
        len(rows),
        folding.names if folding else ("all",),
        folding.other if folding else None,
    )
    parts = ["" if part == wording.UNKNOWN else f" ({part})" for part in table["share"]]
    named = [f"{shortened(n)} {v}{p}" for n, v, p in zip(table["row"], table["shown"], parts, strict=True)]
    return Chart(table, _spec(shape), f"{_of(head, len(frame))}: {wording.joined(named[:5])}.")


def _of(head: str, rows: int) -> str:
    return head if rows <= MOST else f"{head}, first {MOST} of {wording.count_exact(rows)}"


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
            "calls": [wording.count_exact(int(calls)) for calls in rows["calls"]],
        }
    )


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    # The order of the data is the order of the rows: no name appears in the spec but for its colour.
    y = alt.Y(field="row", type="nominal", sort=None, axis=name_axis(), scale=alt.Scale(padding=0.25))
    x = alt.X(field="value", type="quantitative", axis=None, scale=alt.Scale(zero=True, nice=False))
    tips = tooltip(row="Name", exact="Exactly", share="Share", calls="Calls")
    bars = alt.Chart().mark_bar().encode(x=x, y=y, color=colour(shape.names, shape.other), tooltip=tips)
    values = written(x, y, "shown", align="left", baseline="middle", dx=6)
    height = _FRAME + _ROW * max(shape.rows, 2)
    return seal(alt.layer(bars, values), shape.title, height)
