"""Two amounts for each name: what it is, and what it would be."""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts.chart import (
    PICK_NAME,
    QUIET_COLOUR,
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
from usage_core.charts.names import shortened
from usage_core.charts.units import Unit, scale
from usage_core.names import told_apart

MOST = 10
"""The most rows that fit the height of a chart."""

_ROW, _FRAME = 28, 108
"""Pixels of a row, and of title, axis, legend and margin."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    rows: int
    label: str
    names: tuple[str, str]
    note: str | None


def compared(frame: pd.DataFrame, title: str, unit: Unit, names: tuple[str, str], zone: str = "") -> Chart:
    """A row for each name with two points on one axis, joined by a line, in the frame's order.

    `names`: what the first amount and the second are called; the first is grey, the second has the
    first colour. `frame`: name (str), first, second (float), first_exact, second_exact, difference
    (texts; the difference is written at the end of the row).
    """
    drawn = scale(unit)
    head = heading(title, drawn.word, zone)
    if frame.empty:
        return nothing(head)
    rows = frame.head(MOST)
    table = _table(rows, names)
    more = f"The first {MOST} of {wording.count_exact(len(frame))}" if len(frame) > MOST else None
    shape = _Shape(head, len(rows), drawn.label, names, more)
    said = [
        f"{shortened(str(row['name']))} {drawn.shown(row['first'])} and {drawn.shown(row['second'])}"
        for row in rows.head(5).to_dict("records")
    ]
    told = f"{names[0]} and {names[1]} of {wording.joined(said)}"
    columns = (
        Column("row", "Name"),
        Column("name", "Which"),
        Column("exact", f"Cost ({drawn.word})", "exact"),
    )
    return Chart(table, _spec(shape), f"{head}: {told}.", columns)


def _table(rows: pd.DataFrame, names: tuple[str, str]) -> pd.DataFrame:
    """A row for each point; the second of a pair knows the other, and what is written at the row's end."""
    labels = told_apart(rows["name"])
    made = []
    for row in rows.to_dict("records"):
        common = {"row": labels[row["name"]], "difference": row["difference"], PICK_NAME: row["name"]}
        for which, name in zip(("first", "second"), names, strict=True):
            made.append(common | {"name": name, "value": float(row[which]), "exact": row[f"{which}_exact"]})
        made[-1] |= {
            "other": float(row["first"]),
            "end": max(float(row["first"]), float(row["second"])),
            "said": row["difference"],
        }
    return pd.DataFrame(made)


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    y = alt.Y(field="row", type="nominal", sort=None, axis=name_axis(), scale=alt.Scale(padding=0.25))
    tips = tooltip(row="Name", name="Which", exact="Exactly", difference="Difference")
    rule = alt.Chart().mark_rule(strokeWidth=2, opacity=0.5, tooltip=None)
    joined = rule.encode(x=_x("value", shape), x2=alt.X2(field="other"), y=y, color=QUIET_COLOUR)
    points = alt.Chart().mark_point(
        size=110, filled=True, opacity=1, description=spoken("row", "name", "exact")
    )
    shade = colour(shape.names[1:], shape.names[0], (shape.names[0], shape.names[1]))
    dots = points.encode(x=_x("value", shape), y=y, color=shade, tooltip=tips)
    ends = written(_x("end", shape), y, "said", align="left", baseline="middle", dx=10)
    layers = [joined, pickable(dots, PICK_NAME), ends]
    return seal(layers, shape.title, _FRAME + _ROW * max(shape.rows, 2))


def _x(field: str, shape: _Shape) -> alt.X:
    return alt.X(
        field=field,
        type="quantitative",
        axis=_axis(shape),
        scale=alt.Scale(zero=True, nice=False),
    )


def _axis(shape: _Shape) -> alt.Axis:
    return axis(shape.note, labelExpr=shape.label, tickCount=5, domain=False, grid=True)
