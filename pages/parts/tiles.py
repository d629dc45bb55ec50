"""Tiles: a figure, how it changed, and its course."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from pages.parts import figures
from pages.parts.sentences import kept_only
from pages.parts.text import plain
from usage_core import wording
from usage_core.charts.sparkline import sparkline
from usage_core.metrics.definitions import METRICS, Unit
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


class Row:
    """Tiles beside each other; see `row`."""

    def __init__(self) -> None:
        self.courses: list[str] = []

    def box(self, label: str, value: str, said: str | None, course: Course, help_: str, **how: Any) -> None:
        """One tile: a figure, what is said of it, and its course."""
        picture = course.picture()
        self.courses.append(picture)
        about = f"{help_} {plain(course.said())}" if picture else help_
        st.metric(label, value, said, border=True, height="stretch", help=about, **how)

    def tile(
        self, name: str, totals: figures.Totals, spark: pd.DataFrame, label: str = "", value: str = ""
    ) -> None:
        """A figure with its change against the period before and its course."""
        metric = METRICS[name]
        change = wording.change(
            totals.now[name], totals.before[name], lambda amount: wording.figure(metric.unit, amount)
        )
        known = spark[name].tolist() if totals.now[name] is not None else ()
        against = f"The change is against the period of equal length before{kept_only(totals.kept_from)}"
        self.box(
            label or metric.label,
            value or wording.figure(metric.unit, totals.now[name]),
            change.text,
            Course(known, metric.unit),
            f"{metric.meaning}. {against}.",
            **_judged(name, totals, change.direction),
        )


def _judged(name: str, totals: figures.Totals, direction: Direction) -> dict[str, Any]:
    """The colour and arrow of a change."""
    arrow = {Direction.UP: "up", Direction.DOWN: "down"}.get(direction, "off")
    if not totals.before["calls"]:
        arrow = "off"  # with nothing to compare to, nothing got better or worse
    alike = arrow != "off" and totals.kept_from is None
    judged = {**dict.fromkeys(WORSE_WHEN_HIGHER, "inverse"), **dict.fromkeys(BETTER_WHEN_HIGHER, "normal")}
    return {"delta_color": judged.get(name, "off") if alike else "off", "delta_arrow": arrow}


@contextmanager
def row() -> Iterator[Row]:
    """Tiles beside each other: five on a wide screen, three on a small one, two on a phone."""
    made = Row()
    with st.container(horizontal=True, key="tiles"):
        yield made
        drawn = [COURSE % (place, each) for place, each in enumerate(made.courses, 1) if each]
        if drawn:
            st.html(f"<style>{' '.join(drawn)}</style>")


def of_all(totals: figures.Totals, spark: pd.DataFrame) -> None:
    """The five figures of the Overview."""
    times = " / ".join(wording.duration_ms(totals.now[name]) for name in ("p50_ms", "p95_ms"))
    with row() as tiles:
        tiles.tile("cost_usd", totals, spark, "Spend")
        tiles.tile("calls", totals, spark)
        tiles.tile("tokens", totals, spark)
        tiles.tile("p95_ms", totals, spark, "Time p50 / p95", times)
        tiles.tile("active_keys", totals, spark)
