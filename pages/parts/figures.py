"""Answers in the shape that tiles, tables and charts take."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from pages.parts.sidebar import NOT_GIVEN, labels
from usage_core import cached, timeframe, wording
from usage_core.charts.periods import Periods
from usage_core.metrics.definitions import METRICS, OVERVIEW, Unit
from usage_core.metrics.question import Question
from usage_core.names import shown
from usage_core.periods import buckets, is_over
from usage_core.selection import FILTERS, UNKNOWN, Selection
from usage_core.timeframe import Grain, Timeframe

COLOURED = 8
"""Series with a colour of their own; the rest is Other."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a selection and of the period of equal length before it, by name."""

    now: dict[str, Any]
    before: dict[str, Any]
    kept_from: date | None = None
    """The day from which on calls of the period before are kept, where it is a part of it only: then the
    two are not alike, and what changed is neither good nor bad."""


@cached.shared
def totals(selection: Selection) -> Totals:
    """The Overview's figures, now and before."""
    return compared(selection, OVERVIEW)


def compared(selection: Selection, metrics: tuple[str, ...]) -> Totals:
    """Figures of all calls together, now and before."""
    now, before = (
        cached.answer(Question(which, metrics)).to_dict("records")[0]
        for which in (selection, selection.previous)
    )
    return Totals(now, before, kept_from(selection.timeframe))


@cached.shared
def kept_from(frame: Timeframe) -> date | None:
    """The day within the period before a timeframe from which on calls are kept; None where it is whole, or
    holds none."""
    first = cached.held().first
    if first is None or first < frame.previous.start + timedelta(days=1) or first >= frame.start:
        return None
    return first.astimezone(timeframe.zone_info(frame.zone)).date()


@cached.shared
def calls(selection: Selection) -> int:
    """How many calls a selection holds."""
    return int(cached.answer(Question(selection, ("calls",))).at[0, "calls"])


def grain(frame: Timeframe) -> Grain:
    """The periods a timeframe is cut into, so that a chart has at most about a hundred."""
    if frame.days <= 3:
        return "hour"
    if frame.days <= 95:
        return "day"
    return "week" if frame.days <= 700 else "month"


def periods(selection: Selection) -> Periods:
    """The time axis of a selection's charts."""
    frame = selection.timeframe
    every = buckets(frame, grain(frame))
    over = is_over(frame, grain(frame))
    return Periods(grain(frame), frame.zone, not over, every[0], every[-1])


def names(dimension: str, values: Iterable[str | None]) -> tuple[str, ...]:
    """Values of a breakdown as a person reads them, in their order."""
    known = labels(dimension) if dimension in FILTERS else {}
    return tuple(known.get(value or UNKNOWN) or (shown(value) if value else NOT_GIVEN) for value in values)


AMOUNTS = ("cost_usd", "calls", "input_tokens", "output_tokens", "unpriced_calls")


@cached.shared
def ranking(selection: Selection, dimension: str, metrics: tuple[str, ...] = AMOUNTS) -> pd.DataFrame:
    """One row per value, largest by the first figure first: value, name, the figures, share of the first."""
    by = metrics[0]
    frame = cached.answer(Question(selection, metrics, (dimension,)))
    frame = frame.rename(columns={dimension: "value"})
    frame["name"] = names(dimension, frame["value"])
    total = sum((amount for amount in frame[by] if amount is not None), Decimal(0))
    frame["share"] = [float(amount / total) if amount is not None and total else None for amount in frame[by]]
    return frame


@cached.shared
def order(selection: Selection, dimension: str) -> tuple[str, ...]:
    """The values that have a colour of their own, the costliest first: the same on every page."""
    values = ranking(selection, dimension)["value"].head(COLOURED)
    return tuple(value or UNKNOWN for value in values)


@cached.shared
def over_time(
    selection: Selection, metric: str, dimension: str | None = None, keep: tuple[str, ...] | None = None
) -> pd.DataFrame:
    """bucket, series, value (float), exact (text), calls: one row per period and series.

    Series are the values in `keep`, or else those that have a colour of their own, and Other.
    """
    step = grain(selection.timeframe)
    keep = (keep or order(selection, dimension)) if dimension else None
    by = (step, dimension) if dimension else (step,)
    wanted = tuple(dict.fromkeys((metric, "calls")))
    frame = cached.answer(Question(selection, wanted, by, keep)).rename(columns={step: "bucket"})
    if dimension:
        frame["series"] = names(dimension, frame.pop(dimension))
    else:
        frame["series"] = METRICS[metric].label
    frame["exact"] = [wording.figure_exact(METRICS[metric].unit, amount) for amount in frame[metric]]
    frame["value"] = floats(frame[metric])
    return frame[["bucket", "series", "value", "exact", "calls"]]


@cached.shared
def top(selection: Selection, dimension: str, metrics: tuple[str, ...] = AMOUNTS) -> pd.DataFrame:
    """The ranking as a chart takes it: name, value (float), exact, share, calls."""
    by, frame = metrics[0], ranking(selection, dimension, metrics)
    frame["exact"] = [wording.figure_exact(METRICS[by].unit, amount) for amount in frame[by]]
    frame["value"] = floats(frame[by])
    return frame[["name", "value", "exact", "share", "calls"]]


TILES = ("cost_usd", "calls", "tokens", "p95_ms", "active_keys")


@cached.shared
def every_period(selection: Selection) -> pd.DataFrame:
    """The figures of the Overview's tiles for every period: index bucket, floats; for sparklines.

    Amounts of a period without calls are 0; its completion times are missing.
    """
    frame = by_period(selection, TILES)
    return frame.fillna({name: 0.0 for name in TILES if METRICS[name].unit is not Unit.MS})


def by_period(selection: Selection, metrics: tuple[str, ...]) -> pd.DataFrame:
    """Figures for every period: index bucket, floats, missing where unknown."""
    step = grain(selection.timeframe)
    frame = cached.answer(Question(selection, metrics, (step,))).set_index(step)
    frame = frame.reindex(buckets(selection.timeframe, step))
    return pd.DataFrame({name: floats(frame[name]) for name in metrics}, index=frame.index)


def floats(values: "pd.Series[Any]") -> "pd.Series[float]":
    """For drawing only; what is unknown is missing."""
    return pd.Series(
        [None if pd.isna(value) else float(value) for value in values], values.index, dtype=float
    )
