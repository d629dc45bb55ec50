"""The tables of the Latency page: every figure by model, what changed, and the slowest calls whole.

They are kept as they are sent, in Arrow, so that drawing one again costs nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.parts import drawn, drill, figures, latency_figures, tables
from pages.parts.drill import Drill
from usage_core import cached, wording
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.shifts import PERCENTILES, SPEED, Verdict
from usage_core.metrics.slow_calls import EVERY, Within, slow_calls
from usage_core.schema import COLUMNS, Form, usd
from usage_core.selection import Selection
from usage_core.timeframe import zone_info

SHOWN = {
    "calls": "Calls",
    "p50_ms": "p50 (ms)",
    "p90_ms": "p90 (ms)",
    "p95_ms": "p95 (ms)",
    "p99_ms": "p99 (ms)",
    "max_ms": "Longest (ms)",
    SPEED: "Tokens/s",
    "untimed_calls": "Without a time",
}
"""Figures of the table of all figures, and what they are headed."""

COMPARED = {"p50_ms": "p50", "p95_ms": "p95", "timed": "Calls", SPEED: "Tokens/s"}
"""Figures of which the table of changes has both, and what they are headed."""

COST = "Time cost (min)"

SAID = {
    Verdict.SLOWER: "▲ slower",
    Verdict.FASTER: "▼ faster",
    Verdict.SAME: "no clear change",
    Verdict.FEW: "too few calls",
    Verdict.NEW: "new",
    Verdict.GONE: "no calls now",
}

FIRST = (
    "completion_time_ms",
    "called_at",
    "api_key_name",
    "model",
    "provider",
    "output_tokens",
    "input_tokens",
    "time_to_first_token_ms",
    "cost_pico",
)
"""The columns of a slow call that tell most; the others follow in the record's order."""

Config: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to be sent, with the name that each of its rows narrows to and when it was (local)."""

    cells: pa.Table
    config: Config
    names: tuple[str, ...]
    at: tuple[str, ...] | None = None

    def draw(self, key: str, leads: Drill) -> None:
        """Show it; a row leads on."""
        options = {"column_config": self.config, "hide_index": True, "placeholder": wording.UNKNOWN}
        drill.table(self.cells, key, leads, drill.Rows(self.names, self.at, "hour"), **options)


def _ready(
    table: pd.DataFrame, config: Config, names: Iterable[str], at: Iterable[str] | None = None
) -> Table:
    return Table(tables.sent(table), config, tuple(names), None if at is None else tuple(at))


@cached.shared
def all_figures(selection: Selection, by: str) -> Table:
    """Every figure of every model, provider or key, the slowest first."""
    frame = latency_figures.ranking(selection, by)
    table, config = pd.DataFrame({drawn.HEADINGS[by]: frame["name"]}), dict[str, Any]()
    for name, heading in SHOWN.items():
        per_s = name == SPEED
        table[heading] = _number(frame[name]) if per_s else _whole(frame[name])
        meaning, written = METRICS[name].meaning, "%.1f" if per_s else "localized"
        config[heading] = st.column_config.NumberColumn(format=written, help=meaning)
    return _ready(table, config, frame["name"])


@cached.shared
def changes(selection: Selection, by: str) -> Table:
    """What each model, provider or key was before and is now, what got slower first."""
    frame = latency_figures.changes(selection, by)
    table = pd.DataFrame({drawn.HEADINGS[by]: frame["name"], "Verdict": frame["verdict"].map(SAID)})
    percent = st.column_config.NumberColumn(format="%+.1f %%")
    cost = "How much longer these calls took in all than as many calls did before"
    config: Config = {COST: st.column_config.NumberColumn(format="%+.1f", help=cost)}
    for name, label in zip(PERCENTILES, ("p50", "p95"), strict=True):
        heading = f"{label} change"
        table[heading], config[heading] = _percent(frame[name], frame[f"{name}_before"]), percent
    table[COST] = _minutes(frame["waited"])
    for column, heading in COMPARED.items():
        for ending, when in (("_before", "before"), ("", "now")):
            values, per_s = frame[f"{column}{ending}"], column == SPEED
            table[f"{heading} {when}"] = _number(values) if per_s else _whole(values)
            written = st.column_config.NumberColumn(format="%.1f" if per_s else "localized")
            config[f"{heading} {when}"] = written
    return _ready(table, config, frame["name"])


@cached.shared
def slowest(selection: Selection, within: Within = EVERY) -> Table | None:
    """The slowest calls with all their columns, by key and day; None where there is none."""
    frame, zone = cached.found(slow_calls, selection, within), selection.timeframe.zone
    if frame.empty:
        return None
    columns = {column.name: column for column in COLUMNS}
    table, config = pd.DataFrame(), dict[str, Any]()
    for name in (*FIRST, *(name for name in columns if name not in FIRST)):
        column = columns[name]
        heading = f"Date ({zone})" if column.form is Form.INSTANT else column.label
        table[heading], config[heading] = _cells(column.form, frame[name], zone, column.meaning)
    names = figures.names("key", frame["api_key_id"])
    return _ready(table, config, names, table[f"Date ({zone})"].dt.strftime("%Y-%m-%dT%H:%M"))


def _cells(form: Form, values: "pd.Series[Any]", zone: str, meaning: str) -> tuple["pd.Series[Any]", Any]:
    """A column of calls as it is shown, and how."""
    if form is Form.INSTANT:
        local = (
            pd.to_datetime(values).dt.tz_localize("UTC").dt.tz_convert(zone_info(zone)).dt.tz_localize(None)
        )
        return local, st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss.SSS", help=meaning)
    if form is Form.WHOLE:
        return _whole(values), st.column_config.NumberColumn(format="localized", help=meaning)
    if form is Form.TEXT:
        return values, st.column_config.TextColumn(help=meaning)
    write = (
        wording.plain_decimal if form is Form.PRICE else lambda pico: wording.plain_decimal(usd(int(pico)))
    )
    texts = [None if value is None else write(value) for value in values]
    return pd.Series(texts, dtype=object), st.column_config.TextColumn(alignment="right", help=meaning)


def _whole(values: "pd.Series[Any]") -> "pd.Series[Any]":
    return pd.Series(list(values), dtype="Int64")


def _number(values: "pd.Series[Any]") -> "pd.Series[Any]":
    return pd.Series([None if value is None else float(value) for value in values], dtype="Float64")


def _percent(now: "pd.Series[Any]", before: "pd.Series[Any]") -> "pd.Series[Any]":
    pairs = zip(now, before, strict=True)
    parts = [None if a is None or not b else round(100 * (a - b) / b, 1) + 0.0 for a, b in pairs]
    return pd.Series(parts, dtype="Float64")


def _minutes(milliseconds: "pd.Series[Any]") -> "pd.Series[Any]":
    minutes = [None if pd.isna(each) else each / 60_000 for each in milliseconds]
    return pd.Series(minutes, dtype="Float64")
