"""Completion time against output tokens: calls counted in cells, both axes logarithmic."""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts.chart import (
    LABEL_SIZE,
    PICK_OUTPUT,
    PICK_TOOK,
    QUIET_TEXT,
    Chart,
    Column,
    Spec,
    axis,
    between,
    heading,
    nothing,
    pickable,
    seal,
    tooltip,
)
from usage_core.charts.durations import duration_axis, logarithmic
from usage_core.charts.palette import STRONG
from usage_core.charts.units import scale, unknown

_ROUND = tuple(step * 10**power for power in range(13) for step in (1, 2, 5))
_NOTE = "Output tokens. Line: the middle call"


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    tokens: tuple[float, float]
    ms: tuple[float, float]
    most: float


def cells(frame: pd.DataFrame, title: str, zone: str = "") -> Chart:
    """Cells of output tokens by completion time, few to many calls in one hue, with the middle as a line.

    `frame`: tokens_from, tokens_to, ms_from, ms_to (floats, lower included, upper not), calls (int), a
    row for each cell with calls; tokens and times in ranges that grow by a factor. A cell can be picked.
    """
    head = heading(title, "calls", "logarithmic", zone)
    if frame.empty:
        return nothing(head, unknown("tokens/s"))
    middles = middle_times(frame)
    shape = _Shape(
        head,
        (float(frame["tokens_from"].min()), float(frame["tokens_to"].max())),
        (float(frame["ms_from"].min()), float(frame["ms_to"].max())),
        max(2.0, float(frame["calls"].max())),
    )
    columns = (Column("tokens", "Output tokens"), Column("took", "Took"), Column("exact", "Calls", "count"))
    first, last = middles.iloc[0], middles.iloc[-1]
    words = "; ".join(
        f"with {each['tokens']} tokens half took at most about {wording.duration_ms(float(each['middle']))}"
        for each in ([first, last] if len(middles) > 1 else [first])
    )
    return Chart(_table(frame, middles), _spec(shape), f"{head}: {words}.", columns)


def middle_times(frame: pd.DataFrame) -> pd.DataFrame:
    """For each range of tokens in a frame of cells, the time that about half of its calls took at most.

    tokens (as written), at (its middle), middle (ms, within a cell's width of the exact one), calls.
    """
    found = []
    for _, rows in frame.sort_values(["tokens_from", "ms_from"]).groupby("tokens_from", sort=True):
        low, high = (float(rows[edge].iloc[0]) for edge in ("tokens_from", "tokens_to"))
        up_to, half = rows["calls"].cumsum(), rows["calls"].sum() / 2
        cell = rows[(up_to >= half).to_numpy()].iloc[0]
        before = float(up_to[up_to < half].max()) if (up_to < half).any() else 0.0
        part = (half - before) / float(cell["calls"])
        middle = cell["ms_from"] * (cell["ms_to"] / cell["ms_from"]) ** part
        found.append((_tokens(low, high), (low * high) ** 0.5, middle, int(rows["calls"].sum())))
    return pd.DataFrame(found, columns=["tokens", "at", "middle", "calls"])


def _tokens(low: float, high: float) -> str:
    """The whole numbers in a range."""
    first, last = -int(-low // 1), -int(-high // 1) - 1
    shown = wording.count_exact
    return shown(first) if first >= last else f"{shown(first)} to {shown(last)}"


def _table(frame: pd.DataFrame, middles: pd.DataFrame) -> pd.DataFrame:
    """A row for each cell, then one for each middle."""
    ranges = list(zip(frame["tokens_from"], frame["tokens_to"], strict=True))
    times = list(zip(frame["ms_from"], frame["ms_to"], strict=True))
    total = int(frame["calls"].sum())
    drawn = pd.DataFrame(
        {
            "left": frame["tokens_from"],
            "right": frame["tokens_to"],
            "low": frame["ms_from"],
            "high": frame["ms_to"],
            "value": frame["calls"].astype(float),
            "tokens": [_tokens(*each) for each in ranges],
            "took": [" to ".join(map(wording.duration_ms, each)) for each in times],
            "exact": [wording.count_exact(int(calls)) for calls in frame["calls"]],
            "share": [wording.share(int(calls) / total) for calls in frame["calls"]],
            PICK_TOOK: [between(*each) for each in times],
            PICK_OUTPUT: [between(*each) for each in ranges],
        }
    )
    return pd.concat([drawn, middles[["at", "middle"]]], ignore_index=True)


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    low, high = shape.tokens
    ticks = [step for step in _ROUND if low <= step <= high]
    if len(ticks) > 9:
        ticks = [step for step in ticks if str(step)[0] == "1"]
    counted = axis(
        _NOTE, values=ticks, labelExpr=scale("tokens").label, domain=True, grid=False, labelOverlap="parity"
    )
    times = duration_axis(*shape.ms, most=9, grid=True)

    def x(field: str) -> alt.X:
        return alt.X(field=field, type="quantitative", axis=counted, scale=logarithmic(low, high))

    def y(field: str) -> alt.Y:
        return alt.Y(field=field, type="quantitative", axis=times, scale=logarithmic(*shape.ms))

    tips = tooltip(tokens="Output tokens", took="Took", exact="Calls", share="Share of calls")
    filled = (
        alt.Chart()
        .mark_rect()
        .encode(
            x=x("left"),
            x2=alt.X2(field="right"),
            y=y("low"),
            y2=alt.Y2(field="high"),
            color=_ramp(shape.most),
            tooltip=tips,
        )
    )
    lines = [
        alt.Chart()
        .mark_line(strokeWidth=wide, tooltip=None)
        .encode(x=x("at"), y=y("middle"), color=alt.ColorValue(alt.ExprRef(shade)))
        for wide, shade in ((5, "background"), (2, STRONG))  # the wide one sets the other off from dark cells
    ]
    return seal([pickable(filled, PICK_TOOK, PICK_OUTPUT), *lines], shape.title, 400)


def _powers(most: float) -> list[float]:
    """The labels of the ramp; two at least."""
    powers = [float(step) for step in _ROUND if step <= most and str(step)[0] == "1"]
    return powers if len(powers) > 1 else [*powers, most]


def _ramp(most: float) -> alt.Color:
    legend = alt.Legend(
        title="",
        orient="bottom",
        direction="horizontal",
        gradientLength=200,
        gradientThickness=8,
        values=_powers(most),
        labelExpr=scale("calls").label,
        labelFontSize=LABEL_SIZE,
        labelColor=QUIET_TEXT,
        padding=0,
        offset=8,
    )
    many = alt.Scale(type="log", domain=[1, most], range="heatmap")
    return alt.Color(field="value", type="quantitative", scale=many, legend=legend)
