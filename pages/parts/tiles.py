"""Tiles: a figure, how it changed, and its course."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from pages.parts import figures
from pages.parts.sentences import kept_only
from usage_core import wording
from usage_core.charts.sparkline import sparkline
from usage_core.metrics.definitions import METRICS, Unit
from usage_core.wording import Direction

# Five in a row, three on a small screen, two on a phone; Streamlit's own columns would be one there.
FIT = """<style>
.spark { height: 40px; background: currentColor; opacity: 0.6; mask-size: 100% 100%; }
.st-key-tiles > div { flex: 1 1 160px; min-width: 160px; }
@media (min-width: 641px) and (max-width: 1359px) { .st-key-tiles > div { flex-basis: 30%; } }
</style>"""

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


def tile(name: str, totals: figures.Totals, spark: pd.DataFrame, label: str = "", value: str = "") -> None:
    """A figure with its change against the period before and its course."""
    metric = METRICS[name]
    change = wording.change(
        totals.now[name], totals.before[name], lambda amount: wording.figure(metric.unit, amount)
    )
    arrow = {Direction.UP: "up", Direction.DOWN: "down"}.get(change.direction, "off")
    if not totals.before["calls"]:
        arrow = "off"  # with nothing to compare to, nothing got better or worse
    alike = arrow != "off" and totals.kept_from is None
    judged = {**dict.fromkeys(WORSE_WHEN_HIGHER, "inverse"), **dict.fromkeys(BETTER_WHEN_HIGHER, "normal")}
    known = spark[name].tolist() if totals.now[name] is not None else ()
    against = f"The change is against the period of equal length before{kept_only(totals.kept_from)}"
    box(
        name,
        label or metric.label,
        value or wording.figure(metric.unit, totals.now[name]),
        change.text,
        Course(known, metric.unit),
        delta_color=judged.get(name, "off") if alike else "off",
        delta_arrow=arrow,
        help=f"{metric.meaning}. {against}.",
    )


class Course(NamedTuple):
    """A figure over time, for drawing only; NaN where it is unknown."""

    values: Sequence[float]
    unit: Unit

    def picture(self) -> str:
        """The course as HTML, its ends in words; nothing where there is none."""
        known = [value for value in self.values if not math.isnan(value)]
        if not known:
            return ""
        low, high = (wording.figure(self.unit, self._amount(end)) for end in (min(known), max(known)))
        filled = self.unit not in (Unit.MS, Unit.TOKENS_PER_S)
        return sparkline(self.values, f"Over time: lowest {low}, highest {high}", filled=filled)

    def _amount(self, drawn: float) -> Decimal | float | int:
        if self.unit in (Unit.MS, Unit.TOKENS_PER_S):
            return drawn
        return Decimal(str(drawn)) if self.unit is Unit.USD else round(drawn)


def box(key: str, label: str, value: str, said: str | None, course: Course, **options: Any) -> None:
    """One tile: a figure, what is said of it, and its course."""
    with st.container(border=True, height="stretch", gap="xsmall", key=f"tile-{key}"):
        st.metric(label, value, said, **options)
        if picture := course.picture():
            st.html(picture)


def of_all(totals: figures.Totals, spark: pd.DataFrame) -> None:
    """The five figures of the Overview."""
    st.html(FIT)
    times = " / ".join(wording.duration_ms(totals.now[name]) for name in ("p50_ms", "p95_ms"))
    with st.container(horizontal=True, key="tiles"):
        tile("cost_usd", totals, spark, "Spend")
        tile("calls", totals, spark)
        tile("tokens", totals, spark)
        tile("p95_ms", totals, spark, "Time p50 / p95", times)
        tile("active_keys", totals, spark)
