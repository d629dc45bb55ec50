"""The units of the charts: the word in the title, how a value reads, how an axis is labelled."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import altair as alt

from usage_core import wording
from usage_core.charts.chart import NO_CALLS, axis

Unit: TypeAlias = Literal["USD", "calls", "tokens", "ms", "tokens/s", "share"]
"""What a chart's values are; "share" is a fraction of 1."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One unit as drawn. `label` is a constant expression over an axis tick, never made from data."""

    word: str
    label: str
    shown: Callable[[float], str]
    exact: Callable[[Decimal], str]
    """Writes a sum of amounts that were themselves written exactly."""


def _shortened(sign: str, from_k: str, small: str) -> str:
    """An axis label: T, B and M from a million, then `from_k`, then `small` below a thousand."""
    sizes = ((10**12, "T"), (10**9, "B"), (10**6, "M"))
    steps = [
        f"abs(datum.value) >= {size} ? format(datum.value / {size}, '{sign}.3~f') + ' {name}'"
        for size, name in sizes
    ]
    return " : ".join([*steps, f"abs(datum.value) >= 1000 ? {from_k}", small])


_DOLLARS = _shortened(
    "$",
    "format(datum.value, '$,.0f')",
    "datum.value == floor(datum.value) ? format(datum.value, '$.0f') : "
    "abs(datum.value) >= 0.1 ? format(datum.value, '$.2f') : format(datum.value, '$.5~f')",
)
_COUNT = _shortened(
    "",
    "abs(datum.value) >= 10000 ? format(datum.value / 1000, '.3~f') + ' k' : format(datum.value, ',.0f')",
    "format(datum.value, '.2~f')",
)


def _money(value: float) -> str:
    return wording.money(Decimal(str(value)))


def _count(value: float) -> str:
    return wording.count(round(value))


def _count_exact(value: Decimal) -> str:
    return wording.count_exact(round(value))


def _time(word: str, size: int) -> Scale:
    label = f"datum.value == 0 ? '0' : format(datum.value / {size}, ',.2~f') + ' {word}'"
    return Scale(word, label, wording.duration_ms, wording.duration_ms)


_TIMES = {1: _time("ms", 1), 1000: _time("s", 1000), 60_000: _time("min", 60_000)}
_SCALES: dict[Unit, Scale] = {
    "USD": Scale("USD", _DOLLARS, _money, wording.money_exact),
    "calls": Scale("calls", _COUNT, _count, _count_exact),
    "tokens": Scale("tokens", _COUNT, _count, _count_exact),
    # Its word is in the names of all figures that have it.
    "tokens/s": Scale("", _COUNT, wording.speed, wording.speed),
    "share": Scale("%", "format(datum.value * 100, '.2~f') + ' %'", wording.share, wording.share),
}


_UNKNOWN: dict[Unit, str] = {
    "USD": "No call here has a known price",
    "calls": NO_CALLS,
    "tokens": "No call here has a known number of tokens",
    "ms": "No call here has a completion time",
    "tokens/s": "No call here has both output tokens and a completion time",
    "share": "No call here has a completion time",
}


def unknown(unit: Unit) -> str:
    """Why there is nothing to draw of calls whose amounts are all unknown."""
    return _UNKNOWN[unit]


def scale(unit: Unit, largest: float = 0) -> Scale:
    """How a unit is drawn; a time is in ms, s or min for the whole axis, by its largest value."""
    if unit != "ms":
        return _SCALES[unit]
    return _TIMES[1 if largest < 1000 else 1000 if largest < 120_000 else 60_000]


def amount_axis(label: str, ticks: int = 5) -> alt.Axis:
    """The axis of a value: labels that carry the unit, faint lines, no title (the chart's says it)."""
    whole: dict[str, Any] = {"tickMinStep": 1} if label == _COUNT else {}
    return axis(labelExpr=label, tickCount=ticks, domain=False, grid=True, **whole)
