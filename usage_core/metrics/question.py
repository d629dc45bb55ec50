"""A question to the store: figures by breakdowns for a selection; hashable."""

from dataclasses import dataclass

import sqlalchemy as sa

from usage_core.errors import SelectionError
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.sources import among
from usage_core.selection import FILTERS, Selection
from usage_core.store.tables import CALLS

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

    @property
    def in_order_of_time(self) -> bool:
        """Whether rows come in order of time, rather than largest first."""
        return bool(self.by) and DIMENSIONS[self.by[0]].is_period


def conditions(selection: Selection) -> list[sa.ColumnElement[bool]]:
    """The selection as conditions on calls."""
    frame = selection.timeframe
    start, end = (edge.replace(tzinfo=None) for edge in (frame.start, frame.end))
    filters = [among(CALLS.c[column], values) for column, values in selection.filters.items()]
    return [CALLS.c.called_at >= start, CALLS.c.called_at < end, *filters]
