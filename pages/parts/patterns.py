"""When calls are made and what is preferred: hours of the week, days, shares of models and providers."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts import drawn, drill, figures, pictures
from usage_core import cached, wording
from usage_core.charts.calendar import calendar
from usage_core.charts.chart import PICK_AT, Chart
from usage_core.charts.heatmap import heatmap
from usage_core.charts.periods import Periods
from usage_core.charts.shares import shares
from usage_core.metrics import week
from usage_core.metrics.covers import HOUR
from usage_core.metrics.definitions import METRICS, Unit
from usage_core.metrics.question import Question
from usage_core.periods import buckets, is_over
from usage_core.selection import UNKNOWN, Selection
from usage_core.timeframe import MINUTE, Timeframe

COUNTED = {"Calls": "calls", "Tokens": "tokens", "Cost": "cost_usd"}
LEAST_DAYS, WIDE_DAYS, LONG_DAYS = 7, 28, 366
"""From so many days on there is a calendar; it has the whole width; days without data are left out."""

WAYS = {"Mean": "mean", "Peak": "peak"}
TOLD = {
    "mean": (("exact", "Mean per hour"), ("of", "In all"), ("most", "Most in one hour")),
    "peak": (("exact", "Most in one hour"), ("when", "When"), ("usual", "Mean per hour")),
}


def controls() -> tuple[str, str]:
    """What is counted, and whether an hour shows its mean or its peak; both kept in the link."""
    with st.container(horizontal=True, key="pattern-controls"):
        counted = st.segmented_control(
            "Count", list(COUNTED), default="Calls", required=True, key="of", bind="query-params"
        )
        way = st.segmented_control(
            "Each hour of the week",
            list(WAYS),
            default="Mean",
            required=True,
            key="hour",
            bind="query-params",
            help="Mean: all of it by how often that hour occurred. Peak: the most that one such hour had.",
        )
    return COUNTED[counted], WAYS[way]


def lived(frame: Timeframe) -> Timeframe:
    """The part of a timeframe that is known: from the hour of the store's first call to that of its last,
    as far as it has passed. Whether there were calls before and after, no log says."""
    held = cached.held()
    if held.first is None or held.last is None:
        return frame
    first, last = (moment.replace(minute=0, second=0, microsecond=0) for moment in (held.first, held.last))
    # Calls may be dated ahead, by a log with a wrong clock; what they are dated has then passed, too.
    now = max(datetime.now(UTC), held.last).replace(second=0, microsecond=0) + MINUTE
    start, end = max(frame.start, first), min(frame.end, last + HOUR, now)
    return Timeframe(start, end, frame.zone) if start < end else frame


def mean_text(metric: str, amount: Any) -> str:
    """A mean amount."""
    return wording.money(amount) if METRICS[metric].unit is Unit.USD else wording.average(amount)


def drawable(amounts: Iterable[Any]) -> "pd.Series[float]":
    """Amounts for drawing and comparing only; what is unknown is missing."""
    return pd.Series([None if amount is None else float(amount) for amount in amounts], dtype=float)


def _amounts(metric: str, calls: Iterable[int], amounts: Iterable[Any]) -> list[Any]:
    """Amounts where there may be no calls, of which all is 0, or only calls of unknown amount: None."""
    zero = Decimal(0) if METRICS[metric].unit is Unit.USD else 0
    pairs = zip(calls, amounts, strict=True)
    return [zero if not n else None if pd.isna(amount) else amount for n, amount in pairs]


@cached.shared
def hours(selection: Selection, metric: str, known: Timeframe) -> pd.DataFrame:
    """A row for each hour of the week that occurred in the known part of the timeframe: weekday, hour,
    calls, total, peak, peak_at, times (how often it occurred), mean; amounts as `metrics.week` has them.

    An hour without calls has 0; one whose calls are of unknown amount, None.
    """
    found = cached.found(week.week, selection, metric).set_index(["weekday", "hour"])
    occurred = week.occurred(known)
    cells = found.reindex(pd.MultiIndex.from_tuples(sorted(occurred), names=["weekday", "hour"]))
    cells["calls"] = cells["calls"].fillna(0).astype(int)
    for name in ("total", "peak"):
        amounts = _amounts(metric, cells["calls"], cells[name])
        cells[name] = pd.Series(amounts, cells.index, dtype=object)
    cells["times"] = [week.times(occurred[hour]) for hour in sorted(occurred)]
    totals = zip(cells["total"], cells["times"], strict=True)
    means = [None if total is None else Decimal(total) / often for total, often in totals]
    return cells.assign(mean=pd.Series(means, cells.index, dtype=object)).reset_index()


@cached.shared
def week_chart(selection: Selection, metric: str, way: str, known: Timeframe) -> Chart:
    """The mean or the peak of each hour of the week."""
    cells, unit = hours(selection, metric, known), METRICS[metric].unit
    often = [_hours(times) for times in cells["times"]]
    when = [wording.UNKNOWN if pd.isna(at) else wording.day(at) for at in cells["peak_at"]]
    totals, peaks = ([wording.figure_exact(unit, n) for n in cells[name]] for name in ("total", "peak"))
    means = [mean_text(metric, mean) for mean in cells["mean"]]
    frame = pd.DataFrame(
        {
            "weekday": cells["weekday"],
            "hour": cells["hour"],
            "value": drawable(cells[way]),
            "exact": means if way == "mean" else peaks,
            "of": [f"{total} in {n}" for total, n in zip(totals, often, strict=True)],
            "most": [f"{peak}, {day}" for peak, day in zip(peaks, when, strict=True)],
            "when": when,
            "usual": means,
            PICK_AT: [None if pd.isna(at) else at.strftime("%Y-%m-%dT00:00") for at in cells["peak_at"]],
        }
    )
    title = f"{METRICS[metric].label} by hour and weekday, {way}"
    return heatmap(frame, title, unit, known.zone, TOLD[way])


def _hours(times: Decimal) -> str:
    return wording.plural(int(times), "hour") if times == int(times) else f"{wording.average(times)} hours"


@cached.shared
def calendar_chart(selection: Selection, metric: str, known: Timeframe) -> Chart:
    """Every day of the timeframe."""
    unit, wanted = METRICS[metric].unit, tuple(dict.fromkeys((metric, "calls")))
    frame = cached.answer(Question(selection, wanted, ("day",))).set_index("day")
    days = pd.date_range(known.first_day, known.last_day)
    frame = frame.reindex(days.union(frame.index)).rename_axis("day").reset_index()
    calls = frame["calls"].fillna(0).astype(int)
    amounts = _amounts(metric, calls, frame[metric])
    drawn = pd.DataFrame(
        {
            "day": frame["day"],
            "value": drawable(amounts),
            "exact": [wording.figure_exact(unit, amount) for amount in amounts],
            "calls": calls,
        }
    )
    return calendar(drawn, METRICS[metric].label, unit, _days(selection, known))


def by_day(selection: Selection, metric: str, known: Timeframe) -> dict[str, Chart]:
    """What shows the course of a timeframe, by key: the days of a calendar, or bars, or both."""
    days, charts = selection.timeframe.days, {}
    if days >= LEAST_DAYS:
        charts["calendar"] = calendar_chart(selection, metric, known)
    if days < WIDE_DAYS:
        charts["over-time"] = pictures.over_time(selection, metric)
    return charts


def _days(selection: Selection, known: Timeframe) -> Periods:
    """All days of the timeframe; of one longer than a year, those that are known."""
    frame = selection.timeframe if selection.timeframe.days <= LONG_DAYS else known
    every = buckets(frame, "day")
    growing = frame.last_day == known.last_day and not is_over(known, "day")
    return Periods("day", frame.zone, growing, every[0], every[-1])


def preferred(selection: Selection, metric: str) -> None:
    """Which models and providers have how much of it, over time."""
    for column, dimension in zip(st.columns(2), ("model", "provider"), strict=True):
        with column:
            drawn.chart(
                share_chart(selection, metric, dimension), f"shares-{dimension}", drill.Drill(dimension)
            )


@cached.shared
def share_chart(selection: Selection, metric: str, dimension: str) -> Chart:
    """Which part of each period a model or provider has."""
    label, unit = METRICS[metric].label, METRICS[metric].unit
    order = _greatest(selection, metric, dimension)
    frame = figures.over_time(selection, metric, dimension, order)
    title, named = f"Share of {label.lower()} by {dimension}", figures.names(dimension, order)
    return shares(frame, title, label, unit, figures.periods(selection), named)


def _greatest(selection: Selection, metric: str, dimension: str) -> tuple[str, ...]:
    """The values with the greatest shares, in the order of their colours.

    What costs most has its colour on every page and keeps it here; but what is called most may cost
    little, and takes the colours of those that are called less.
    """
    asked = tuple(dict.fromkeys((metric, "calls")))
    most = [value or UNKNOWN for value in figures.ranking(selection, dimension, asked)["value"]]
    shown = most[: figures.COLOURED]
    places = [value if value in shown else None for value in figures.order(selection, dimension)]
    rest = iter([value for value in shown if value not in places])
    places = [next(rest, None) if value is None else value for value in places]
    return tuple(value for value in (*places, *rest) if value is not None)
