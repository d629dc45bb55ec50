"""Shares of each period's whole, stacked to 100 %."""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts import periods as time
from usage_core.charts.chart import (
    HEIGHT,
    NO_CALLS,
    PICK_AT,
    PICK_NAME,
    Chart,
    Spec,
    colour,
    heading,
    nothing,
    pickable,
    seal,
    tooltip,
)
from usage_core.charts.names import Folding, biggest, fold, shortened
from usage_core.charts.over_time import over_time
from usage_core.charts.periods import Periods
from usage_core.charts.units import Unit, amount_axis, scale, unknown


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    time: time.TimeShape
    names: tuple[str, ...]
    other: str | None
    legend: tuple[str, ...]


def shares(
    frame: pd.DataFrame,
    title: str,
    figure: str,
    unit: Unit,
    periods: Periods,
    order: tuple[str, ...] | None = None,
) -> Chart:
    """Each series' share of cost, calls or tokens in every period, as bars of equal height.

    `frame` and `order` as for `over_time`; the biggest is at the bottom. A period of nothing has no
    shares and is a gap. `title` is without period and unit: "Share of calls by model"; `figure` is what
    the shares are of: "Calls".
    """
    head = heading(f"{title} per {periods.grain}", "%", periods.zone)
    if not (frame["value"] > 0).any():
        return nothing(head, _why(frame, unit))
    ordered = biggest(frame) if order is None else order
    stacked = over_time(frame, figure, unit, periods, ordered)
    folding = fold(frame["series"].unique(), ordered)
    ranks = _ranks(stacked.frame, folding)
    table = _of_the_whole(stacked.frame, ranks)
    index = periods.over(frame["bucket"])
    present = tuple(name for name in ranks if name in set(table["name"]))
    notes = [time.note(periods, index[-1], "drawn faded")]
    shape = _Shape(head, time.time_shape(index, periods, notes), folding.names, folding.other, present)
    words = _alternative(head, frame, folding)
    return Chart(table, _spec(shape), words, stacked.columns, periods.grain)


def _why(frame: pd.DataFrame, unit: Unit) -> str:
    """Why there are no shares."""
    if frame.empty:
        return NO_CALLS
    return unknown(unit) if frame["value"].isna().all() else "Nothing to share out: all of it is 0"


def _ranks(bars: pd.DataFrame, folding: Folding) -> dict[str, int]:
    """The place of each name in a stack: the biggest of all is first, what stands for the rest last."""
    totals = (bars["high"] - bars["low"]).groupby(bars["name"]).sum()
    first = sorted(totals.index, key=lambda name: (name == folding.other, -totals[name], name))
    return {str(name): rank for rank, name in enumerate(first)}


def _of_the_whole(bars: pd.DataFrame, ranks: dict[str, int]) -> pd.DataFrame:
    """Bars as parts of their period's whole, stacked in order; a credit is no part of it."""
    table = bars.assign(part=(bars["high"] - bars["low"]).where(bars["high"] > 0, 0.0))
    table["part"] /= table.groupby("from")["part"].transform("sum")
    table = table[table["part"] > 0].assign(rank=table["name"].map(ranks)).sort_values(["from", "rank"])
    high = table.groupby("from")["part"].cumsum()
    table = table.assign(low=high - table["part"], high=high)
    return table.drop(columns=["part", "rank"]).reset_index(drop=True)


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    lighter = alt.Scale(domain=["over", "open"], range=[1, 0.5])
    tips = tooltip(
        period="Period", name="Name", share=f"Share of the {shape.time.grain}", exact="Exactly", calls="Calls"
    )
    bars = (
        alt.Chart()
        .mark_rect()
        .encode(
            x=time.time_x("from", shape.time),
            x2=alt.X2(field="to"),
            y=alt.Y(
                field="low",
                type="quantitative",
                axis=amount_axis(scale("share").label),
                scale=alt.Scale(domain=[0, 1]),
            ),
            y2=alt.Y2(field="high"),
            color=colour(shape.names, shape.other, shape.legend),
            opacity=alt.Opacity(field="state", type="ordinal", scale=lighter, legend=None),
            tooltip=tips,
        )
    )
    chart = pickable(bars, PICK_NAME, PICK_AT)
    return seal(chart, shape.title, HEIGHT if len(shape.legend) <= 4 else 400)


def _alternative(head: str, frame: pd.DataFrame, folding: Folding) -> str:
    totals = frame.groupby([folding.label(series) for series in frame["series"]])["value"].sum()
    parts = totals.sort_values(ascending=False, kind="stable").head(3) / totals.sum()
    said = [f"{shortened(str(name))} {wording.share(float(part))}" for name, part in parts.items()]
    return f"{head}: over the whole timeframe, {wording.joined(said)}."
