"""Days in a calendar: weeks from left to right, Monday at the top."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import isnan

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts import periods as time
from usage_core.charts.chart import (
    PICK_AT,
    QUIET_COLOUR,
    Chart,
    Column,
    Spec,
    axis,
    heading,
    nothing,
    pickable,
    seal,
    tooltip,
)
from usage_core.charts.heatmap import ramp
from usage_core.charts.numbers import amounts
from usage_core.charts.palette import STRONG
from usage_core.charts.periods import Periods
from usage_core.charts.units import Unit, scale, unknown

MOST_WEEKS = 106
"""Two years; of a longer timeframe the last weeks are drawn."""

_NUMBERED = 15
"""Up to so many weeks, cells are wide enough for the day of the month, also on a phone."""

_GAP = 0.06
"""The part of a week's width that is left free on either side."""

_ROOM = 88
"""Pixels that a day of the month and an amount need beside each other."""

_INK = f"datum.part > (luminance(background) > 0.5 ? 0.6 : 0.4) ? background : ({STRONG})"
"""A colour that reads on a cell: the background's, on one that stands out from it."""

_NOTE = "An outline is a day without data"

_MONTH = "utcFormat(datum.value + 518400000, '%b')"
"""The month of a week's Sunday."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    label: str
    most: float
    weeks: int
    extent: tuple[float, float]
    ticks: tuple[float, ...]
    notes: tuple[str, ...]


def calendar(frame: pd.DataFrame, title: str, unit: Unit, periods: Periods) -> Chart:
    """A cell for each day of `periods` (of grain "day", with a first and a last), little to much in one hue.

    `frame`: day (naive datetime64), value (float, missing where unknown), exact (str), calls (int). A day
    that is missing has no data and is an outline, unlike a zero; so is a day of unknown value, which says
    so. `title` is without unit: "Cost".
    """
    drawn = scale(unit)
    head = heading(f"{title} per day", drawn.word, periods.zone)
    if frame.empty:
        return nothing(head)
    every = periods.over(frame["day"])
    weeks = pd.DatetimeIndex((every - pd.to_timedelta(every.day_of_week, unit="D")).unique())[-MOST_WEEKS:]
    table = _table(frame, every[every >= weeks[0]], periods, drawn.shown)
    if table["value"].isna().all():
        return nothing(head, unknown(unit))
    most = float(table["value"].max())
    shape = _Shape(
        head,
        drawn.label,
        most if most > 0 else 1.0,
        len(weeks),
        _extent(weeks),
        _ticks(weeks),
        _notes(periods, every, weeks[0]),
    )
    columns = (Column("period", "Day"), *amounts(title, unit, drawn.word))
    return Chart(table, _spec(shape), _alternative(head, table), columns, "day")


def _notes(periods: Periods, every: pd.DatetimeIndex, first: pd.Timestamp) -> tuple[str, ...]:
    """Lines under the axis, each of which fits a phone."""
    said = [_NOTE, time.note(periods, every[-1], "it may still grow")]
    if first > every[0]:
        said.append(f"Days before {wording.day(first.date())} are not drawn")
    return tuple(each for each in said if each)


def _table(
    frame: pd.DataFrame, days: pd.DatetimeIndex, periods: Periods, shown: Callable[[float], str]
) -> pd.DataFrame:
    """All days, those without data with a missing value."""
    rows = frame.drop_duplicates("day").set_index("day").reindex(days)
    start = time.milliseconds(pd.DatetimeIndex(days - pd.to_timedelta(days.day_of_week, unit="D")))
    width = pd.Timedelta(days=7) / pd.Timedelta(milliseconds=1)
    value = rows["value"].astype(float)
    return pd.DataFrame(
        {
            "from": start + width * _GAP,
            "to": start + width * (1 - _GAP),
            "middle": start + width / 2,
            "weekday": [wording.WEEKDAYS[day.weekday()] for day in days],
            "day": days.day.astype(str),
            "written": [f"{day.day} · {text}" for day, text in zip(days, _texts(value, shown), strict=True)],
            "period": [time.label(day, periods, days[-1]) for day in days],
            "value": value.to_numpy(),
            "part": (value / (value.max() or 1.0)).to_numpy(),
            "exact": rows["exact"].fillna("no data").to_numpy(),
            "calls": [wording.count_exact(None if pd.isna(n) else int(n)) for n in rows["calls"]],
            PICK_AT: pd.Series(time.starts(days), dtype=object).where(rows["calls"].gt(0).to_numpy(), None),
        }
    )


def _texts(values: "pd.Series[float]", shown: Callable[[float], str]) -> list[str]:
    return [wording.UNKNOWN if isnan(value) else shown(value) for value in values]


def _extent(weeks: pd.DatetimeIndex) -> tuple[float, float]:
    edges = time.milliseconds(weeks[[0, -1]] + pd.to_timedelta([0, 7], unit="D"))
    return float(edges[0]), float(edges[1])


def _ticks(weeks: pd.DatetimeIndex) -> tuple[float, ...]:
    """The middle of every week; of many, those in which a month begins."""
    if len(weeks) > _NUMBERED:
        weeks = weeks[(weeks + pd.Timedelta(days=6)).day <= 7]
    return tuple(time.milliseconds(weeks))


def _alternative(head: str, table: pd.DataFrame) -> str:
    day, exact = table.nlargest(1, "value")[["period", "exact"]].to_numpy()[0]
    quiet = int((table["value"] == 0).sum())
    silent = f", {wording.plural(quiet, 'day')} with nothing" if quiet else ""
    return f"{head}: most on {day} ({exact}){silent}."


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    tips = tooltip(period="Day", exact="Exactly", calls="Calls")
    x, x2, y = _x("from", shape), alt.X2(field="to"), _y()
    filled = alt.Chart().mark_rect(cornerRadius=2)
    filled = filled.encode(x=x, x2=x2, y=y, color=ramp(shape.label, shape.most), tooltip=tips)
    outline = alt.Chart().mark_rect(cornerRadius=2, filled=False, strokeWidth=1, strokeOpacity=0.25)
    gaps = outline.encode(x=x, x2=x2, y=y, color=QUIET_COLOUR, tooltip=tips)
    gaps = gaps.transform_filter({"not": {"field": "value", "valid": True}})
    layers = [gaps, pickable(filled, PICK_AT)]
    if shape.weeks <= _NUMBERED:
        layers.append(_numbers(shape))
    return seal(layers, shape.title)


def _x(field: str, shape: _Shape) -> alt.X:
    labels = axis(
        list(shape.notes),
        values=list(shape.ticks),
        labelExpr=_MONTH if shape.weeks > _NUMBERED else "utcFormat(datum.value, '%-d %b')",
        labelAlign="left",
        labelOverlap="greedy",
        labelSeparation=4,
        domain=False,
        grid=False,
    )
    band = alt.Scale(domain=list(shape.extent), nice=False, zero=False)
    return alt.X(field=field, type="quantitative", axis=labels, scale=band)


def _y() -> alt.Y:
    band = alt.Scale(domain=list(wording.WEEKDAYS), padding=0.12)
    return alt.Y(field="weekday", type="nominal", axis=axis(domain=False), sort=None, scale=band)


def _numbers(shape: _Shape) -> alt.Chart:
    """The days of the month, with amounts where there is room."""
    text = alt.ExprRef(f"width < {_ROOM * shape.weeks} ? datum.day : datum.written")
    marks = alt.Chart().mark_text(text=text, color=alt.ExprRef(_INK), fontSize=11, tooltip=None)
    written: alt.Chart = marks.encode(x=_x("middle", shape), y=_y())
    return written
