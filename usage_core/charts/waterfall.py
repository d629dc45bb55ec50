"""How one amount became another: what was added and what was taken away, one below the other."""

from dataclasses import dataclass
from functools import lru_cache

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts.chart import (
    PICK_NAME,
    QUIET_COLOUR,
    Chart,
    Column,
    Spec,
    axis,
    heading,
    name_axis,
    nothing,
    pickable,
    seal,
    spoken,
    tooltip,
    written,
)
from usage_core.charts.names import shortened
from usage_core.charts.palette import BETTER, NEUTRAL, WORSE
from usage_core.charts.units import Unit, scale
from usage_core.names import told_apart

_ROW, _FRAME = 30, 52
"""Pixels of a row, and of title and margin."""

_FLAT = 0.25
"""Where everything that happens takes less of the longest bar than this, it is drawn on its own scale."""

_ROOM = 0.06
"""The part of such a scale that is left free at either end."""

_CUT = "The scale does not begin at zero"


@dataclass(frozen=True, slots=True)
class _Shape:
    """Everything the spec is made of: two charts of one shape share it."""

    title: str
    rows: int
    cut: bool
    """Whether the scale does not begin at zero."""


def waterfall(frame: pd.DataFrame, title: str, unit: Unit, zone: str = "") -> Chart:
    """A bar for the amount at the start, one for each part that leads away from where the one before
    ended, and one for the amount at the end. What adds has the bad colour, what takes away the good one.

    `frame`: name (str), value (float: a whole amount, or a part with its sign), shown (str: as written
    beside the bar), exact (str), about (str: what it is), whole (bool: true for the first and the last
    row), and where a bar leads to something, PICK_NAME (str). Bars of whole amounts begin at zero; where
    the parts would be too small to see beside them, they are marks instead.
    """
    head = heading(title, scale(unit).word, zone)
    if frame.empty:
        return nothing(head)
    table = _table(frame)
    parts = zip(table["row"], table["shown"], strict=True)
    told = wording.joined([f"{shortened(name)} {shown}" for name, shown in parts])
    word = scale(unit).word
    columns = (
        Column("row", "Part"),
        Column("exact", word[0].upper() + word[1:], "exact"),
        Column("about", "What it is"),
    )
    return Chart(table, _spec(_Shape(head, len(table), _cut(table) is not None)), f"{head}: {told}.", columns)


def _table(frame: pd.DataFrame) -> pd.DataFrame:
    """What is drawn: each bar's edges, where it leads and to which row, and what is written."""
    labels = told_apart(frame["name"])
    whole = frame["whole"].to_numpy()
    values = frame["value"].astype(float)
    ends = values.where(whole, values.where(~whole, 0.0).cumsum() + values.iloc[0]).to_numpy()
    starts = ends - values.to_numpy()
    rows = [labels[name] for name in frame["name"]]
    table = pd.DataFrame(
        {
            "row": rows,
            "from": starts,
            "to": ends,
            "right": [max(edges) for edges in zip(starts, ends, strict=True)],
            "next": [*rows[1:], rows[-1]],
            "kind": [_kind(*row) for row in zip(whole, values, strict=True)],
            "shown": frame["shown"].to_numpy(),
            "longest": max(frame["shown"], key=len),
            "exact": frame["exact"].to_numpy(),
            "about": frame["about"].to_numpy(),
        }
    )
    if PICK_NAME in frame:
        table[PICK_NAME] = frame[PICK_NAME].to_numpy()
    cut = _cut(table)
    if cut is None:
        return table.assign(least=min(0.0, table["to"].min()), most=max(0.0, table["right"].max()))
    # Where there are marks, texts stand beside them.
    table["right"] = table["right"].where(table["kind"] != "whole", table["to"])
    return table.assign(least=cut[0], most=cut[1])


def _kind(whole: bool, value: float) -> str:
    return "whole" if whole else "worse" if value > 0 else "better"


def _cut(table: pd.DataFrame) -> tuple[float, float] | None:
    """The ends of a scale on which the parts can be seen, where one from zero would hide them."""
    low, high = float(table["to"].min()), float(table["to"].max())
    if not 0 < high - low < _FLAT * max(abs(low), abs(high)):
        return None
    room = (high - low) * _ROOM
    return low - room, high + room


@lru_cache(maxsize=256)
def _spec(shape: _Shape) -> Spec:
    # The order of the data is the order of the rows: no name appears in the spec.
    y = alt.Y(field="row", type="nominal", sort=None, axis=name_axis(), scale=alt.Scale(padding=0.25))
    bars = [_bars(kind, colour, shape, y) for kind, colour in _COLOURS.items()]
    leads = alt.Chart().mark_rule(strokeWidth=1, strokeOpacity=0.6, tooltip=None)
    lines = leads.encode(x=_x("to", shape), y=y, y2=alt.Y2(field="next"), color=QUIET_COLOUR)
    beside = {"align": "left", "baseline": "middle", "dx": 6}
    values = written(_x("right", shape), y, "shown", **beside)
    # Unseen, at the ends of the scale: so that there is room for every text, wherever its bar ends.
    room = [written(_x(edge, shape), y, "longest", opacity=0, **beside) for edge in ("least", "most")]
    return seal([lines, *bars, values, *room, _hit(y)], shape.title, _FRAME + _ROW * shape.rows)


_COLOURS = {"whole": NEUTRAL, "worse": WORSE, "better": BETTER}


def _bars(kind: str, colour: str, shape: _Shape, y: alt.Y) -> alt.Chart:
    chart = alt.Chart().transform_filter(alt.FieldEqualPredicate(field="kind", equal=kind))
    said = {"y": y, "color": alt.ColorValue(alt.ExprRef(colour))}
    if kind == "whole" and shape.cut:  # a bar's length would say nothing
        tick = chart.mark_tick(thickness=4, orient="vertical", tooltip=None)
        mark: alt.Chart = tick.encode(x=_x("to", shape), **said)
        return mark
    bar: alt.Chart = chart.mark_bar(tooltip=None).encode(x=_x("from", shape), x2=alt.X2(field="to"), **said)
    return bar


def _hit(y: alt.Y) -> alt.Chart:
    """The whole row tells about its part: a bar may be a hair's breadth."""
    row = alt.Chart().mark_bar(opacity=0, description=spoken("row", "exact", "about"))
    tips = tooltip(row="Part", exact="Exactly", about="What it is")
    hit: alt.Chart = row.encode(x=alt.XValue(0), x2=alt.X2Value("width"), y=y, tooltip=tips)
    return pickable(hit, PICK_NAME)


def _x(field: str, shape: _Shape) -> alt.X:
    if not shape.cut:
        return alt.X(field=field, type="quantitative", axis=None, scale=alt.Scale(zero=True, nice=False))
    under = axis(_CUT, labels=False, grid=False, domain=False)
    limits = alt.Scale(zero=False, nice=False)
    return alt.X(field=field, type="quantitative", axis=under, scale=limits)
