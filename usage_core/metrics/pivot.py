"""Figures by two breakdowns at once, with totals: the largest values of each, and what is left as Other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeAlias, cast

import pandas as pd

from usage_core.errors import SelectionError
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.question import MOST_ROWS, Question
from usage_core.metrics.sources import OTHER
from usage_core.periods import buckets
from usage_core.selection import FILTERS, UNKNOWN, Selection
from usage_core.timeframe import Grain

TOTAL = "\x1ftotal"
"""Stands for all values of a breakdown together."""

Amount: TypeAlias = int | Decimal | None
Cells: TypeAlias = dict[tuple[Any, Any], Amount]

Asks: TypeAlias = Callable[[Question], pd.DataFrame]
"""Answers a question, as `answer.ask` does."""


@dataclass(frozen=True, slots=True)
class Pivot:
    """A table with totals.

    Rows and columns are periods (naive, local start, in order) or values, the one that cost most first;
    None is the unknown value. OTHER follows where there are more values than are shown, and TOTAL ends
    both. A cell that is missing has no calls; the amount of one that is None is not known.
    """

    rows: tuple[Any, ...]
    columns: tuple[Any, ...]
    cells: Mapping[tuple[Any, Any], Amount]


def pivot(ask: Asks, selection: Selection, by: tuple[str, str], metric: str, most: tuple[int, int]) -> Pivot:
    """A figure by rows and columns: at most so many values of each (periods are all there).

    The store answers every cell and total as it stands, also those of Other; nothing is added up here,
    so that ratios are right, too.

    Raises:
        SelectionError: both breakdowns are periods, or the same, or one is neither a filter nor a
            period; or there are too many periods or values for one answer.
    """
    _check(by)
    if DIMENSIONS[by[1]].is_period:
        turned = pivot(ask, selection, (by[1], by[0]), metric, (most[1], most[0]))
        cells = {(row, column): amount for (column, row), amount in turned.cells.items()}
        return Pivot(turned.columns, turned.rows, cells)
    asks = _Asks(ask, selection, metric)
    if DIMENSIONS[by[0]].is_period:
        return _over_time(asks, by, most[1])
    return _of_values(asks, by, most)


def _check(by: tuple[str, str]) -> None:
    for name in by:
        if name not in FILTERS and not (name in DIMENSIONS and DIMENSIONS[name].is_period):
            raise SelectionError(f"{name[:60]!r} makes no rows or columns of a table.")
    if by[0] == by[1] or all(DIMENSIONS[name].is_period for name in by):
        raise SelectionError("Choose two different breakdowns, of which one at most is a period.")


@dataclass(frozen=True, slots=True)
class _Asks:
    """One figure of one selection."""

    ask: Asks
    selection: Selection
    metric: str

    def values(self, dimension: str) -> list[str]:
        """The values of a breakdown, the one that costs most first."""
        frame = self.ask(Question(self.selection, ("cost_usd",), (dimension,)))
        return [value or UNKNOWN for value in frame[dimension]]

    def amounts(
        self, by: tuple[str, ...], keep: Sequence[str] | None = None, among: Mapping[str, Sequence[str]] = {}
    ) -> dict[tuple[Any, ...], Amount]:
        """The figure by some breakdowns, of calls that have one of the values named for a filter."""
        narrowed: dict[str, Any] = {name: tuple(values) for name, values in among.items()}
        chosen = replace(self.selection, **narrowed)
        kept = None if keep is None else tuple(keep)
        frame = self.ask(Question(chosen, (self.metric,), by, kept))
        groups = [
            tuple(_plain(value) for value in group) for group in frame[list(by)].itertuples(index=False)
        ]
        return dict(zip(groups, frame[self.metric], strict=True))

    def total(self) -> Amount:
        """The figure of all calls."""
        return cast(Amount, self.ask(Question(self.selection, (self.metric,))).at[0, self.metric])


def _plain(value: Any) -> Any:
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value


def _over_time(asks: _Asks, by: tuple[str, str], most: int) -> Pivot:
    period, values = by
    every = buckets(asks.selection.timeframe, cast(Grain, period))
    shown = asks.values(values)[:most]
    if len(every) * (len(shown) + 1) > MOST_ROWS:
        raise SelectionError(
            f"There are {len(every):,} {period}s in the timeframe, too many for one table. "
            "Choose a shorter timeframe, or a longer period."
        )
    cells: Cells = {(row, column): each for (row, column), each in asks.amounts(by, shown).items()}
    cells |= {(row, TOTAL): each for (row,), each in asks.amounts((period,)).items()}
    cells |= {(TOTAL, column): each for (column,), each in asks.amounts((values,), shown).items()}
    cells[TOTAL, TOTAL] = asks.total()
    return Pivot((*every, TOTAL), _ends(shown, cells, 1), cells)


def _of_values(asks: _Asks, by: tuple[str, str], most: tuple[int, int]) -> Pivot:
    every = {name: asks.values(name) for name in by}
    shown = {name: every[name][:count] for name, count in zip(by, most, strict=True)}
    # The values that are not shown are named, so they have to be all there.
    inner, outer = sorted(by, key=lambda name: len(every[name]))
    if len(every[inner]) >= MOST_ROWS:
        raise SelectionError(f"There are more than {MOST_ROWS:,} values of each. Narrow the filters first.")
    found = asks.amounts((inner, outer), shown[outer], {inner: shown[inner]}) if shown[inner] else {}
    rest = every[inner][len(shown[inner]) :]
    if rest:
        of_rest = asks.amounts((outer,), shown[outer], {inner: rest})
        found |= {(OTHER, value): each for (value,), each in of_rest.items()}
    found |= {(TOTAL, value): each for (value,), each in asks.amounts((outer,), shown[outer]).items()}
    found |= {(value, TOTAL): each for (value,), each in asks.amounts((inner,), shown[inner]).items()}
    found[TOTAL, TOTAL] = asks.total()
    turned = inner != by[0]
    cells: Cells = {((b, a) if turned else (a, b)): each for (a, b), each in found.items()}
    return Pivot(_ends(shown[by[0]], cells, 0), _ends(shown[by[1]], cells, 1), cells)


def _ends(shown: Sequence[str], cells: Cells, place: int) -> tuple[Any, ...]:
    """The values shown, and what stands at the end of them."""
    other = (OTHER,) if any(cell[place] == OTHER for cell in cells) else ()
    return (*(value or None for value in shown), *other, TOTAL)
