"""How the completion times of several series are distributed, as shares, so that volumes do not matter."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts.chart import (
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
from usage_core.charts.durations import duration_x, roomy
from usage_core.charts.names import shortened
from usage_core.charts.numbers import CALLS
from usage_core.charts.palette import NAMED
from usage_core.charts.units import amount_axis, scale, unknown
from usage_core.names import told_apart

MOST = 6
"""More lines than this cannot be told apart."""

_SPARE = (1, 5, 3, 2, 7, 6, 0, 4)
"""In which order colours are lent to lines that have none: first those least like their neighbours."""

_NAME_LIMIT = alt.ExprRef("max(120, 0.6 * width)")
"""Pixels of a name at its line's peak."""

_NEAR = 0.35
"""The part of the axis that is near its end: half of a long name."""

_DIRECT = 3
"""Up to so many lines are named at their peaks, more in a legend."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    names: tuple[str, ...]
    """A name for each colour, a control character where no line has it."""
    legend: tuple[str, ...]
    domain: tuple[float, float]


def distribution(
    frame: pd.DataFrame, title: str, order: Sequence[str], drawn: Sequence[str], zone: str = ""
) -> Chart:
    """A line for each series over bins of completion times: the share of its calls in each bin.

    `frame`: series (str), lower, upper (ms, lower included, upper not), calls (int), in bins that grow by
    the same factor. `drawn` are the series to draw, at most six; those in `order`, the same as on the
    page's other charts, keep their colour, and others are dashed, in colours that are left over. A line can
    be picked.
    """
    head = heading(title, "% of its calls", zone)
    counted = frame[(frame["calls"] > 0) & frame["series"].isin(list(drawn)[:MOST])]
    if counted.empty:
        return nothing(head, unknown("ms"))
    present = [name for name in list(drawn)[:MOST] if name in set(counted["series"])]
    labels = told_apart(present)
    table = _table(counted, labels)
    own = {labels[name] for name in present if name in order}
    table["line"] = ["own" if name in own else "left over" for name in table["name"]]
    shape = _Shape(
        head,
        _coloured(present, order, labels),
        tuple(labels.values()),
        roomy(float(table["took_ms"].min()), float(table["took_ms"].max())),
    )
    table["side"] = _sides(table["took_ms"], shape.domain)
    peaks = [f"{shortened(name)} {took}" for name, took in _peaks(table)]
    columns = (Column("name", "Name"), Column("took", "Took"), Column("share", "Share", "share"), CALLS)
    words = f"{head}: most often {wording.joined(peaks)}."
    return Chart(table.reset_index(drop=True), _spec(shape), words, columns)


class _Point(NamedTuple):
    """One bin of one line, as it is drawn."""

    name: str
    pick_name: str
    took_ms: float
    part: float
    took: str
    share: str
    calls: str
    peak: str


def _table(counted: pd.DataFrame, labels: Mapping[object, str]) -> pd.DataFrame:
    """The lines of all series, one after another, as `_line` has them."""
    growth = math.log2(float((counted["upper"] / counted["lower"]).iloc[0]))
    held: dict[object, dict[int, int]] = {series: {} for series in labels}
    for series, lower, calls in zip(counted["series"], counted["lower"], counted["calls"], strict=True):
        held[series][round(math.log2(lower) / growth)] = int(calls)
    rows = [row for series, name in labels.items() for row in _line(str(series), name, held[series], growth)]
    return pd.DataFrame(rows, columns=list(_Point._fields))


def _line(series: str, name: str, calls: Mapping[int, int], growth: float) -> Iterator[_Point]:
    """Every bin from before the first to after the last with calls; the others are known to have none."""
    total, most = sum(calls.values()), max(calls.values())
    peak = min(place for place, some in calls.items() if some == most)
    for place in range(min(calls) - 1, max(calls) + 2):
        if not _holds_one(place, growth):
            continue
        edges = 2 ** (place * growth), 2 ** ((place + 1) * growth)
        some = calls.get(place, 0)
        yield _Point(
            name,
            series,
            math.sqrt(edges[0] * edges[1]),
            some / total,
            " to ".join(map(wording.duration_ms, edges)),
            wording.share(some / total),
            wording.count_exact(some),
            name if place == peak else "",
        )


def _sides(took: "pd.Series[float]", domain: tuple[float, float]) -> list[str]:
    """How a name at a time is aligned: one near an end of the axis goes inwards."""
    low, high = map(math.log, domain)
    places = [(math.log(ms) - low) / (high - low) for ms in took]
    return ["left" if place < _NEAR else "right" if place > 1 - _NEAR else "center" for place in places]


def _holds_one(place: int, growth: float) -> bool:
    """Whether a whole number of ms lies in a bin: the shortest bins are too narrow for one."""
    return math.ceil(2 ** (place * growth)) < 2 ** ((place + 1) * growth)


def _peaks(table: pd.DataFrame) -> list[tuple[str, str]]:
    peaks = table[table["peak"] != ""]
    return list(zip(peaks["name"], peaks["took"], strict=True))


def _coloured(present: Sequence[str], order: Sequence[str], labels: dict[object, str]) -> tuple[str, ...]:
    """Which name has which colour: its own by its place in the order, or one that nobody here has."""
    names = [chr(place + 1) for place in range(NAMED)]
    for name in present:
        if name in list(order)[:NAMED]:
            names[list(order).index(name)] = labels[name]
    for name in present:
        if labels[name] not in names:
            free = next(place for place in _SPARE if names[place] == chr(place + 1))
            names[free] = labels[name]
    return tuple(names)


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    x = duration_x("took_ms", *shape.domain)
    y = alt.Y(field="part", type="quantitative", axis=amount_axis(scale("share").label))
    direct = len(shape.legend) <= _DIRECT
    shade = colour(shape.names, None, () if direct else shape.legend)
    dashes = alt.Scale(domain=["own", "left over"], range=[[1, 0], [5, 3]])
    dashed = alt.StrokeDash(field="line", type="nominal", scale=dashes, legend=None)
    tips = tooltip(name="Name", took="Took", share="Share", calls="Calls")
    layers = [
        alt.Chart()
        .mark_line(strokeWidth=2, interpolate="monotone", tooltip=None)
        .encode(x=x, y=y, color=shade, strokeDash=dashed),
        # Wide and unseen: what the pointer hits.
        pickable(
            alt.Chart()
            .mark_point(size=260, filled=True, opacity=0)
            .encode(x=x, y=y, color=shade, tooltip=tips),
            PICK_NAME,
        ),
    ]
    if direct:
        layers.append(
            written(
                x, y, "peak", align=alt.ExprRef("datum.side"), limit=_NAME_LIMIT, baseline="bottom", dy=-6
            )
        )
    return seal(layers, shape.title)
