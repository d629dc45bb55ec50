"""What cost is made of: for each name a bar of its input, its output, and what is not split."""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts.chart import (
    LABEL_SIZE,
    PICK_NAME,
    QUIET_TEXT,
    Chart,
    Column,
    Spec,
    axis,
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
from usage_core.charts.units import scale, unknown
from usage_core.names import told_apart

MOST = 9
"""The most rows beside a chart over time, which is as high."""

PARTS = {"input": "Input", "output": "Output", "rest": "Not split"}
"""Column of the frame -> the part, from the bar's beginning; each is fainter than the one before."""

_SHADES = (1.0, 0.6, 0.3)
_ROW, _FRAME = 25, 95
"""Pixels of a row, and of title, legend and margin: with the most rows, as high as other charts."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    rows: int
    names: tuple[str, ...]
    other: str | None
    parts: tuple[str, ...]
    note: str | None


def cost_parts(frame: pd.DataFrame, title: str, order: tuple[str, ...], zone: str = "") -> Chart:
    """One bar for each row, in the frame's order, in parts; what it comes to is written at its end.

    `frame`: name (str), value (float, USD), exact (str), and for each of PARTS its float (a part below
    zero, a discount that is not split, is drawn to the left) and its text in full, as input_exact. With
    `order`, the same as on the page's other charts, a name keeps its colour; the parts are its shades.
    """
    head = heading(title, scale("USD").word, zone)
    frame = frame.dropna(subset=["value"])
    if frame.empty:
        return nothing(head, unknown("USD"))
    rows = frame.head(MOST)
    folding = fold(rows["name"], order)
    table = _table(rows, folding)
    parts = tuple(part for part in PARTS.values() if (table["part"] == part).any())
    more = f"The first {MOST} of {wording.count_exact(len(frame))}" if len(frame) > MOST else None
    shape = _Shape(head, len(rows), folding.names, folding.other, parts, more)
    columns = (
        Column("row", "Name"),
        Column("part", "Part"),
        Column("exact", "Cost (USD)", "exact"),
        Column("share", "Share", "share"),
    )
    return Chart(table, _spec(shape), f"{head}: {_told(rows)}.", columns)


def _told(rows: pd.DataFrame) -> str:
    said = []
    for row in rows.head(3).to_dict("records"):
        share = wording.share(row["input"] / row["value"] if row["value"] else None)
        said.append(f"{shortened(str(row['name']))} {scale('USD').shown(row['value'])}, {share} of it input")
    return wording.joined(said)


def _table(rows: pd.DataFrame, folding: Folding) -> pd.DataFrame:
    """A row for each part that is not nothing, with its edges, and the bar's whole beside its first."""
    labels = told_apart(rows["name"])
    made = []
    for row in rows.to_dict("records"):
        whole = float(row["value"])
        parts = [part for part in PARTS if row[part]] or ["input"]
        ends = _edges([float(row[part]) for part in parts])
        for part, (low, high) in zip(parts, ends, strict=True):
            made.append(
                {
                    "row": labels[row["name"]],
                    "name": folding.label(row["name"]),
                    "part": PARTS[part],
                    "low": low,
                    "high": high,
                    "exact": row[f"{part}_exact"],
                    "share": wording.share(float(row[part]) / whole if whole else None),
                    PICK_NAME: row["name"],
                }
            )
        made[-1] |= {"end": max(high for _, high in ends), "shown": scale("USD").shown(whole)}
    return pd.DataFrame(made)


def _edges(amounts: list[float]) -> list[tuple[float, float]]:
    """Where each part begins and ends: amounts rightwards one after the other, credits to the left."""
    found, right, left = [], 0.0, 0.0
    for amount in amounts:
        if amount < 0:
            found.append((left + amount, left))
            left += amount
        else:
            found.append((right, right + amount))
            right += amount
    return found


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    y = alt.Y(field="row", type="nominal", sort=None, axis=name_axis(), scale=alt.Scale(padding=0.25))
    zero = alt.Scale(zero=True, nice=False)
    under = axis(shape.note, labels=False, grid=False, domain=False) if shape.note else None
    x = alt.X(field="low", type="quantitative", axis=under, scale=zero)
    tips = tooltip(row="Name", part="Part", exact="Exactly", share="Share of its cost")
    bars = (
        alt.Chart()
        .mark_bar(description=spoken("row", "part", "exact"))
        .encode(
            x=x,
            x2=alt.X2(field="high"),
            y=y,
            color=colour(shape.names, shape.other),
            opacity=_opacity(shape.parts),
            tooltip=tips,
        )
    )
    end = alt.X(field="end", type="quantitative", axis=under, scale=zero)
    values = written(end, y, "shown", align="left", baseline="middle", dx=6)
    layers = [pickable(bars, PICK_NAME), values]
    return seal(layers, shape.title, _FRAME + _ROW * max(shape.rows, 3))


def _opacity(parts: tuple[str, ...]) -> alt.Opacity:
    legend = alt.Legend(
        title="",
        values=list(parts),
        orient="bottom",
        direction="horizontal",
        labelFontSize=LABEL_SIZE,
        labelColor=QUIET_TEXT,
        symbolType="square",
        symbolSize=90,
        symbolStrokeWidth=0,
        symbolFillColor=QUIET_TEXT,
        padding=0,
        offset=8,
    )
    shades = alt.Scale(domain=list(PARTS.values()), range=list(_SHADES))
    return alt.Opacity(field="part", type="nominal", scale=shades, legend=legend)
