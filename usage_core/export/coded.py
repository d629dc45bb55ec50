"""Calls in order, with the values that repeat by the million read as numbers.

Names, models and prices have few combinations within a slice of time. The engine numbers those first; then it
reads, sorts and hands over a number for each call. In the Arrow table such columns are dictionaries, and
columns side by side share their numbers.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from usage_core.schema import Column, Form
from usage_core.store.rows import arrow, keep
from usage_core.store.tables import CALLS

_KEPT = "numbered_values"
_OWN = frozenset({"source_call_id"})
"""Texts of which every call has another."""

_Run = tuple[str, ...]
"""Names of columns side by side that repeat."""


def coded(
    connection: sa.Connection, columns: Sequence[Column], within: Sequence[sa.ColumnElement[bool]]
) -> pa.Table:
    """The calls that meet the conditions, sorted by all these columns; a column of each one's name."""
    runs = [tuple(each.name for each in side) for repeats, side in groupby(columns, _repeats) if repeats]
    numbered = _numbered(connection, runs, within)
    known = sa.table(_KEPT, *map(sa.column, numbered.column_names))
    places = {run[0]: known.c[_place(run)] for run in runs}
    read = [
        places[each.name] if _repeats(each) else CALLS.c[each.name]
        for each in columns
        if each.name in places or not _repeats(each)
    ]
    same = (CALLS.c[name].is_not_distinct_from(known.c[name]) for run in runs for name in run)
    joined = sa.select(*read).select_from(CALLS.join(known, sa.and_(*same)))
    calls = arrow(connection, joined.where(*within).order_by(*read))
    found = {name: calls[name].combine_chunks() for name in calls.column_names}
    for run in runs:
        found |= dict(_dictionaries(run, found[_place(run)], numbered))
    return pa.table({each.name: found[each.name] for each in columns})


def _repeats(column: Column) -> bool:
    return column.form is Form.PRICE or (column.form is Form.TEXT and column.name not in _OWN)


def _place(run: _Run) -> str:
    return f"place_of_{run[0]}"


def _numbered(
    connection: sa.Connection, runs: Sequence[_Run], within: Sequence[sa.ColumnElement[bool]]
) -> pa.Table:
    """The combinations of values, with the place from 1 that each run's has in order; kept for a join."""
    c = sa.select(*(CALLS.c[name] for run in runs for name in run)).where(*within).distinct().subquery().c
    places = (
        sa.cast(sa.func.dense_rank().over(order_by=[c[name] for name in run]), sa.Integer()).label(
            _place(run)
        )
        for run in runs
    )
    return keep(connection, _KEPT, sa.select(*c, *places))


def _dictionaries(run: _Run, places: pa.Array, numbered: pa.Table) -> Iterator[tuple[str, pa.Array]]:
    """The columns of a run, by the place of each call's values."""
    known = numbered[_place(run)].to_numpy()
    at = np.empty(len(known), np.int64)
    at[known - 1] = np.arange(len(known))
    codes = pc.subtract(places, pa.scalar(1, pa.int32()))
    for name in run:
        values = numbered[name].combine_chunks().take(pa.array(at[: known.max(initial=0)]))
        yield name, pa.DictionaryArray.from_arrays(codes, values)
