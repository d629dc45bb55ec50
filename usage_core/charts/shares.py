"""Shares of each period's whole, stacked to 100 %."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import numpy as np
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
from usage_core.charts.names import biggest, fold, shortened
from usage_core.charts.over_time import columns
from usage_core.charts.periods import Periods
from usage_core.charts.stack import bars, stack, totals
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
    frame = frame.assign(value=frame["value"].astype(float))
    if not (frame["value"] > 0).any():
        return nothing(head, _why(frame, unit))
    folding = fold(frame["series"].unique(), biggest(frame) if order is None else order)
    parts = stack(frame, folding, scale(unit))
    names = totals(parts)
    first = [*(name for name in names if name != folding.other), *(names.keys() & {folding.other})]
    index = periods.over(frame["bucket"])
    table = _of_the_whole(bars(parts, folding, periods, index), first)
    shape = _Shape(
        head,
        time.time_shape(index, periods, [time.note(periods, index[-1], "drawn faded")]),
        folding.names,
        folding.other,
        tuple(name for name in first if name in set(table["name"])),
    )
    shown = columns(figure, unit, periods, len(names))
    return Chart(table, _spec(shape), _alternative(head, names), shown, periods.grain)


def _why(frame: pd.DataFrame, unit: Unit) -> str:
    """Why there are no shares."""
    if frame.empty:
        return NO_CALLS
    return unknown(unit) if frame["value"].isna().all() else "Nothing to share out: all of it is 0"


def _of_the_whole(bars: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Bars as parts of their period's whole, stacked in order; a credit is no part of it."""
    ranks = {name: rank for rank, name in enumerate(order)}
    place = bars["name"].map(ranks).to_numpy(int)
    table = bars.iloc[np.lexsort((place, bars["from"].to_numpy()))]
    table = table[table["high"].to_numpy() > 0]
    size = table["high"].to_numpy() - table["low"].to_numpy()
    period = np.unique(table["from"].to_numpy(), return_inverse=True)[1]
    part = size / np.bincount(period, size)[period]
    high = pd.Series(part).groupby(period).cumsum().to_numpy()
    stacked: pd.DataFrame = table.assign(low=high - part, high=high)[part > 0].reset_index(drop=True)
    return stacked


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


def _alternative(head: str, names: Mapping[str, float]) -> str:
    whole = sum(names.values())
    said = [f"{shortened(name)} {wording.share(part / whole)}" for name, part in list(names.items())[:3]]
    return f"{head}: over the whole timeframe, {wording.joined(said)}."
