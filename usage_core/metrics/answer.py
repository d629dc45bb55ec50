"""Answers: small frames of exact figures."""

import math
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Any

import pandas as pd
import sqlalchemy as sa

from usage_core.metrics.definitions import METRICS, Unit
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.plan import plan
from usage_core.metrics.question import MOST_ROWS, Question
from usage_core.metrics.sources import Coverage
from usage_core.schema import usd
from usage_core.store.settings import reporting_zone
from usage_core.store.tables import IMPORTS


def coverage(connection: sa.Connection) -> Coverage:
    """What has to be known of the store to choose between rollups and calls."""
    edges = sa.select(
        sa.func.coalesce(sa.func.sum(IMPORTS.c.rows_stored), 0),
        sa.func.min(IMPORTS.c.first_call_at),
        sa.func.max(IMPORTS.c.last_call_at),
    ).where(IMPORTS.c.undone_at.is_(None))
    calls, first, last = connection.execute(edges).one()
    first, last = (moment and moment.replace(tzinfo=UTC) for moment in (first, last))
    return Coverage(reporting_zone(connection), int(calls), first, last)


def ask(connection: sa.Connection, question: Question, coverage: Coverage | None = None) -> pd.DataFrame:
    """One row per group: a column per breakdown, then one per figure.

    With the store's coverage, rollups are used where they answer exactly (percentiles of large stores:
    within 1 %); without, the calls alone. Periods are datetime64 (local), other breakdowns plain values
    with None for unknown. Money is Decimal USD, other figures Python integers; an unknown figure is
    None, and so is a ratio by 0. With no calls at all, sums are 0 and percentiles unknown.
    `attrs["sources"]` of the frame names the tables that answered.
    """
    if any(METRICS[name].ratio for name in question.metrics):
        parts = replace(question, metrics=_parts(question), limit=MOST_ROWS)
        return _divided(ask(connection, parts, coverage), question)
    if not question.by and "calls" not in question.metrics:
        # Whether a sum is 0 or unknown depends on whether there are calls.
        counted = replace(question, metrics=(*question.metrics, "calls"))
        return ask(connection, counted, coverage).drop(columns="calls")
    steps = plan(question, coverage)
    width = len(question.by)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    leading = next(place for place, step in enumerate(steps) if question.metrics[0] in step.metrics)
    for step in sorted(steps, key=lambda step: step is not steps[leading]):
        for row in connection.execute(step.statement):
            group, figures = tuple(row[:width]), zip(step.metrics, row[width:], strict=True)
            if step is steps[leading] or group in found:
                found.setdefault(group, {}).update((name, _figure(name, value)) for name, value in figures)
    frame = _frame(question, found)
    frame.attrs["sources"] = sorted({step.source for step in steps})
    return _nothing_is_zero(frame, question) if not width else frame


def _parts(question: Question) -> tuple[str, ...]:
    """The figures that ratios are made of, and those that are none."""
    parts: dict[str, None] = {}
    for name in question.metrics:
        ratio = METRICS[name].ratio
        parts |= dict.fromkeys((ratio.of, ratio.by) if ratio else (name,))
    return tuple(parts)


def _divided(frame: pd.DataFrame, question: Question) -> pd.DataFrame:
    for name in question.metrics:
        ratio = METRICS[name].ratio
        if ratio:
            pairs = zip(frame[ratio.of], frame[ratio.by], strict=True)
            quotients = [
                Decimal(a) * ratio.times / Decimal(b) if a is not None and b else None for a, b in pairs
            ]
            frame[name] = pd.Series(quotients, dtype=object)
    first = question.metrics[0]
    if METRICS[first].ratio and not question.in_order_of_time:
        rank = pd.Series([-math.inf if value is None else float(value) for value in frame[first]])
        frame = frame.loc[rank.sort_values(ascending=False, kind="stable").index]
    columns = frame[[*question.by, *question.metrics]]
    return columns.head(question.limit).reset_index(drop=True)


def _frame(question: Question, found: dict[tuple[Any, ...], dict[str, Any]]) -> pd.DataFrame:
    columns: dict[str, pd.Series[Any]] = {}
    for place, name in enumerate(question.by):
        kind = "datetime64[us]" if DIMENSIONS[name].is_period else object
        columns[name] = pd.Series([group[place] for group in found], dtype=kind)
    for name in question.metrics:
        columns[name] = pd.Series([figures.get(name) for figures in found.values()], dtype=object)
    return pd.DataFrame(columns)


def _figure(name: str, value: Any) -> int | Decimal | None:
    if value is None:
        return None
    return usd(int(value)) if METRICS[name].unit is Unit.USD else int(value)


def _nothing_is_zero(frame: pd.DataFrame, question: Question) -> pd.DataFrame:
    """The sum over no calls is known to be 0; the sum over calls of unknown cost is not."""
    if frame.at[0, "calls"] == 0:
        for name in question.metrics:
            if METRICS[name].unit is not Unit.MS:
                frame[name] = pd.Series([Decimal(0) if METRICS[name].unit is Unit.USD else 0], dtype=object)
    return frame
