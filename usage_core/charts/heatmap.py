"""Hour of the day by day of the week."""

from functools import lru_cache

import altair as alt
import pandas as pd

from usage_core import wording
from usage_core.charts.chart import (
    LABEL_SIZE,
    NO_CALLS,
    PICK_AT,
    QUIET_COLOUR,
    QUIET_TEXT,
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
from usage_core.charts.numbers import amounts
from usage_core.charts.units import Unit, scale, unknown

_NOTE = "Start of the hour. An outline is an hour without data"


def heatmap(
    frame: pd.DataFrame,
    title: str,
    unit: Unit,
    zone: str,
    told: tuple[tuple[str, str], ...] = (("exact", "Exactly"),),
) -> Chart:
    """Cells of 24 hours by seven days, Monday first, little to much in one hue.

    `frame`: weekday (1 is Monday, 7 Sunday), hour (0 to 23), value (float), exact (str); a cell that
    is missing, or without a value, has no data and is an outline, unlike a zero. With a column PICK_AT, the
    local start of a day as ISO text, a cell can be clicked and leads to that day. `told`: what a tooltip
    says of a cell besides, as columns of texts with their headings, the first of which is `exact`.
    """
    known = frame.dropna(subset=["value"])
    drawn = scale(unit, float(known["value"].max()) if len(known) else 0)
    head = heading(title, drawn.word, zone)
    if known.empty:
        return nothing(head, NO_CALLS if frame.empty else unknown(unit))
    table = _table(known, tuple(column for column, _ in told))
    day, start, most, exact = table.nlargest(1, "value")[["day", "time", "value", "exact"]].to_numpy()[0]
    peak = f"most on {day} at {start} ({drawn.shown(float(most)) if len(told) == 1 else exact})"
    figure = amounts(title.partition(" by ")[0], unit, drawn.word)[0]
    more = (Column(field, said, "exact") for field, said in told[1:])
    columns = (Column("day", "Day"), Column("time", "From"), figure, *more)
    return Chart(
        table, _spec(head, drawn.label, float(most) or 1.0, told), f"{head}: {peak}.", columns, "day"
    )


def _picked(frame: pd.DataFrame) -> list[str]:
    return [PICK_AT] if PICK_AT in frame else []


def _table(known: pd.DataFrame, texts: tuple[str, ...]) -> pd.DataFrame:
    """All 168 cells, those without data with a missing value."""
    cells = pd.MultiIndex.from_product([range(1, 8), range(24)], names=["weekday", "hour"])
    table = known.drop_duplicates(["weekday", "hour"]).set_index(["weekday", "hour"])[
        ["value", *texts, *_picked(known)]
    ]
    table = table.reindex(cells).reset_index()
    table["value"] = table["value"].astype(float)
    table[list(texts)] = table[list(texts)].fillna("no data")
    table["day"] = [wording.WEEKDAYS[weekday - 1] for weekday in table["weekday"]]
    table["time"] = [f"{hour:02d}:00" for hour in table["hour"]]
    return table.drop(columns=["weekday", "hour"])


@lru_cache(maxsize=256)
def _spec(title: str, label: str, most: float, told: tuple[tuple[str, str], ...]) -> Spec:
    hours = [f"{hour:02d}:00" for hour in range(24)]
    starts = axis(_NOTE, values=hours[::3], labelAngle=0, domain=False)
    days = axis(domain=False)
    band = alt.Scale(domain=list(wording.WEEKDAYS), padding=0.12)
    y = alt.Y(field="day", type="nominal", axis=days, sort=None, scale=band)
    x_scale = alt.Scale(domain=hours, padding=0.12)
    x = alt.X(field="time", type="nominal", axis=starts, sort=None, scale=x_scale)
    tips = tooltip(day="Day", time="From", **dict(told))
    cells = alt.Chart().mark_rect(cornerRadius=2)
    filled = cells.encode(x=x, y=y, color=ramp(label, most), tooltip=tips)
    outline = alt.Chart().mark_rect(cornerRadius=2, filled=False, strokeWidth=1, strokeOpacity=0.5)
    gaps = outline.encode(x=x, y=y, color=QUIET_COLOUR, tooltip=tips)
    gaps = gaps.transform_filter({"not": {"field": "value", "valid": True}})
    return seal([gaps, pickable(filled, PICK_AT)], title, 340)


def ramp(label: str, most: float) -> alt.Color:
    """Colour by the column `value`, from 0 to the most, with its scale under the chart."""
    legend = alt.Legend(
        title="",
        orient="bottom",
        direction="horizontal",
        gradientLength=200,
        gradientThickness=8,
        tickCount=3,
        labelExpr=label,
        labelFontSize=LABEL_SIZE,
        labelColor=QUIET_TEXT,
        padding=0,
        offset=8,
    )
    return alt.Color(
        field="value", type="quantitative", scale=alt.Scale(domain=[0, most], range="heatmap"), legend=legend
    )
