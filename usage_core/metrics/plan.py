"""How a question is answered: one or two statements, and which table each reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from usage_core.metrics.definitions import METRICS
from usage_core.metrics.question import MOST_ROWS, Question
from usage_core.metrics.sources import Choice, Coverage, Wanted, choose, rows
from usage_core.store.rollups import time_of_bin
from usage_core.store.tables import CALLS

EXACT_PERCENTILES_UP_TO = 2_000_000
"""In a store of at most so many calls percentiles are read from the calls. In a larger one they come
from bins, within 1 %, where a rollup has them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: breakdowns first, then `metrics`. `source` says which table answers."""

    metrics: tuple[str, ...]
    statement: sa.Select[Any]
    source: str


def plan(question: Question, coverage: Coverage | None) -> list[Step]:
    """The statements that answer a question; without coverage, from the calls alone."""
    percentiles = tuple(name for name in question.metrics if METRICS[name].percent)
    sums = tuple(name for name in question.metrics if not METRICS[name].percent)
    if coverage is None or not percentiles:
        return [_summed(question, question.metrics, coverage)]
    first = [_summed(question, sums, coverage)] if sums else []
    if coverage.calls > EXACT_PERCENTILES_UP_TO:
        choice = choose(question.selection, _binned(question), coverage)
        if choice:
            return [*first, _ranked(question, percentiles, choice)]
    if first and first[0].source != CALLS.name:
        return [*first, _summed(question, percentiles, None)]
    return [_summed(question, question.metrics, None)]


def _wanted(question: Question, metrics: Sequence[str]) -> Wanted:
    needs = {column for name in metrics for column in METRICS[name].needs}
    only_counts = "time_bin" in question.by and tuple(metrics) == ("calls",)
    return Wanted(question.by, frozenset(needs), bins=only_counts, keep=question.keep)


def _binned(question: Question) -> Wanted:
    return Wanted(question.by, bins=True, keep=question.keep)


def _summed(question: Question, metrics: tuple[str, ...], coverage: Coverage | None) -> Step:
    """Figures that add up, or, from calls, percentiles."""
    wanted = _wanted(question, metrics)
    choice = choose(question.selection, wanted, coverage)
    source = rows(question.selection, wanted, choice)
    groups = [source.c[f"by_{name}"] for name in question.by]
    figures = [METRICS[name].expression(dict(source.c)).label(f"of_{name}") for name in metrics]
    statement = sa.select(*groups, *figures).group_by(*groups)
    return Step(metrics, _ordered(question, metrics, statement, groups, figures), _name(choice))


def _ranked(question: Question, metrics: tuple[str, ...], choice: Choice) -> Step:
    """Percentiles by nearest rank, from how many calls are in each bin."""
    source = rows(question.selection, _binned(question), choice)
    names = [f"by_{name}" for name in question.by]
    keys = [*(source.c[name] for name in names), source.c.time_bin]
    binned = (
        sa.select(*keys, sa.func.sum(source.c.calls).label("calls"))
        .where(source.c.time_bin.is_not(None))
        .group_by(*keys)
        .subquery("binned")
    )
    groups = [binned.c[name] for name in names]
    total = sa.func.sum(binned.c.calls)
    counted = sa.select(
        *groups,
        binned.c.time_bin,
        total.over(partition_by=groups, order_by=binned.c.time_bin, rows=(None, 0)).label("up_to"),
        total.over(partition_by=groups).label("of"),
    ).subquery("counted")
    outer = [counted.c[name] for name in names]
    figures = [_at_rank(counted, METRICS[name].percent or 0).label(f"of_{name}") for name in metrics]
    statement = sa.select(*outer, *figures).group_by(*outer)
    return Step(metrics, _ordered(question, metrics, statement, outer, figures), _name(choice))


def _at_rank(counted: sa.Subquery, percent: int) -> sa.ColumnElement[Any]:
    reached = counted.c.up_to * 100 >= counted.c["of"] * percent
    return time_of_bin(sa.func.min(counted.c.time_bin).filter(reached))


def _ordered(
    question: Question,
    metrics: tuple[str, ...],
    statement: sa.Select[Any],
    groups: Sequence[sa.ColumnElement[Any]],
    figures: Sequence[sa.Label[Any]],
) -> sa.Select[Any]:
    if not groups:
        return statement
    if question.in_order_of_time:
        return statement.order_by(*groups).limit(question.limit)
    if metrics[0] != question.metrics[0]:  # put in order by the other statement
        return statement.limit(MOST_ROWS)
    return statement.order_by(figures[0].desc().nulls_last(), *groups).limit(question.limit)


def _name(choice: Choice | None) -> str:
    return choice.rollup.name if choice else CALLS.name
