"""Durations on a logarithmic axis: round ticks, and labels in ms, s, min or h."""

import math
from typing import Any

import altair as alt

from usage_core.charts.chart import axis

_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, *(n * 1000 for n in (1, 2, 5, 10, 20)))
_ROUND_MS = (*_STEPS, *(n * 60_000 for n in (1, 2, 5, 10, 20, 60, 120, 300, 600, 1440)))
_ROUNDER_MS = (1, 10, 100, *(n * 1000 for n in (1, 10)), *(n * 60_000 for n in (1, 10, 60, 600)))

_LABEL = (
    "datum.value < 1000 ? datum.value + ' ms' : datum.value < 60000 ? datum.value / 1000 + ' s' : "
    "datum.value < 3600000 ? datum.value / 60000 + ' min' : datum.value / 3600000 + ' h'"
)

_UNITS = (("h", 3_600_000), ("min", 60_000), ("s", 1000))
"""Units and the least ms that are said in them, as `_LABEL` does."""

_LEAST_SPAN = 8.0
"""The end of an axis is at least so many times its beginning: the bar of one call is a bar, not a wall."""

LEAST_MS = 1.0
"""A logarithm has no zero: shorter times are drawn as this."""


def ticks(low: float, high: float, most: int = 12) -> list[float]:
    """The round durations from low to high (ms), the rounder ones where there would be too many."""
    found = [float(value) for value in _ROUND_MS if low <= value <= high]
    if len(found) > most:
        found = [float(value) for value in _ROUNDER_MS if low <= value <= high]
    return found


def roomy(low: float, high: float) -> tuple[float, float]:
    """The ends of an axis that holds all from low to high (ms), and is not too short."""
    spare = max(1.0, math.sqrt(_LEAST_SPAN * low / high))
    return low / spare, high * spare


def duration_axis(low: float, high: float, most: int = 12, *, grid: bool = False) -> alt.Axis:
    """An axis of durations from low to high (ms)."""
    overlap: dict[str, Any] = {} if grid else {"labelOverlap": "parity", "labelSeparation": 8}
    return axis(values=ticks(low, high, most), labelExpr=_LABEL, domain=not grid, grid=grid, **overlap)


def units(low: float, high: float) -> str:
    """The units of such an axis, as a title says them: "ms to min"."""
    first, last = _unit(low), _unit(high)
    return first if first == last else f"{first} to {last}"


def _unit(ms: float) -> str:
    return next((name for name, least in _UNITS if ms >= least), "ms")


def logarithmic(low: float, high: float) -> alt.Scale:
    """The scale of such an axis."""
    return alt.Scale(type="log", domain=[low, high], nice=False)


def duration_x(field: str, low: float, high: float) -> alt.X:
    """A horizontal axis of durations from low to high (ms)."""
    scale = logarithmic(low, high)
    return alt.X(field=field, type="quantitative", axis=duration_axis(low, high), scale=scale)
