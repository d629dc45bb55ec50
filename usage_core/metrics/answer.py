"""Answers: small frames of exact figures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Any, TypeAlias

import pandas as pd
import sqlalchemy as sa

from usage_core.metrics.definitions import METRICS, Unit
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.plan import Step, plan
from usage_core.metrics.question import MOST_ROWS, Question
from usage_core.metrics.sources import Coverage
from usage_core.schema import usd
from usage_core.store.settings import reporting_zone
from usage_core.store.tables import IMPORTS

Figure: TypeAlias = int | Decimal | None


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
    leading = next(step for step in steps if question.metrics[0] in step.metrics)
    groups, figures = _columns(connection, leading, width)
    for step in steps:
        if step is not leading:
            of, further = _columns(connection, step, width)
            place = (
                {group: number for number, group in enumerate(zip(*of, strict=True))} if width else {(): 0}
            )
            places = [place.get(group) for group in zip(*groups, strict=True)] if width else [0]
            for name, values in further.items():
                figures[name] = [None if place is None else values[place] for place in places]
    frame = _frame(question, groups, figures)
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


def _columns(
    connection: sa.Connection, step: Step, width: int
) -> tuple[list[Sequence[Any]], dict[str, list[Figure]]]:
    """What a statement finds, by column: first `width` breakdowns, then its figures by name."""
    rows = connection.execute(step.statement).fetchall()
    columns: list[Sequence[Any]] = (
        list(zip(*rows, strict=True)) if rows else [()] * (width + len(step.metrics))
    )
    figures = zip(step.metrics, columns[width:], strict=True)
    return columns[:width], {name: _figures(name, values) for name, values in figures}


def _figures(name: str, values: Sequence[Any]) -> list[Figure]:
    if METRICS[name].unit is Unit.USD:
        return [None if value is None else usd(int(value)) for value in values]
    return [None if value is None else int(value) for value in values]


def _frame(
    question: Question, groups: Sequence[Sequence[Any]], figures: Mapping[str, Sequence[Figure]]
) -> pd.DataFrame:
    columns: dict[str, pd.Series[Any]] = {}
    for name, values in zip(question.by, groups, strict=True):
        columns[name] = pd.Series(values, dtype="datetime64[us]" if DIMENSIONS[name].is_period else object)
    for name in question.metrics:
        columns[name] = pd.Series(figures[name], dtype=object)
    return pd.DataFrame(columns)


def _nothing_is_zero(frame: pd.DataFrame, question: Question) -> pd.DataFrame:
    """The sum over no calls is known to be 0; the sum over calls of unknown cost is not."""
    if frame.at[0, "calls"] == 0:
        for name in question.metrics:
            if METRICS[name].unit is not Unit.MS:
                frame[name] = pd.Series([Decimal(0) if METRICS[name].unit is Unit.USD else 0], dtype=object)
    return frame
