"""Answers: small frames of exact figures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import sqlalchemy as sa

from usage_core.metrics import day_sums
from usage_core.metrics.covers import Coverage
from usage_core.metrics.definitions import METRICS, Unit
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.plan import Binned, Step, plan
from usage_core.metrics.question import MOST_ROWS, Question
from usage_core.metrics.times import added_up, some_added_up
from usage_core.schema import usd
from usage_core.store.columns import by_column
from usage_core.store.kept import whole
from usage_core.store.settings import CALLS_SINCE, REPORTING_ZONE, as_day, noted_as
from usage_core.store.tables import IMPORTS

FEW_GROUPS = 500
"""The completion times of so many groups are kept in memory, 8 kB of each, for whatever is asked next."""

Figure: TypeAlias = int | Decimal | None


def coverage(connection: sa.Connection) -> Coverage:
    """What has to be known of the store to choose between rollups and calls."""
    return whole(connection, _coverage)


def _coverage(connection: sa.Connection) -> Coverage:
    i = IMPORTS.c
    calls_stored = sa.case((i.first_call_at.is_not(None), i.rows_stored))  # else they are sums
    of_imports = (calls_stored, i.rows_rejected)
    stored, set_aside = (sa.func.coalesce(sa.func.sum(rows), 0) for rows in of_imports)
    noted = (noted_as(name).scalar_subquery() for name in (REPORTING_ZONE, CALLS_SINCE))
    edges = (sa.func.min(i.first_call_at), sa.func.max(i.last_call_at))
    of_sums = sa.func.count(i.first_period_start)
    known = sa.select(stored, set_aside, *edges, *noted, of_sums).where(i.undone_at.is_(None))
    calls, aside, first, last, zone, since, sums = list[Any](connection.execute(known).one())
    first, last = (moment and moment.replace(tzinfo=UTC) for moment in (first, last))
    return Coverage(zone, int(calls), first, last, int(aside), as_day(since), bool(sums))


def ask(connection: sa.Connection, question: Question, coverage: Coverage | None = None) -> pd.DataFrame:
    """One row per group: a column per breakdown, then one per figure.

    With the store's coverage, rollups are used where they answer exactly (percentiles of large stores:
    within 1 %); without, the calls alone. Periods are datetime64 (local), other breakdowns plain values
    with None for unknown. Money is Decimal USD, other figures Python integers; an unknown figure is
    None, and so is a ratio by 0. With no calls at all, sums are 0 and percentiles unknown.
    `attrs["sources"]` of the frame names the tables that answered.
    """
    parts = _parts(question)
    asked = question if parts == question.metrics else replace(question, metrics=parts, limit=MOST_ROWS)
    # Whether a sum over everything is 0 or unknown depends on whether there are calls.
    metrics = asked.metrics if question.by else dict.fromkeys((*asked.metrics, "calls"))
    steps = plan(replace(asked, metrics=tuple(metrics)), coverage)
    width = len(question.by)
    groups, figures = _columns(connection, steps.first, asked)
    places = {group: place for place, group in enumerate(zip(*groups, strict=True))} if width else {(): 0}
    if steps.further:
        figures |= _further(connection, steps.further, asked, places)
    if steps.binned:
        figures |= _percentiles(connection, steps.binned, places, are_all=len(places) < asked.limit)
    if not width and figures["calls"] == [0]:
        figures = {name: [_of_nothing(METRICS[name].unit)] for name in figures}
    figures |= _ratios(question, figures)
    if question.metrics[0] not in steps.first.metrics and not question.in_order_of_time:
        groups, figures = _largest_first(groups, figures, question.metrics[0])
    frame = _frame(question, groups, figures)
    frame = frame.head(question.limit) if len(frame) > question.limit else frame
    frame.attrs["sources"] = steps.sources
    return frame


def _of_nothing(unit: Unit) -> Figure:
    """The sum over no calls is known to be 0; the sum over calls of unknown cost is not."""
    return None if unit is Unit.MS else Decimal(0) if unit is Unit.USD else 0


def _further(
    connection: sa.Connection, step: Step, asked: Question, places: dict[Any, int]
) -> dict[str, list[Figure]]:
    """A further statement's figures, in the places that its groups have in the first."""
    groups, figures = _columns(connection, step, asked)
    rows = list(zip(*groups, strict=True)) if groups else [()]
    at = {group: row for row, group in enumerate(rows)}
    return {
        name: [values[at[group]] if group in at else None for group in places]
        for name, values in figures.items()
    }


def _percentiles(
    connection: sa.Connection, binned: Binned, places: dict[Any, int], *, are_all: bool
) -> dict[str, list[Figure]]:
    """Percentiles of groups, in their places; where those are not all groups there are, of no others."""
    if are_all and len(places) <= FEW_GROUPS:
        found = added_up(connection, binned.times).at(places)
    else:
        found = some_added_up(connection, binned.times, places)
    return {name: list(found.percentile(METRICS[name].percent or 0)) for name in binned.metrics}


def _largest_first(
    groups: Sequence[Sequence[Any]], figures: Mapping[str, Sequence[Figure]], name: str
) -> tuple[list[list[Any]], dict[str, list[Figure]]]:
    """The rows by a figure; those of equal figures stay as they are, those without one come last."""
    amounts = [-math.inf if value is None else float(value) for value in figures[name]]
    rows = sorted(range(len(amounts)), key=amounts.__getitem__, reverse=True)
    return (
        [[column[row] for row in rows] for column in groups],
        {each: [column[row] for row in rows] for each, column in figures.items()},
    )


def _parts(question: Question) -> tuple[str, ...]:
    """The figures that ratios are made of, and those that are none."""
    parts: dict[str, None] = {}
    for name in question.metrics:
        ratio = METRICS[name].ratio
        parts |= dict.fromkeys((ratio.of, ratio.by) if ratio else (name,))
    return tuple(parts)


def _ratios(question: Question, figures: Mapping[str, Sequence[Figure]]) -> dict[str, list[Figure]]:
    found: dict[str, list[Figure]] = {}
    for name in question.metrics:
        if ratio := METRICS[name].ratio:
            pairs = zip(figures[ratio.of], figures[ratio.by], strict=True)
            found[name] = [
                Decimal(a) * ratio.times / Decimal(b) if a is not None and b else None for a, b in pairs
            ]
    return found


def _columns(
    connection: sa.Connection, step: Step, asked: Question
) -> tuple[list[list[Any]], dict[str, list[Figure]]]:
    """What a statement finds, by column: first the breakdowns, then its figures by name."""
    width = len(asked.by)
    found = day_sums.columns(connection, asked, step)
    if found is None:
        found = by_column(connection, step.statement, step.edges)
    figures = zip(step.metrics, found[width:], strict=True)
    return found[:width], {name: _figures(name, values) for name, values in figures}


def _figures(name: str, values: Sequence[Any]) -> list[Figure]:
    if METRICS[name].unit is Unit.USD:
        return [None if value is None else usd(value) for value in values]
    return [None if value is None else int(value) for value in values]


def _frame(
    question: Question, groups: Sequence[Sequence[Any]], figures: Mapping[str, Sequence[Figure]]
) -> pd.DataFrame:
    values = [*groups, *(figures[name] for name in question.metrics)]
    cells = np.empty((len(values[0]), len(values)), dtype=object)
    for place, column in enumerate(values):
        cells[:, place] = column
    # As one block: a Series for each column takes pandas three times as long.
    frame = pd.DataFrame(cells, columns=_headings(question.by + question.metrics), dtype=object, copy=False)
    for place, name in enumerate(question.by):
        if DIMENSIONS[name].is_period:
            frame.isetitem(place, np.array(groups[place], "datetime64[us]"))
    return frame


@cache
def _headings(names: tuple[str, ...]) -> "pd.Index[str]":
    return pd.Index(names)
