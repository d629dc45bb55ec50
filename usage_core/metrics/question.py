"""A question to the store: figures by breakdowns for a selection; hashable, and one statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from usage_core.errors import SelectionError
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.selection import FILTERS, UNKNOWN, Selection
from usage_core.store.tables import CALLS

OTHER = "\x1fother"
"""Stands for every value of a breakdown that was not asked to be kept apart."""

MOST_ROWS = 5000
"""No answer is longer than this; a page shows answers, not calls."""


@dataclass(frozen=True, slots=True)
class Question:
    """Figures (`metrics`) by breakdowns (`by`) for a selection.

    With `keep`, values of the last breakdown that are not in it are folded into OTHER. Rows come in
    the order of `by` where its first is a period, else by the first figure, largest first.
    """

    selection: Selection
    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    keep: tuple[str, ...] | None = None
    limit: int = MOST_ROWS

    def __post_init__(self) -> None:
        for names, known, what in (
            (self.metrics, METRICS, "figure"),
            (self.by, DIMENSIONS, "breakdown"),
        ):
            for name in names:
                if name not in known:
                    raise SelectionError(f"{name[:60]!r} is not a {what}. Use one of: {', '.join(known)}.")
            if len(set(names)) < len(names):
                raise SelectionError(f"Give each {what} once.")
        if not self.metrics:
            raise SelectionError(f"Give at least one figure: {', '.join(METRICS)}.")
        if self.keep is not None and (not self.by or self.by[-1] not in FILTERS):
            raise SelectionError(f"Values can be kept apart of: {', '.join(FILTERS)}.")
        if not 1 <= self.limit <= MOST_ROWS:
            raise SelectionError(f"An answer has 1 to {MOST_ROWS:,} rows.")

    def statement(self) -> sa.Select[Any]:
        """The question as a statement; columns are named like the breakdowns and figures."""
        groups: list[sa.Label[Any]] = [self._group(name).label(f"by_{name}") for name in self.by]
        figures: list[sa.Label[Any]] = [
            METRICS[name].expression().label(f"of_{name}") for name in self.metrics
        ]
        statement: sa.Select[Any] = (
            sa.select(*groups, *figures).select_from(CALLS).where(*conditions(self.selection))
        )
        if not groups:
            return statement
        is_period = DIMENSIONS[self.by[0]].is_period
        order = groups if is_period else [figures[0].desc().nulls_last(), *groups]
        return statement.group_by(*groups).order_by(*order).limit(self.limit)

    def _group(self, name: str) -> sa.ColumnElement[Any]:
        expression = DIMENSIONS[name].expression(self.selection.timeframe)
        if self.keep is None or name != self.by[-1]:
            return expression
        return sa.case((_among(expression, self.keep), expression), else_=sa.literal(OTHER))


def conditions(selection: Selection) -> list[sa.ColumnElement[bool]]:
    """The selection as conditions on calls."""
    frame = selection.timeframe
    start, end = (edge.replace(tzinfo=None) for edge in (frame.start, frame.end))
    filters = [_among(CALLS.c[column], values) for column, values in selection.filters.items()]
    return [CALLS.c.called_at >= start, CALLS.c.called_at < end, *filters]


def _among(expression: sa.ColumnElement[Any], values: Iterable[str]) -> sa.ColumnElement[bool]:
    known = [value for value in values if value != UNKNOWN]
    among = expression.in_(known)
    return sa.or_(among, expression.is_(None)) if UNKNOWN in values else among
