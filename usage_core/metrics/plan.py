"""How a question is answered: one or two statements, and which table each reads."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

import sqlalchemy as sa
from cachetools import LRUCache, cached

from usage_core.metrics.covers import Choice, Coverage, Wanted, choose
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.question import MOST_ROWS, Question
from usage_core.metrics.sources import rows
from usage_core.metrics.times import Times, in_bins
from usage_core.store.tables import CALLS


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: breakdowns first, then `metrics`. `source` says which table answers."""

    metrics: tuple[str, ...]
    statement: sa.Select[Any]
    source: str
    edges: Mapping[str, datetime] = field(default_factory=dict)
    """The statement's parameters: between which edges of its table and of the calls it reads."""
    choice: Choice | None = None
    """What answers in place of calls."""

    @property
    def whole(self) -> sa.Select[Any]:
        """The statement with its edges in it, to be part of another."""
        return self.statement.params(dict(self.edges))


class Binned(NamedTuple):
    """Percentiles that are read from completion times in bins."""

    metrics: tuple[str, ...]
    times: Times


class Plan(NamedTuple):
    """The statement that has the groups, another for figures of those, and percentiles that none has."""

    first: Step
    further: Step | None = None
    binned: Binned | None = None

    @property
    def sources(self) -> list[str]:
        """The tables that answer."""
        names = {step.source for step in self[:2] if step}
        return sorted(names | ({self.binned.times.source} if self.binned else set()))


def plan(question: Question, coverage: Coverage | None) -> Plan:
    """How a question is answered; without coverage, from the calls alone."""
    percentiles = tuple(name for name in question.metrics if METRICS[name].percent)
    sums = tuple(name for name in question.metrics if not METRICS[name].percent)
    if coverage is None or not percentiles:
        return Plan(_summed(question, question.metrics, coverage))
    if times := in_bins(question.selection, question.by, coverage, question.keep):
        return Plan(_summed(question, sums or ("calls",), coverage), binned=Binned(percentiles, times))
    first = _summed(question, sums, coverage) if sums else None
    if first and first.source != CALLS.name:
        return Plan(first, _summed(question, percentiles, None))
    return Plan(_summed(question, question.metrics, None))


def _wanted(question: Question, metrics: Sequence[str]) -> Wanted:
    needs = {column for name in metrics for column in METRICS[name].needs}
    only_counts = "time_bin" in question.by and tuple(metrics) == ("calls",)
    return Wanted(question.by, frozenset(needs), bins=only_counts, keep=question.keep)


def _summed(question: Question, metrics: tuple[str, ...], coverage: Coverage | None) -> Step:
    """Figures that add up, or, from calls, percentiles."""
    wanted = _wanted(question, metrics)
    choice = choose(question.selection, wanted, coverage)
    if choice is None:
        return Step(metrics, _sums(question, wanted, choice, metrics), CALLS.name)
    statement = _any_sums(question, wanted, choice, metrics)
    return Step(metrics, statement, choice.rollup.name, choice.cover.edges, choice)


def _sums(
    question: Question,
    wanted: Wanted,
    choice: Choice | None,
    metrics: tuple[str, ...],
    *,
    named_edges: bool = False,
) -> sa.Select[Any]:
    source = rows(question.selection, wanted, choice, named_edges=named_edges)
    groups = [source.c[f"by_{name}"] for name in question.by]
    figures = [METRICS[name].expression(dict(source.c)).label(f"of_{name}") for name in metrics]
    statement = sa.select(*groups, *figures).group_by(*groups)
    return _ordered(question, metrics, statement, groups, figures)


def _but_for_edges(question: Question, wanted: Wanted, choice: Choice, *more: Hashable) -> Hashable:
    """All that a statement depends on but the edges of its cover."""
    of_question = (question.metrics, question.by, question.keep, question.limit)
    return (of_question, wanted, choice.but_for_edges(question.selection), more)


# To put a statement together takes longer than to answer it. What is kept is the statement alone.
@cached(LRUCache(maxsize=1024), key=_but_for_edges, lock=Lock())
def _any_sums(question: Question, wanted: Wanted, choice: Choice, metrics: tuple[str, ...]) -> sa.Select[Any]:
    return _sums(question, wanted, choice, metrics, named_edges=True)


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
        return statement.order_by(*groups).limit(longest(question, metrics))
    return statement.order_by(figures[0].desc().nulls_last(), *groups).limit(longest(question, metrics))


def longest(question: Question, metrics: Sequence[str]) -> int:
    """How many rows of these figures are looked at."""
    # Where another statement has the first figure, there is no cutting off before it is known.
    is_first = question.in_order_of_time or metrics[0] == question.metrics[0]
    return question.limit if is_first else MOST_ROWS
