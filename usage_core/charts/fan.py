"""Percentiles of completion times over time, from the middle to the longest, on a logarithmic axis."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from usage_core import wording
from usage_core.charts import periods as time
from usage_core.charts.chart import (
    PICK_AT,
    QUIET_COLOUR,
    Chart,
    Column,
    Spec,
    heading,
    nothing,
    pickable,
    seal,
    tooltip,
    written,
)
from usage_core.charts.durations import LEAST_MS, duration_axis, logarithmic, units
from usage_core.charts.line_ends import dots, ends, spread
from usage_core.charts.numbers import CALLS
from usage_core.charts.periods import Periods
from usage_core.charts.units import unknown

LINES = ("p50", "p90", "p95", "p99")
LONGEST = "longest"
NUMBERS = (*LINES, LONGEST)

_HEIGHT = 380
_APART = 0.055
"""The least distance of two names at the lines' ends, as a part of the axis."""

_STRENGTH = (1.0, 0.75, 0.6, 0.45)
"""How strong each line is drawn: one hue, as they are one thing seen at four depths."""


_Column: TypeAlias = list[str] | npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    time: time.TimeShape
    domain: tuple[float, float]


def fan(frame: pd.DataFrame, title: str, periods: Periods) -> Chart:
    """A line for each of p50, p90, p95 and p99, a band between the outer two, a dot for the longest time.

    `frame`: bucket (naive datetime64, local start of the period), p50, p90, p95, p99 and longest (float,
    ms, missing where unknown), calls (int, those with a completion time).
    """
    named, known = f"{title} by {periods.grain}", frame.dropna(subset=["p50"])
    if known.empty:
        return nothing(heading(named, "logarithmic", periods.zone), unknown("ms"))
    index = periods.over(frame["bucket"])
    figures = frame.drop_duplicates("bucket").set_index("bucket").reindex(index)
    drawn = figures[[*LINES, LONGEST]].astype(float).clip(lower=LEAST_MS)
    domain = (max(LEAST_MS, float(drawn["p50"].min()) / 1.3), float(drawn[LONGEST].max()) * 1.3)
    head = heading(named, units(*domain), "logarithmic", periods.zone)
    notes = [time.note(periods, index[-1], "it may still change")]
    shape = _Shape(head, time.time_shape(index, periods, notes), domain)
    table = _table(figures, drawn, periods, index, domain)
    columns = (
        Column("period", periods.grain.capitalize()),
        *(Column(name, f"{_said(name)} (ms)", "number") for name in NUMBERS),
        CALLS,
    )
    return Chart(table, _spec(shape), _words(head, known, periods), columns, periods.grain)


def _said(name: str) -> str:
    return name.capitalize() if name == LONGEST else name


def _words(head: str, known: pd.DataFrame, periods: Periods) -> str:
    """The chart in a sentence: how far the middle and p95 went, and when the longest call was made."""
    ranges = [
        f"{name} from {_text(float(known[name].min()))} to {_text(float(known[name].max()))}"
        for name in ("p50", "p95")
    ]
    longest = known.nlargest(1, LONGEST)
    when = wording.period(longest["bucket"].iloc[0].to_pydatetime(), periods.grain)
    most = f"the longest call took {_text(float(longest[LONGEST].iloc[0]))} ({when})"
    return f"{head}: {wording.joined([*ranges, most])}."


def _table(
    figures: pd.DataFrame,
    drawn: pd.DataFrame,
    periods: Periods,
    index: pd.DatetimeIndex,
    domain: tuple[float, float],
) -> pd.DataFrame:
    """A row for each period with everything that is said of it, then one for each line and period."""
    value = {name: drawn[name].to_numpy() for name in NUMBERS}
    rows, lines = len(index), np.stack(list(value.values()))
    of_period = _of_periods(figures, periods, index) | {
        "low": value["p50"],
        "high": value["p99"],
        "top": value[LONGEST],
    }
    of_line = _of_lines(lines, math.log(domain[1] / domain[0]) * _APART)
    return pd.DataFrame(
        {
            "row": ["period"] * rows + ["line"] * rows * len(NUMBERS),
            "hue": "time",
            "at": np.tile(time.milliseconds(index), 1 + len(NUMBERS)),
            **{name: _padded(column, rows * len(NUMBERS)) for name, column in of_period.items()},
            **{name: _padded(column, -rows) for name, column in of_line.items()},
        }
    )


def _of_periods(figures: pd.DataFrame, periods: Periods, index: pd.DatetimeIndex) -> dict[str, _Column]:
    known = {name: figures[name].to_numpy(float) for name in NUMBERS}
    counted = figures["calls"].fillna(0).to_numpy(int).tolist()
    return {
        PICK_AT: time.starts(index),
        "period": [time.label(moment, periods, index[-1]) for moment in index],
        **known,
        **{f"{name}_text": [_text(ms) for ms in known[name].tolist()] for name in NUMBERS},
        "calls": [wording.count_exact(n) for n in counted],
    }


def _of_lines(lines: npt.NDArray[Any], apart: float) -> dict[str, _Column]:
    last, none = ends(lines), np.full(lines.shape[1], np.nan)
    return {
        "name": np.repeat(np.array(NUMBERS, object), lines.shape[1]),
        "value": np.concatenate([lines[:-1].ravel(), none]),
        "dot": np.concatenate([dots(lines[:-1]).ravel(), none]),
        "end": last.ravel(),
        "end_at": np.exp(spread(np.log(last), apart)).ravel(),
    }


def _padded(column: _Column, rows: int) -> npt.NDArray[Any]:
    """A column with so many rows without a value after it, or, where there are fewer than none, before it."""
    values = column if isinstance(column, np.ndarray) else np.array(column, object)
    return np.pad(values, (max(-rows, 0), max(rows, 0)), constant_values=np.nan)


def _text(value: float) -> str:
    return wording.duration_ms(value)


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    x, scale = time.time_x("at", shape.time), logarithmic(*shape.domain)
    marks = duration_axis(*shape.domain, most=8, grid=True)

    def y(column: str) -> alt.Y:
        return alt.Y(field=column, type="quantitative", axis=marks, scale=scale)

    hue = alt.Color(
        field="hue", type="nominal", scale=alt.Scale(domain=["time"], range="category"), legend=None
    )
    strength = alt.Scale(domain=list(LINES), range=list(_STRENGTH))
    faded = alt.Opacity(field="name", type="nominal", scale=strength, legend=None)
    wide = alt.Scale(domain=list(LINES), range=[2.5, 1.5, 1.5, 1.5])
    width = alt.StrokeWidth(field="name", type="nominal", scale=wide, legend=None)
    plain, lines = (
        alt.Chart().transform_filter(alt.FieldEqualPredicate(field="row", equal=row))
        for row in ("period", "line")
    )
    tips = tooltip(period="Period", **{f"{name}_text": _said(name) for name in NUMBERS}, calls="Calls")
    layers = [
        plain.mark_area(opacity=0.12, tooltip=None).encode(
            x=x, y=y("low"), y2=alt.Y2(field="high"), color=hue
        ),
        lines.mark_line(tooltip=None).encode(x=x, y=y("value"), color=hue, opacity=faded, strokeWidth=width),
        lines.mark_point(size=18, filled=True, tooltip=None).encode(
            x=x, y=y("dot"), color=hue, opacity=faded
        ),
        plain.mark_point(size=14, filled=True, tooltip=None).encode(x=x, y=y("top"), color=QUIET_COLOUR),
        # Wide and unseen: what the pointer hits.
        pickable(
            plain.mark_rule(strokeWidth=14, opacity=0).encode(
                x=x, y=alt.YValue(0), y2=alt.Y2Value("height"), tooltip=tips
            ),
            PICK_AT,
        ),
        written(x, y("end_at"), "name", align="left", dx=8),
    ]
    return seal(layers, shape.title, _HEIGHT)
