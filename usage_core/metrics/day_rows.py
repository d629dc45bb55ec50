"""Rows of sums by day that a copy of the store was read for once, whole, for every timeframe.

Beside them stand those of a timeframe's ends, which are read from the calls once for all that is asked of
them.
"""

from collections.abc import Hashable
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from cachetools import LRUCache, cached

from usage_core.metrics import sources
from usage_core.metrics.covers import Choice, Cover, Wanted
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.ends import PLACES, but_for_edges, edges, ends_of
from usage_core.selection import FILTERS, Selection
from usage_core.store.columns import batches
from usage_core.store.kept import known, once
from usage_core.store.measures import BY_NAME
from usage_core.store.tables import DAYS
from usage_core.timeframe import EPOCH, Timeframe

MOST_ROWS_READ = 50_000
"""More rows are added up sooner where they are; each takes 260 bytes."""

BY = tuple(name for name, each in DIMENSIONS.items() if each.grain != "hour" and each.column != "time_bin")
"""All that days can be broken down by."""

NOT_HELD = pa.table({})
"""Stands for rows that are too many, and for none."""

_FURTHER = frozenset(name for name, each in BY_NAME.items() if not each.common)
"""What rows of sums hold beside that which all of them do."""

_ALL = Wanted(BY, _FURTHER)
_EVER = Selection(Timeframe(EPOCH, datetime(2200, 1, 1, tzinfo=UTC)), only=None)
_EVERYTHING = Cover(None, None, ())


def ahead(connection: sa.Connection) -> None:
    """Have all rows read, if they are few enough to be kept for every timeframe."""
    _found(connection, _EVER, _EVERYTHING)


def rows(connection: sa.Connection, selection: Selection, cover: Cover) -> pa.Table | None:
    """The rows of a timeframe by all there is, whatever is filtered; None where they are not held."""
    everything = known(connection, _key(_EVER, _EVERYTHING))
    if not everything:
        return _found(connection, selection, cover) or None
    days = everything["by_day"].chunk(0).to_numpy()
    start, end = (
        days.searchsorted(np.datetime64(edge, "us")) if edge else other
        for edge, other in ((cover.first, 0), (cover.beyond, len(days)))
    )
    inside = everything.slice(start, end - start)
    ends = [
        once(connection, ("sums of an end", span), partial(_read_end, connection, span), _bytes)
        for span in ends_of(cover, selection.timeframe.zone)
    ]
    return _together([inside, *ends]) if any(map(len, ends)) else inside


def _found(connection: sa.Connection, selection: Selection, cover: Cover) -> pa.Table:
    return once(connection, _key(selection, cover), lambda: _read(connection, selection, cover), _bytes)


def _bytes(found: pa.Table) -> int:
    return int(found.nbytes)


def _key(selection: Selection, cover: Cover) -> Hashable:
    return ("sums by day", selection.timeframe.zone if cover.ends else "", *cover.edges.items())


def _read(connection: sa.Connection, selection: Selection, cover: Cover) -> pa.Table:
    unfiltered = Selection(selection.timeframe, only=None)
    found: list[pa.RecordBatch] = []
    for batch in batches(connection, _statement(unfiltered, Choice(DAYS, cover)), cover.edges):
        found.append(batch)
        if sum(each.num_rows for each in found) > MOST_ROWS_READ:
            return NOT_HELD
    return _coded(pa.Table.from_batches(found)) if found else NOT_HELD


def _read_end(connection: sa.Connection, span: Timeframe) -> pa.Table:
    found = list(batches(connection, _of_end(span), edges(span)))
    return _coded(pa.Table.from_batches(found)) if found else NOT_HELD


def _coded(rows: pa.Table) -> pa.Table:
    """Rows with every text written once."""
    rows = rows.combine_chunks()
    for place, name in enumerate(rows.schema.names):
        if pa.types.is_string(rows[name].type):
            rows = rows.set_column(place, name, rows[name].chunk(0).dictionary_encode())
    return _with_keys_as_numbers(rows)


def _with_keys_as_numbers(rows: pa.Table) -> pa.Table:
    # To count what is distinct Arrow takes numbers.
    return rows.append_column(FILTERS["key"], rows["by_key"].chunk(0).indices)


def _together(parts: list[pa.Table]) -> pa.Table:
    """Rows of several tables as one, in the types of the first."""
    some = [part.drop_columns([FILTERS["key"]]) for part in parts if len(part)]
    alike = [part.select(some[0].schema.names).cast(some[0].schema) for part in some]
    return _with_keys_as_numbers(pa.concat_tables(alike).unify_dictionaries().combine_chunks())


def _but_for_its_edges(selection: Selection, choice: Choice) -> Hashable:
    return choice.but_for_edges(selection)


# To put a statement together takes longer than to answer it. What is kept is the statement alone.
@cached(LRUCache(maxsize=64), key=_but_for_its_edges, lock=Lock())
def _statement(unfiltered: Selection, choice: Choice) -> sa.Select[Any]:
    """All sums by all there is, in order of days; those of ends, which are read from calls, are made few."""
    found = sources.rows(unfiltered, _ALL, choice, named_edges=True).c
    if not choice.cover.ends:
        groups = [found[f"by_{name}"] for name in BY]
        return sa.select(*groups, *(found[name] for name in BY_NAME)).order_by(found.by_day)
    return _few(found)


@cached(LRUCache(maxsize=64), key=but_for_edges, lock=Lock())
def _of_end(span: Timeframe) -> sa.Select[Any]:
    return _few(sources.calls(Selection(span, only=None), _ALL, *PLACES).subquery("rows").c)


def _few(found: sa.ColumnCollection[str, sa.ColumnElement[Any]]) -> sa.Select[Any]:
    groups = [found[f"by_{name}"] for name in BY]
    combined = [each.combined(found[name]).label(name) for name, each in BY_NAME.items()]
    return sa.select(*groups, *combined).group_by(*groups)
