"""What a chart is, and what all charts have in common."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import altair as alt
import pandas as pd
from altair.utils import schemapi

from usage_core.charts.palette import NAMED, OTHER, QUIET
from usage_core.timeframe import Grain

# Checking every part of every spec takes a quarter of a page's first drawing; the tests do it instead.
schemapi.disable_debug_mode()

Spec: TypeAlias = dict[str, Any]

HEIGHT = 320
"""Pixels, title, axes and legend included."""

MAX_HEIGHT = 420

LABEL_SIZE = 12
"""Pixels, of what is written beside the data."""

_TITLE_LINE = 44
"""The longest title on one line: what a phone of 390 pixels shows."""

QUIET_TEXT = alt.ExprRef(QUIET)
QUIET_COLOUR = alt.ColorValue(QUIET_TEXT)

_NAME_LIMIT = alt.ExprRef("windowSize()[0] < 640 ? 112 : windowSize()[0] < 1200 ? 150 : 264")

_ROOM = "(0 * width + (containerSize()[0] || width))"
"""Pixels of the whole chart. Its drawing's `width` shrinks while axes and legend find their places, and a
legend of three columns for which two have room would be cut; but it says when to look again."""

_COLUMN = f"({_ROOM} < 640 ? 200 : 300)"
"""Pixels of a legend's column: in a wide chart a name of 40 letters is read whole."""

NO_CALLS = "No calls in this timeframe"

PICK = "pick"
"""The parameter of a spec that holds what was clicked, as far as anything can be."""

PICKED = "picked"
"""The marks of a spec that can be clicked."""

PICK_NAME, PICK_AT = "pick_name", "pick_at"
"""Columns that are not drawn: the whole name of what a mark stands for, and the local start of its
period as ISO text, or its first and last day ("2026-11-03/2026-11-03") where it lies in no timeframe;
missing where there is none to narrow to, as for "Other"."""

PICK_TOOK, PICK_OUTPUT = "pick_took", "pick_output"
"""Likewise the completion times (ms) and the output tokens of a mark's calls, as `whole_numbers` has them."""

PICKS = (PICK_NAME, PICK_AT, PICK_TOOK, PICK_OUTPUT)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a chart's table in numbers."""

    field: str
    """The column of the chart's frame."""
    heading: str
    kind: Literal["text", "share", "exact", "count", "number"] = "text"
    """Names; shares as they are written; amounts or whole numbers written in full; plain numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """A picture of a small table.

    Draw it with `pages.parts.drawn.chart`. The spec is shared between all who ask for the same chart:
    read it, do not change it.
    """

    frame: pd.DataFrame
    spec: Spec
    alternative: str
    """The chart in a sentence, for those who do not see it."""
    columns: tuple[Column, ...] = ()
    """What `charts.numbers` shows of the frame; nothing where there are no numbers."""
    grain: Grain | None = None
    """The length of the period that begins at `PICK_AT`."""


def heading(title: str, *units: str) -> str:
    """A chart's title with its unit and zone; a unit that the title begins with is not said twice."""
    said = [unit for unit in units if unit and not title.lower().startswith(unit.lower())]
    return f"{title} ({', '.join(said)})" if said else title


def title_lines(text: str) -> alt.TitleParams:
    """A title that fits a phone: one too long for a line goes on before its units."""
    front, bracket, units = text.rpartition(" (")
    lines = [front, f"({units}"] if bracket and len(text) > _TITLE_LINE else [text]
    return alt.TitleParams(text=lines, fontSize=14, fontWeight=600, offset=16, anchor="start", frame="bounds")


def seal(marks: alt.Chart | list[alt.Chart], title: str, height: int = HEIGHT) -> Spec:
    """The finished spec of some marks, or of layers of marks, without data.

    Put together here: Altair copies and checks each layer several times over, which takes as long as all
    that a page asks the store. So does `alt.value`, which looks through the whole schema for what it is a
    value of: charts say it, as in `alt.YValue(0)`.
    """
    if isinstance(marks, list):
        _say_axes_once(marks)
        spec: Spec = {"layer": [_drawn(each) for each in marks]}
        picks = [pick | {"views": [PICKED]} for each in spec["layer"] for pick in each.pop("params", ())]
    else:
        spec = _drawn(marks)
        picks = spec.pop("params", [])
    spec |= {"title": title_lines(title).to_dict(validate=False), "width": "container"}
    spec |= {"height": min(height, MAX_HEIGHT)} | ({"params": picks} if picks else {})
    # At the right, text is measured a few pixels too short before its font is there, and would be cut.
    spec["padding"] = {"bottom": 8, "right": 8}
    _quieten(spec)
    return spec


def _drawn(marks: alt.Chart) -> Spec:
    found: Spec = marks.to_dict(validate=False, context={"top_level": False})
    return {key: part for key, part in found.items() if key != "data"}


def _say_axes_once(layers: list[alt.Chart]) -> None:
    """What the first layer says of an axis holds for all that share it. Said by each, it is two thirds of a
    spec: to be made, to be written into every run, and taken apart and compared by every browser."""
    said: dict[str, alt.Axis] = {}
    for layer in layers:
        for name in ("x", "y"):
            channel = getattr(layer.encoding, name, None)
            axis = channel._kwds["axis"] if isinstance(channel, alt.X | alt.Y) else None
            if channel is None or not isinstance(axis, alt.Axis):
                continue
            if name not in said:
                said[name] = axis
            elif axis == said[name]:
                unsaid = channel.copy(deep=False)  # the layers may share it
                unsaid.axis = alt.Undefined
                setattr(layer.encoding, name, unsaid)


def _quieten(spec: Spec) -> None:
    """A screen reader says a chart's sentence and of its parts only those that say something themselves:
    without it, it would read out coordinates, axes and hundreds of dots. The table has all of it."""
    spec["config"] = {"aria": False}
    for part in [spec, *spec.get("layer", [])]:
        if "mark" in part:
            mark = part["mark"] if isinstance(part["mark"], dict) else {"type": part["mark"]}
            part["mark"] = mark if "description" in mark else {**mark, "aria": False}


def pickable(marks: alt.Chart, *fields: str) -> alt.Chart:
    """Marks that can be clicked, which picks what these columns of the frame say of them.

    The pointer is a hand only over marks of which something is said: a page that lets nothing be
    picked leaves the columns out.
    """
    said = " || ".join(f"isValid(datum.{field})" for field in fields)
    mark = marks.mark if isinstance(marks.mark, alt.MarkDef) else alt.MarkDef(type=marks.mark)
    hand = {"cursor": {"expr": f"{said} ? 'pointer' : 'default'"}}
    clicked = alt.selection_point(name=PICK, fields=list(fields), on="click", clear=False)
    found: alt.Chart = marks.copy(deep=False)
    # Named here: a name of Altair's own making changes with the data, and with it the chart's identity.
    found.name, found.mark, found.params = PICKED, mark.to_dict() | hand, [clicked.param]
    return found


def spoken(*fields: str) -> alt.ExprRef:
    """What a screen reader says of a mark: these columns. For a few marks, one for each name; of many it
    says nothing, as the chart's sentence and its table do."""
    return alt.ExprRef(" + ', ' + ".join(f"datum.{field}" for field in fields))


def tooltip(**titles: str) -> list[alt.Tooltip]:
    """A tooltip of texts: column=title, in order. Texts, so that no locale of the browser rewrites them."""
    return [alt.Tooltip(field=column, type="nominal", title=title) for column, title in titles.items()]


def colour(names: Sequence[str], other: str | None, legend: Sequence[str] = ()) -> alt.Color:
    """Colour by the column `name`: the n-th name has the n-th colour, `other` the grey after them.

    The scale takes its colours from the theme by position, so the places without a name are filled
    with control characters, which no name shown holds. `legend` says which names it lists.
    """
    empty = [chr(code) for code in range(1, NAMED + 2)]
    domain = [*names, *empty[len(names) : NAMED], other or empty[OTHER]]
    scale = alt.Scale(domain=domain, range="category")
    return alt.Color(field="name", type="nominal", scale=scale, legend=_legend(legend) if legend else None)


def _legend(names: Sequence[str]) -> alt.Legend:
    return alt.Legend(
        title="",
        values=list(names),
        orient="bottom",
        direction="horizontal",
        columns=alt.ExprRef(f"max(2, min({len(names)}, floor({_ROOM} / {_COLUMN})))"),
        labelLimit=alt.ExprRef(f"windowSize()[0] < 640 ? 120 : {_COLUMN} - 30"),
        labelFontSize=LABEL_SIZE,
        labelColor=QUIET_TEXT,
        symbolType="square",
        symbolSize=90,
        symbolStrokeWidth=0,
        symbolOpacity=1,
        padding=0,
        offset=8,
        columnPadding=16,
        rowPadding=4,
        labelPadding=6,
    )


def axis(note: str | list[str] | None = None, **options: Any) -> alt.Axis:
    """An axis without ticks and title; `note` is a line under it, or several, not its title."""
    plain: dict[str, Any] = {"ticks": False, "labelPadding": 8, "labelFlush": False, "labelColor": QUIET_TEXT}
    said: dict[str, Any] = {
        "titleAnchor": "start",
        "titleFontSize": LABEL_SIZE,
        "titlePadding": 8,
        "titleColor": QUIET_TEXT,
    }
    return alt.Axis(title=note, **(plain | said | options))


def name_axis() -> alt.Axis:
    """The axis of a list of names: long ones end with an ellipsis, and are whole in the tooltip."""
    return axis(labelLimit=_NAME_LIMIT, domain=False)


def written(x: alt.X, y: Any, column: str, **mark: Any) -> alt.Chart:
    """Text of a column beside the data, in the theme's quiet colour."""
    mark = {"fontSize": LABEL_SIZE, "tooltip": None} | mark
    text = alt.Text(field=column, type="nominal")
    chart: alt.Chart = alt.Chart().mark_text(**mark).encode(x=x, y=y, text=text, color=QUIET_COLOUR)
    return chart


def whole_numbers(lower: float, upper: float) -> tuple[int, int]:
    """The first and the last whole number of a bin (lower included, upper not); that of 1 holds 0, too."""
    return (0 if lower <= 1 else math.ceil(lower)), math.ceil(upper) - 1


def between(lower: float, upper: float) -> str:
    """A bin as it is picked: "1000-1413", both ends included."""
    return "{}-{}".format(*whole_numbers(lower, upper))


def nothing(title: str, note: str = NO_CALLS) -> Chart:
    """The chart of which there is nothing to draw: it keeps its title and its place, and says why."""
    frame = pd.DataFrame({"note": [note]})
    mark = alt.Chart().mark_text(fontSize=14, tooltip=None)
    chart = mark.encode(text=alt.Text(field="note", type="nominal"), color=QUIET_COLOUR)
    return Chart(frame, seal(chart, title, 160), f"{title}: {note[:1].lower()}{note[1:]}.")
