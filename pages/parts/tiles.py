"""Tiles: a figure, how it changed, and its course."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import pandas as pd
import streamlit as st

from pages.parts import figures
from pages.parts.sentences import kept_only
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.charts.sparkline import sparkline
from usage_core.metrics.definitions import METRICS, Unit
from usage_core.selection import Selection
from usage_core.wording import Direction

# All of a row's courses in one message: each of its own would cost as much as the figure.
COURSE = """.st-key-tiles > :nth-child(%d) [data-testid="stMetric"]::after { content: ""; mask-image: %s; }"""

WORSE_WHEN_HIGHER = (
    "cost_usd",
    "cost_per_call",
    "cost_per_million_tokens",
    "unpriced_calls",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "max_ms",
)
BETTER_WHEN_HIGHER = ("output_tokens_per_s",)


class Course(NamedTuple):
    """A figure over time, for drawing only; NaN where it is unknown."""

    values: Sequence[float]
    unit: Unit

    def picture(self) -> str:
        """The course as CSS; nothing where there is none."""
        return sparkline(self.values, filled=self.unit not in (Unit.MS, Unit.TOKENS_PER_S))

    def said(self) -> str:
        """Its ends in words."""
        known = [value for value in self.values if not math.isnan(value)]
        low, high = (wording.figure(self.unit, self._amount(end)) for end in (min(known), max(known)))
        return f"Over time: lowest {low}, highest {high}."

    def _amount(self, drawn: float) -> Decimal | float | int:
        if self.unit in (Unit.MS, Unit.TOKENS_PER_S):
            return drawn
        return Decimal(str(drawn)) if self.unit is Unit.USD else round(drawn)


class Tile(NamedTuple):
    """A figure, what is said of it, and the picture of its course: all that there is to draw."""

    label: str
    value: str
    said: str | None
    help: str | None
    picture: str = ""
    colour: Literal["normal", "inverse", "off"] = "off"
    arrow: Literal["up", "down", "off"] = "off"


def with_course(label: str, value: str, said: str | None, course: Course, help_: str, **how: Any) -> Tile:
    """A tile whose help says the ends of its course, too."""
    picture = course.picture()
    return Tile(label, value, said, f"{help_} {plain(course.said())}" if picture else help_, picture, **how)


def compared(
    name: str, totals: figures.Totals, spark: pd.DataFrame, label: str = "", value: str = ""
) -> Tile:
    """A figure with its change against the period before and its course."""
    metric = METRICS[name]
    change = wording.change(
        totals.now[name], totals.before[name], lambda amount: wording.figure(metric.unit, amount)
    )
    known = spark[name].tolist() if totals.now[name] is not None else ()
    against = f"The change is against the period of equal length before{kept_only(totals.kept_from)}"
    return with_course(
        label or metric.label,
        value or wording.figure(metric.unit, totals.now[name]),
        change.text,
        Course(known, metric.unit),
        f"{metric.meaning}. {against}.",
        **_judged(name, totals, change.direction),
    )


def arrow(direction: Direction) -> Literal["up", "down", "off"]:
    """The arrow of a change."""
    return "up" if direction is Direction.UP else "down" if direction is Direction.DOWN else "off"


def _judged(name: str, totals: figures.Totals, direction: Direction) -> dict[str, Any]:
    """The colour and arrow of a change."""
    # With nothing to compare to, nothing got better or worse.
    shown = arrow(direction) if totals.before["calls"] else "off"
    alike = shown != "off" and totals.kept_from is None
    judged = {**dict.fromkeys(WORSE_WHEN_HIGHER, "inverse"), **dict.fromkeys(BETTER_WHEN_HIGHER, "normal")}
    return {"colour": judged.get(name, "off") if alike else "off", "arrow": shown}


def row(tiles: Sequence[Tile]) -> None:
    """Tiles beside each other: five on a wide screen, three on a small one, two on a phone."""
    with st.container(horizontal=True, key="tiles"):
        for tile in tiles:
            st.metric(
                tile.label,
                tile.value,
                tile.said,
                border=True,
                height="stretch",
                help=tile.help,
                delta_color=tile.colour,
                delta_arrow=tile.arrow,
            )
        drawn = [COURSE % (place, tile.picture) for place, tile in enumerate(tiles, 1) if tile.picture]
        if drawn:
            st.html(f"<style>{' '.join(drawn)}</style>")


@cached.shared
def of_all(selection: Selection) -> tuple[Tile, ...]:
    """The five figures of the Overview."""
    totals, spark = figures.totals(selection), figures.every_period(selection)
    times = " / ".join(wording.duration_ms(totals.now[name]) for name in ("p50_ms", "p95_ms"))
    return (
        compared("cost_usd", totals, spark, "Spend"),
        compared("calls", totals, spark),
        compared("tokens", totals, spark),
        compared("p95_ms", totals, spark, "Time p50 / p95", times),
        compared("active_keys", totals, spark),
    )
