"""How a question is answered: one or two statements, and which table each reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from usage_core.metrics.definitions import METRICS
from usage_core.metrics.question import MOST_ROWS, Question
from usage_core.metrics.sources import Choice, Coverage, Wanted, choose, lists, rows
from usage_core.store.tables import CALLS

EXACT_PERCENTILES_UP_TO = 2_000_000
"""In a store of at most so many calls percentiles are read from the calls. In a larger one they come
from bins, within 1 %, where a rollup has them."""


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: breakdowns first, then `metrics`. `source` says which table answers.

    With `binned`, lists of completion times stand in place of the metrics, which are percentiles of them.
    """

    metrics: tuple[str, ...]
    statement: sa.Select[Any] | sa.CompoundSelect[Any]
    source: str
    binned: bool = False


def plan(question: Question, coverage: Coverage | None) -> list[Step]:
    """The statements that answer a question; without coverage, from the calls alone. The groups are those
    of the first one."""
    percentiles = tuple(name for name in question.metrics if METRICS[name].percent)
    sums = tuple(name for name in question.metrics if not METRICS[name].percent)
    if coverage is None or not percentiles:
        return [_summed(question, question.metrics, coverage)]
    if coverage.calls > EXACT_PERCENTILES_UP_TO:
        wanted = Wanted(question.by, bins=True, keep=question.keep)
        choice = choose(question.selection, wanted, coverage)
        if choice:
            listed = lists(question.selection, wanted, choice)
            of_calls = sums or ("calls",)
            return [_summed(question, of_calls, coverage), Step(percentiles, listed, _name(choice), True)]
    first = _summed(question, sums, coverage) if sums else None
    if first and first.source != CALLS.name:
        return [first, _summed(question, percentiles, None)]
    return [_summed(question, question.metrics, None)]


def _wanted(question: Question, metrics: Sequence[str]) -> Wanted:
    needs = {column for name in metrics for column in METRICS[name].needs}
    only_counts = "time_bin" in question.by and tuple(metrics) == ("calls",)
    return Wanted(question.by, frozenset(needs), bins=only_counts, keep=question.keep)


def _summed(question: Question, metrics: tuple[str, ...], coverage: Coverage | None) -> Step:
    """Figures that add up, or, from calls, percentiles."""
    wanted = _wanted(question, metrics)
    choice = choose(question.selection, wanted, coverage)
    source = rows(question.selection, wanted, choice)
    groups = [source.c[f"by_{name}"] for name in question.by]
    figures = [METRICS[name].expression(dict(source.c)).label(f"of_{name}") for name in metrics]
    statement = sa.select(*groups, *figures).group_by(*groups)
    return Step(metrics, _ordered(question, metrics, statement, groups, figures), _name(choice))


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
    # Where another statement has the first figure, there is no cutting off before it is known.
    limit = question.limit if metrics[0] == question.metrics[0] else MOST_ROWS
    return statement.order_by(figures[0].desc().nulls_last(), *groups).limit(limit)


def _name(choice: Choice | None) -> str:
    return choice.rollup.name if choice else CALLS.name
