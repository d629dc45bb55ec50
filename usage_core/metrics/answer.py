"""Answers: small frames of exact figures."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pandas as pd
import sqlalchemy as sa

from usage_core.metrics.definitions import METRICS, Unit
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.question import Question
from usage_core.schema import usd


def ask(connection: sa.Connection, question: Question) -> pd.DataFrame:
    """One row per group: a column per breakdown, then one per figure.

    Periods are datetime64 (local), other breakdowns plain values with None for unknown. Money is
    Decimal USD, other figures Python integers; an unknown figure is None. With no calls at all,
    sums are 0 and percentiles unknown.
    """
    if not question.by and "calls" not in question.metrics:
        # Whether a sum is 0 or unknown depends on whether there are calls.
        counted = replace(question, metrics=(*question.metrics, "calls"))
        return ask(connection, counted).drop(columns="calls")
    rows = connection.execute(question.statement()).all()
    width = len(question.by)
    columns: dict[str, pd.Series[Any]] = {}
    for place, name in enumerate(question.by):
        values = [row[place] for row in rows]
        kind = "datetime64[us]" if DIMENSIONS[name].is_period else object
        columns[name] = pd.Series(values, dtype=kind)
    for place, name in enumerate(question.metrics, start=width):
        columns[name] = pd.Series([_figure(name, row[place]) for row in rows], dtype=object)
    frame = pd.DataFrame(columns)
    return _nothing_is_zero(frame, question) if not width else frame


def _figure(name: str, value: object) -> int | Decimal | None:
    if value is None:
        return None
    number = int(value)  # type: ignore[call-overload]
    return usd(number) if METRICS[name].unit is Unit.USD else number


def _nothing_is_zero(frame: pd.DataFrame, question: Question) -> pd.DataFrame:
    """The sum over no calls is known to be 0; the sum over calls of unknown cost is not."""
    if frame.at[0, "calls"] == 0:
        for name in question.metrics:
            if METRICS[name].unit is not Unit.MS:
                frame[name] = pd.Series([Decimal(0) if METRICS[name].unit is Unit.USD else 0], dtype=object)
    return frame
