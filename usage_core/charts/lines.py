"""Rates and percentiles over time; a period without a figure is a gap."""

import math
from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import numpy as np
import pandas as pd

from usage_core import wording
from usage_core.charts import periods as time
from usage_core.charts.chart import (
    NO_CALLS,
    PICK_AT,
    PICK_NAME,
    Chart,
    Column,
    Spec,
    colour,
    heading,
    nothing,
    pickable,
    seal,
    tooltip,
    written,
)
from usage_core.charts.line_ends import dots, ends, spread
from usage_core.charts.names import shortened
from usage_core.charts.numbers import amounts
from usage_core.charts.palette import NAMED
from usage_core.charts.periods import Periods
from usage_core.charts.units import Scale, Unit, amount_axis, scale, unknown
from usage_core.names import told_apart

_DIRECT = 3
"""Up to so many series are named at their lines' ends, more in a legend."""

_MINUTES = (1, 2, 5, 10, 20, 30, 60, 120, 240, 480, 1440)

_END_LIMIT = alt.ExprRef("windowSize()[0] < 640 ? 110 : 264")
"""Pixels of a name at a line's end."""

_APART = 0.07
"""The least distance of two names at their lines' ends, as a part of the axis."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    label: str
    time: time.TimeShape
    top: float
    ticks: tuple[float, ...]
    names: tuple[str, ...]
    legend: tuple[str, ...]


def lines(
    frame: pd.DataFrame, title: str, unit: Unit, periods: Periods, order: tuple[str, ...] | None = None
) -> Chart:
    """One line for each series, in the order of `order` or of their first appearance.

    `frame`: bucket (naive datetime64, local start of the period), series (str), value (float, missing
    where unknown), exact (str), calls (int, what the figure is based on). Rates do not add up, so
    there is no "Other": what is beyond the eighth series is not drawn, and the chart says so.
    """
    known = frame.dropna(subset=["value"])
    drawn = scale(unit, float(known["value"].max()) if len(known) else 0)
    head = heading(f"{title} by {periods.grain}", drawn.word, periods.zone)
    if known.empty:
        return nothing(head, NO_CALLS if frame.empty else unknown(unit))
    present = tuple(known["series"].unique())
    series = tuple(order or present)
    labels = told_apart(series[:NAMED])
    index = periods.over(frame["bucket"])
    top = _round_top(float(known["value"].max()))
    drawn_labels = {of: name for of, name in labels.items() if of in present}
    if not drawn_labels:
        return nothing(head)
    table = _table(frame, drawn_labels, periods, index, top)
    notes = [time.note(periods, index[-1], "it may still change")]
    hidden = len(set(present) - set(labels))
    notes += [f"{len(drawn_labels)} of {len(present)} series are drawn" if hidden else None]
    shape = _Shape(
        head,
        drawn.label,
        time.time_shape(index, periods, notes),
        top,
        _minutes(top) if drawn.word == "min" else (),
        tuple(labels.values()),
        tuple(drawn_labels.values()),
    )
    period = Column("period", periods.grain.capitalize())
    columns = (period, Column("name", "Name"), *amounts(title, unit, drawn.word))
    return Chart(table, _spec(shape), f"{head}: at the end, {_ends(table, drawn)}.", columns, periods.grain)


def _ends(table: pd.DataFrame, drawn: Scale) -> str:
    last = table.dropna(subset=["end"])
    named = zip(last["name"], last["end"], strict=True)
    return wording.joined([f"{shortened(name)} {drawn.shown(value)}" for name, value in named])


def _round_top(largest: float) -> float:
    """The first round number at or above the largest value, for the end of the axis."""
    if largest <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(largest))
    return next(step * size for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * size >= largest)


def _minutes(top: float) -> tuple[float, ...]:
    """Labels on whole minutes up to a time in ms; left alone, they stand on thousands of seconds."""
    step = next((step for step in _MINUTES if top <= 6 * step * 60_000), _MINUTES[-1])
    return tuple(float(at * 60_000) for at in range(0, int(top / 60_000) + 1, step))


def _table(
    frame: pd.DataFrame, labels: dict[object, str], periods: Periods, index: pd.DatetimeIndex, top: float
) -> pd.DataFrame:
    """Every series over every period, gaps as missing values, with dots and the ends of the lines."""
    known = frame[frame["series"].isin(list(labels))].drop_duplicates(["series", "bucket"])
    width = len(index)
    line = known["series"].map({series: place for place, series in enumerate(labels)}).to_numpy(int)
    # Where each known figure stands, line after line; what is of no period in view stands nowhere.
    column = index.get_indexer(pd.DatetimeIndex(known["bucket"]))
    known, at = known[column >= 0], (line * width + column)[column >= 0]
    value, calls = np.full(len(labels) * width, np.nan), np.zeros(len(labels) * width, int)
    exact = np.full(len(labels) * width, wording.UNKNOWN, dtype=object)
    value[at], calls[at] = known["value"].to_numpy(float), known["calls"].fillna(0).to_numpy(int)
    exact[at] = known["exact"].fillna(wording.UNKNOWN)
    drawn = value.reshape(len(labels), width)
    end = ends(drawn)
    words = [time.label(moment, periods, index[-1]) for moment in index]
    return pd.DataFrame(
        {
            "name": np.repeat(list(labels.values()), width),
            "value": value,
            "dot": dots(drawn).ravel(),
            "end": end.ravel(),
            "exact": exact,
            "calls": [wording.count_exact(n) for n in calls.tolist()],
            PICK_NAME: np.repeat([str(series) for series in labels], width),
            PICK_AT: time.starts(index) * len(labels),
            "at": np.tile(time.milliseconds(index), len(labels)),
            "period": words * len(labels),
            "end_at": spread(end, top * _APART).ravel(),
        }
    )


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    x = time.time_x("at", shape.time)
    y_axis = amount_axis(shape.label)
    if shape.ticks:
        y_axis["values"], y_axis["tickCount"] = list(shape.ticks), len(shape.ticks)

    def y(column: str) -> alt.Y:
        # The top stands in the scale, so that names moved up at the ends do not stretch it.
        return alt.Y(field=column, type="quantitative", axis=y_axis, scale=alt.Scale(domain=[0, shape.top]))

    direct = len(shape.legend) <= _DIRECT
    shade = colour(shape.names, None, () if direct else shape.legend)
    tips = tooltip(period="Period", name="Name", exact="Exactly", calls="Calls")
    layers = [
        alt.Chart().mark_line(strokeWidth=2, tooltip=None).encode(x=x, y=y("value"), color=shade),
        alt.Chart()
        .mark_point(size=18, filled=True, opacity=1, tooltip=None)
        .encode(x=x, y=y("dot"), color=shade),
        # Wide and unseen: what the pointer hits.
        pickable(
            alt.Chart()
            .mark_point(size=260, filled=True, opacity=0)
            .encode(x=x, y=y("value"), color=shade, tooltip=tips),
            PICK_NAME,
            PICK_AT,
        ),
    ]
    if direct:
        layers.append(written(x, y("end_at"), "name", align="left", dx=8, limit=_END_LIMIT))
    return seal(layers, shape.title)
