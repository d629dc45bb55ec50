"""Figures added up from sums by day that a copy of the store was read for once.

A page asks a dozen questions of the same few thousand rows. The engine takes 2 to 5 ms for each of them,
nearly all of it to plan and to hand over; Arrow adds up what was read in half of one. Figures are worked
out by the definitions that statements are made of.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.sql import operators

from usage_core.metrics import day_rows, sources
from usage_core.metrics.covers import Choice
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.plan import Step, longest
from usage_core.metrics.question import Question
from usage_core.selection import FILTERS, UNKNOWN, Selection
from usage_core.store.columns import values
from usage_core.store.kept import KEPT
from usage_core.store.measures import BY_NAME
from usage_core.store.tables import DAYS

Column: TypeAlias = list[Any]


class Part(NamedTuple):
    """A column of the rows, and how Arrow adds it up."""

    column: str
    way: str


_WAYS = {"sum": "sum", "max": "max", "count": "count_distinct"}
_OPERATORS: Mapping[Any, Callable[[Any, Any], Any]] = {
    operators.add: operator.add,
    operators.sub: operator.sub,
}
_COLUMNS: dict[str, sa.ColumnElement[Any]] = {name: sa.column(name) for name in (*BY_NAME, FILTERS["key"])}


def columns(connection: sa.Connection, question: Question, step: Step) -> list[Column] | None:
    """What a step's statement finds, column by column, breakdowns first; None as of `sums`."""
    if step.choice is None or step.choice.rollup is not DAYS:
        return None
    parts = dict.fromkeys(part for name in step.metrics for part in _parts(_expression(name)))
    added = _added(connection, question.selection, question.by, step.choice, list(parts), question.keep)
    if added is None:
        return None
    groups, found = added[: len(question.by)], dict(zip(parts, added[len(question.by) :], strict=True))
    rows = len(added[0])
    figures = [_worked_out(_expression(name), found, rows) for name in step.metrics]
    places = _in_order(question, groups, figures[0])[: longest(question, step.metrics)]
    return [[column[place] for place in places] for column in (*groups, *figures)]


def sums(
    connection: sa.Connection,
    selection: Selection,
    by: tuple[str, ...],
    choice: Choice | None,
    measures: Sequence[str],
) -> list[Column] | None:
    """Sums of a rollup's measures by breakdowns, column by column, in any order; None where the connection
    is on no copy, or they are not few sums by day."""
    return _added(connection, selection, by, choice, [Part(name, "sum") for name in measures])


def _added(
    connection: sa.Connection,
    selection: Selection,
    by: tuple[str, ...],
    choice: Choice | None,
    parts: list[Part],
    keep: tuple[str, ...] | None = None,
) -> list[Column] | None:
    if choice is None or choice.rollup is not DAYS or KEPT not in connection.get_execution_options():
        return None
    rows = day_rows.rows(connection, selection, choice.cover)
    if rows is None:
        return None
    rows = _chosen(rows, selection)
    if keep is not None:
        rows = _folded(rows, f"by_{by[-1]}", keep)
    added = rows.group_by([f"by_{name}" for name in by], use_threads=False).aggregate(parts)
    names = (*(f"by_{name}" for name in by), *("_".join(part) for part in parts))
    return [values(added[name].combine_chunks()) for name in names]


def _chosen(rows: pa.Table, selection: Selection) -> pa.Table:
    """The rows that filters let through; see `sources.among`."""
    names = {column: f"by_{name}" for name, column in FILTERS.items()}
    chosen = np.ones(rows.num_rows, bool)
    for column, accepted in selection.filters.items():
        held, codes = _coded(rows[names[column]])
        chosen &= np.array([(UNKNOWN if value is None else value) in accepted for value in held])[codes]
    return rows if chosen.all() else rows.filter(pa.array(chosen))


def _folded(rows: pa.Table, name: str, keep: tuple[str, ...]) -> pa.Table:
    """The rows with all values of a column that are not kept apart made one; see `sources`."""
    held, codes = _coded(rows[name])
    kept = [(UNKNOWN if value is None else value) in keep for value in held]
    told = [value if apart else sources.OTHER for value, apart in zip(held, kept, strict=True)]
    shown = list(dict.fromkeys(value for value in told if value is not None))
    places = [None if value is None else shown.index(value) for value in told]
    folded = pa.DictionaryArray.from_arrays(
        pa.array(places, pa.int32()).take(pa.array(codes)), pa.array(shown, pa.string())
    )
    return rows.set_column(rows.schema.get_field_index(name), name, folded)


def _coded(column: pa.ChunkedArray) -> tuple[list[str | None], "np.ndarray[Any, Any]"]:
    """The values of a column, with None, and the place of each row's among them."""
    coded = column.combine_chunks()
    held = coded.dictionary.to_pylist()
    return [*held, None], coded.indices.fill_null(len(held)).to_numpy()


def _in_order(question: Question, groups: list[Column], first: Column) -> list[int]:
    """The places of groups in the order of the question; by name where the first figure is the same."""
    order = [[(value is None, value) for value in column] for column in groups]
    if not question.in_order_of_time:
        order.insert(0, [(value is None, -(value or 0)) for value in first])
    keys = list(zip(*order, strict=True))
    return sorted(range(len(keys)), key=keys.__getitem__)


@cache
def _expression(name: str) -> sa.ColumnElement[Any]:
    return METRICS[name].expression(_COLUMNS)


def _part(element: Any) -> Part | None:
    """What a function of one column adds up; None of anything else."""
    if not isinstance(element, sa.FunctionElement) or element.name not in _WAYS:
        return None
    (column,) = element.clauses
    return Part(column.element.name if element.name == "count" else column.name, _WAYS[element.name])


def _parts(element: Any) -> list[Part]:
    """All that has to be added up for an expression."""
    part = _part(element)
    return [part] if part else [each for inner in _inner(element) for each in _parts(inner)]


def _inner(element: Any) -> list[Any]:
    return list(element.clauses if isinstance(element, sa.FunctionElement) else element.get_children())


def _worked_out(element: Any, sums: Mapping[Part, Column], rows: int) -> Column:
    """An expression's values, of sums row by row."""
    if part := _part(element):
        return sums[part]
    inner = [_worked_out(each, sums, rows) for each in _inner(element)]
    if isinstance(element, sa.BindParameter):
        return [element.value] * rows
    if isinstance(element, sa.FunctionElement):
        return [next((value for value in of if value is not None), None) for of in zip(*inner, strict=True)]
    combine = _OPERATORS[element.operator]
    return [None if None in of else combine(*of) for of in zip(*inner, strict=True)]
