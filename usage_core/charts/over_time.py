"""Amounts per period, stacked by series."""

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
from usage_core.charts.names import Folding, biggest, fold, shortened
from usage_core.charts.numbers import amounts
from usage_core.charts.periods import Periods
from usage_core.charts.units import Scale, Unit, amount_axis, scale, unknown

_BAR = 0.82
"""The part of a period that its bar takes; the rest is the gap between bars."""


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
    folded = _folded(frame, folding, drawn)
    index = periods.over(folded["bucket"])
    table = _table(folded, folding, periods, index)
    present = tuple(sorted(table["name"].unique(), key=folding.rank))
    shape = _Shape(
        head,
        drawn.label,
        time.time_shape(index, periods, [time.note(periods, index[-1], "drawn faded")]),
        folding.names,
        folding.other,
        present if len(present) > 1 else (),
    )
    words = _alternative(head, folded, periods, drawn)
    return Chart(table, _spec(shape), words, _columns(title, unit, shape), periods.grain)


def _columns(title: str, unit: Unit, shape: _Shape) -> tuple[Column, ...]:
    grain = shape.time.grain
    several = (Column("name", "Name"),) if shape.legend else ()
    share = f"Share of the {grain}" if shape.legend else ""
    period = Column("period", grain.capitalize())
    return period, *several, *amounts(title, unit, scale(unit).word, share)


def _folded(frame: pd.DataFrame, folding: Folding, drawn: Scale) -> pd.DataFrame:
    """One row for each period and name shown; sums are kept."""
    named = frame.assign(name=[folding.label(series) for series in frame["series"]])
    groups = named.groupby(["bucket", "name"], as_index=False, sort=True)
    sums = groups.agg(
        value=("value", "sum"), calls=("calls", "sum"), exact=("exact", "first"), n=("exact", "size")
    )
    several = sums["n"] > 1
    if several.any():
        texts = groups["exact"].agg(list).loc[several, "exact"]
        values = sums.loc[several, "value"]
        sums.loc[several, "exact"] = [_added(t, v, drawn) for t, v in zip(texts, values, strict=True)]
    return sums.drop(columns="n")


def _added(texts: list[str], value: float, drawn: Scale) -> str:
    """The sum of amounts written exactly, or the sum as drawn where one of them is not known."""
    amounts = [wording.read_exact(text) for text in texts]
    known = [amount for amount in amounts if amount is not None]
    return (
        drawn.exact(sum(known[1:], known[0])) if len(known) == len(amounts) else f"about {drawn.shown(value)}"
    )


def _table(folded: pd.DataFrame, folding: Folding, periods: Periods, index: pd.DatetimeIndex) -> pd.DataFrame:
    """What the chart is drawn from: the bars' edges (ms and value), and the tooltip's texts."""
    ranks = [folding.rank(name) for name in folded["name"]]
    rows = folded.assign(rank=ranks, value=folded["value"]).sort_values(["bucket", "rank"])
    at = pd.DatetimeIndex(rows["bucket"])
    start, end = time.milliseconds(at), time.milliseconds(time.following(at, periods.grain))
    half = (end - start) * (_BAR / 2)
    totals = rows.groupby("bucket")["value"].transform("sum")
    parts = zip(rows["value"], totals, strict=True)
    high = _tops(rows)
    return pd.DataFrame(
        {
            "from": start - half,
            "to": start + half,
            "name": rows["name"].to_numpy(),
            "low": (high - rows["value"]).to_numpy(),
            "high": high.to_numpy(),
            "period": [time.label(moment, periods, index[-1]) for moment in at],
            "exact": rows["exact"].to_numpy(),
            "share": [wording.share(part / total if total else None) for part, total in parts],
            "calls": [wording.count_exact(int(calls)) for calls in rows["calls"]],
            PICK_NAME: pd.array([folding.series(name) for name in rows["name"]], dtype="str"),
            PICK_AT: time.starts(at),
            "state": ["open" if periods.incomplete and bucket == index[-1] else "over" for bucket in at],
        }
    )


def _tops(rows: pd.DataFrame) -> "pd.Series[float]":
    """Where each part of a stack ends: amounts upwards from zero, credits downwards."""
    ups, downs = rows["value"].clip(lower=0), rows["value"].clip(upper=0)
    stacked = [part.groupby(rows["bucket"]).cumsum() for part in (ups, downs)]
    return stacked[0].where(rows["value"] >= 0, stacked[1])


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


def _alternative(head: str, folded: pd.DataFrame, periods: Periods, drawn: Scale) -> str:
    totals = folded.groupby("bucket")["value"].sum()
    whole, most = float(totals.sum()), pd.Timestamp(str(totals.idxmax()))
    on = "on" if periods.grain in ("hour", "day") else "in"
    peak = f"most {on} {wording.period(most, periods.grain)} ({drawn.shown(float(totals.max()))})"
    parts = folded.groupby("name")["value"].sum().sort_values(ascending=False, kind="stable").head(3)
    shares = [
        f"{shortened(str(name))} {wording.share(part / whole)}" for name, part in parts.items() if whole
    ]
    biggest_parts = f"; the biggest parts are {wording.joined(shares)}" if len(shares) > 1 else ""
    return f"{head}: {drawn.shown(whole)} in all, {peak}{biggest_parts}."
