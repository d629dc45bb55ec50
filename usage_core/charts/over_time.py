"""Amounts per period, stacked by series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts import periods as time
from usage_core.charts.chart import (
    HEIGHT,
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
)
from usage_core.charts.names import biggest, fold, shortened
from usage_core.charts.numbers import amounts
from usage_core.charts.periods import Periods
from usage_core.charts.stack import Part, bars, by_period, stack, totals
from usage_core.charts.units import Scale, Unit, amount_axis, scale, unknown


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    label: str
    time: time.TimeShape
    names: tuple[str, ...]
    other: str | None
    legend: tuple[str, ...]


def over_time(
    frame: pd.DataFrame, title: str, unit: Unit, periods: Periods, order: tuple[str, ...] | None = None
) -> Chart:
    """Bars of cost, calls or tokens per period, stacked by series, the first of `order` at the bottom.

    `frame`: bucket (naive datetime64, local start of the period), series (str), value (float),
    exact (str), calls (int); what is unknown has no value and no height. What is not among the at most
    eight names of `order` is added up as "Other"; without an order the biggest have their own colour.
    `title` is without unit: "Cost".
    """
    drawn = scale(unit)
    head = heading(f"{title} per {periods.grain}", drawn.word, periods.zone)
    if frame.empty:
        return nothing(head)
    frame = frame.assign(value=frame["value"].astype(float))
    if frame["value"].isna().all():
        return nothing(head, unknown(unit))
    folding = fold(frame["series"].unique(), biggest(frame) if order is None else order)
    parts = stack(frame, folding, drawn)
    index = periods.over(frame["bucket"])
    names = totals(parts)
    present = tuple(sorted(names, key=folding.rank))
    shape = _Shape(
        head,
        drawn.label,
        time.time_shape(index, periods, [time.note(periods, index[-1], "drawn faded")]),
        folding.names,
        folding.other,
        present if len(present) > 1 else (),
    )
    words = _alternative(head, parts, names, periods, drawn)
    table = bars(parts, folding, periods, index)
    return Chart(table, _spec(shape), words, columns(title, unit, periods, len(present)), periods.grain)


def columns(title: str, unit: Unit, periods: Periods, names: int) -> tuple[Column, ...]:
    """The columns of the numbers under a stack of so many names."""
    several = (Column("name", "Name"),) if names > 1 else ()
    share = f"Share of the {periods.grain}" if names > 1 else ""
    period = Column("period", periods.grain.capitalize())
    return period, *several, *amounts(title, unit, scale(unit).word, share)


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    names, shares = {}, {}
    if shape.legend:
        names, shares = {"name": "Name"}, {"share": f"Share of the {shape.time.grain}"}
    lighter = alt.Scale(domain=["over", "open"], range=[1, 0.5])
    chart = (
        alt.Chart()
        .mark_rect()
        .encode(
            x=time.time_x("from", shape.time),
            x2=alt.X2(field="to"),
            y=alt.Y(
                field="low", type="quantitative", axis=amount_axis(shape.label), scale=alt.Scale(zero=True)
            ),
            y2=alt.Y2(field="high"),
            color=colour(shape.names, shape.other, shape.legend),
            opacity=alt.Opacity(field="state", type="ordinal", scale=lighter, legend=None),
            tooltip=tooltip(period="Period", **names, exact="Exactly", **shares, calls="Calls"),
        )
    )
    chart = pickable(chart, PICK_NAME, PICK_AT)
    # A phone lists the names in two columns: more names need more height.
    return seal(chart, shape.title, HEIGHT if len(shape.legend) <= 4 else 400)


def _alternative(
    head: str, parts: Sequence[Part], names: Mapping[str, float], periods: Periods, drawn: Scale
) -> str:
    wholes = by_period(parts)
    whole, most = sum(wholes.values()), max(wholes, key=lambda at: wholes[at])
    on = "on" if periods.grain in ("hour", "day") else "in"
    peak = f"most {on} {wording.period(most, periods.grain)} ({drawn.shown(wholes[most])})"
    biggest_names = list(names.items())[:3]
    shares = [f"{shortened(name)} {wording.share(part / whole)}" for name, part in biggest_names if whole]
    biggest_parts = f"; the biggest parts are {wording.joined(shares)}" if len(shares) > 1 else ""
    return f"{head}: {drawn.shown(whole)} in all, {peak}{biggest_parts}."
