"""How a duration is distributed."""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts.chart import (
    PICK_TOOK,
    Chart,
    Column,
    Spec,
    between,
    colour,
    heading,
    nothing,
    pickable,
    seal,
    tooltip,
    written,
)
from usage_core.charts.durations import duration_x, roomy
from usage_core.charts.palette import STRONG
from usage_core.charts.units import amount_axis, scale, unknown

_COLUMNS = (Column("took", "Took"), Column("calls", "Calls", "count"), Column("share", "Share", "share"))

_GAP = 0.04
"""The part of a bar's width that is left free on either side."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    domain: tuple[float, float]
    marks: bool


def histogram(
    frame: pd.DataFrame, title: str, marks: tuple[tuple[str, float], ...] = (), zone: str = ""
) -> Chart:
    """Calls by how long they took, on a logarithmic axis.

    `frame`: lower, upper (ms, lower included, upper not), calls (int), in buckets that grow.
    `marks`: upright lines with a name, ("p50", 840.0) in ms. A bar can be picked.
    """
    head = heading(title, "calls", zone)
    counted = frame[frame["calls"] > 0]
    if counted.empty:
        return nothing(head, unknown("ms"))
    table = _table(counted, marks)
    edges = pd.concat([table["from"], table["to"], table["mark"]]).dropna()
    shape = _Shape(head, roomy(float(edges.min()), float(edges.max())), bool(marks))
    busiest = counted.nlargest(1, "calls")[["lower", "upper"]].to_numpy()[0]
    most = f"most took {_range(*busiest)}"
    named = "".join(f", {name} is {wording.duration_ms(value)}" for name, value in marks)
    total = wording.plural(int(counted["calls"].sum()), "call")
    return Chart(table, _spec(shape), f"{head}: {total}, {most}{named}.", _COLUMNS)


def _range(lower: float, upper: float) -> str:
    return f"{wording.duration_ms(float(lower))} to {wording.duration_ms(float(upper))}"


def _table(counted: pd.DataFrame, marks: tuple[tuple[str, float], ...]) -> pd.DataFrame:
    """A row for each bucket, then one for each mark."""
    total = counted["calls"].sum()
    # A logarithm has no zero: a bucket from 0 is drawn as wide as one that doubles.
    lower = counted["lower"].where(counted["lower"] > 0, (counted["upper"] / 2).clip(upper=1)).astype(float)
    gap = (counted["upper"] / lower) ** _GAP
    bars = pd.DataFrame(
        {
            "from": lower * gap,
            "to": counted["upper"] / gap,
            "name": "all",
            "count": counted["calls"].astype(float),
            "took": [_range(*edges) for edges in zip(counted["lower"], counted["upper"], strict=True)],
            "calls": [wording.count_exact(int(calls)) for calls in counted["calls"]],
            "share": [wording.share(float(calls / total)) for calls in counted["calls"]],
            PICK_TOOK: [between(*edges) for edges in zip(counted["lower"], counted["upper"], strict=True)],
        }
    )
    return pd.concat([bars, _marks(marks, float(bars["from"].min()))], ignore_index=True)


def _marks(marks: tuple[tuple[str, float], ...], least: float) -> pd.DataFrame:
    """Upright lines; the names stand outwards, so that two close ones do not meet."""
    texts = [f"{name} {wording.duration_ms(value)}" for name, value in marks]
    columns = {
        "mark": [max(float(value), least) for _, value in marks],
        "before": [*texts[:-1], ""] if len(texts) > 1 else [""] * len(texts),
        "after": [""] * (len(texts) - 1) + texts[-1:],
    }
    return pd.DataFrame(columns).astype({"mark": float, "before": object, "after": object})


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    y = alt.Y(field="count", type="quantitative", axis=amount_axis(scale("calls").label))
    bars = (
        alt.Chart()
        .mark_rect()
        .encode(
            x=duration_x("from", *shape.domain),
            x2=alt.X2(field="to"),
            y=y,
            y2=alt.Y2Datum(0),
            color=colour(("all",), None),
            tooltip=tooltip(took="Took", calls="Calls", share="Share"),
        )
    )
    bars = pickable(bars, PICK_TOOK)
    if not shape.marks:
        return seal(bars, shape.title)
    x, top = duration_x("mark", *shape.domain), alt.YValue(0)
    rule = alt.Chart().mark_rule(strokeDash=[4, 3], strokeWidth=1.5, tooltip=None)
    outwards = {"before": {"align": "right", "dx": -4}, "after": {"align": "left", "dx": 4}}
    texts = [written(x, top, side, dy=-8, **mark) for side, mark in outwards.items()]
    return seal([bars, rule.encode(x=x, color=alt.ColorValue(alt.ExprRef(STRONG))), *texts], shape.title)
