"""Completion times by day that a copy of the store was read for once, whole, for every timeframe.

The engine takes 5 to 20 ms to hand over a month of lists, most of it to unpack them; here they lie in arrays,
in order of time.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from cachetools import LRUCache, cached

from usage_core.metrics import sources
from usage_core.metrics.covers import Choice, Cover, Wanted
from usage_core.metrics.day_rows import BY
from usage_core.metrics.dimensions import DIMENSIONS, Row
from usage_core.metrics.ends import PLACES, but_for_edges, edges, ends_of
from usage_core.metrics.histograms import UNKNOWN_BIN, Lists, Whole
from usage_core.selection import FILTERS, UNKNOWN, Selection
from usage_core.store.columns import batches, values
from usage_core.store.kept import known, once
from usage_core.store.tables import LISTS
from usage_core.timeframe import Timeframe

MOST_BINS_READ = 3_000_000
"""Of longer lists only those of a timeframe are read, when they are asked for; each bin takes 6 bytes."""

NOT_HELD = ()
"""Stands for lists that are too long, and for none."""


class Rows(NamedTuple):
    """Rows of lists: of each the values of all breakdowns, and where its bins start among all `bins`, and one
    more."""

    by: dict[str, "np.ndarray[Any, Any]"]
    starts: Whole
    bins: "np.ndarray[Any, np.dtype[np.int16]]"
    calls: "np.ndarray[Any, np.dtype[np.int32]]"


class Held(NamedTuple):
    """All rows of a table of lists, those of days before those of whole months, either in order of time."""

    days: "np.ndarray[Any, Any]"
    first_of_months: int
    rows: Rows


def ahead(connection: sa.Connection) -> None:
    """Have all lists read that are short enough."""
    for table in LISTS.values():
        once(connection, _key(table), partial(_read, connection, table), _bytes)


def lists(
    connection: sa.Connection, selection: Selection, wanted: Wanted, choice: Choice
) -> list[Lists] | None:
    """As `sources.lists` finds them; None where they were not read ahead. The ends of a timeframe are read
    from the calls, once for all that is asked of them."""
    held: Held | None = known(connection, _key(choice.rollup))
    if not held:
        return None
    places = np.concatenate([np.arange(*part) for part in _parts(held, choice.cover)])
    found = [_chosen(held.rows, places, selection, wanted)]
    for span in ends_of(choice.cover, selection.timeframe.zone):
        read = partial(_read_end, connection, span)
        rows = once(connection, ("times of an end", span), read, _bytes_of_rows)
        if rows is None:
            return None
        found.append(_chosen(rows, np.arange(len(rows.starts) - 1), selection, wanted))
    return [each for each in found if each.groups]


def _chosen(held: Rows, places: Whole, selection: Selection, wanted: Wanted) -> Lists:
    """Some rows, of them those that filters let through."""
    for name, column in FILTERS.items():
        if (accepted := selection.filters.get(column)) is not None:
            of = held.by[name][places]
            places = places[[(UNKNOWN if value is None else value) in accepted for value in of]]
    starts, lengths = held.starts[places], held.starts[places + 1] - held.starts[places]
    at = (starts - lengths.cumsum() + lengths).repeat(lengths) + np.arange(lengths.sum())
    groups = [_told(held.by[name][places].tolist(), name, wanted) for name in wanted.by]
    named = list(zip(*groups, strict=True)) if groups else [()] * len(places)
    return Lists(named, lengths, held.bins[at], held.calls[at].astype(np.int64))


def _told(group: list[Any], name: str, wanted: Wanted) -> list[Any]:
    """A breakdown's values, those that are not kept apart as OTHER."""
    if wanted.keep is None or name != wanted.by[-1]:
        return group
    return [
        value if (UNKNOWN if value is None else value) in wanted.keep else sources.OTHER for value in group
    ]


def _parts(held: Held, cover: Cover) -> Iterator[tuple[int, int]]:
    """The rows that a cover holds, from which to before which; see `sources`."""
    days, months = (0, held.first_of_months), (held.first_of_months, len(held.days))

    def between(rows: tuple[int, int], first: datetime | None, beyond: datetime | None) -> tuple[int, int]:
        found = held.days[slice(*rows)]
        start = int(found.searchsorted(np.datetime64(first, "us"))) if first else 0
        end = int(found.searchsorted(np.datetime64(beyond, "us"))) if beyond else len(found)
        return rows[0] + start, rows[0] + max(start, end)

    if cover.months is None:
        yield between(days, cover.first, cover.beyond)
        return
    first_month, beyond_months = cover.months
    yield between(months, first_month, beyond_months)
    if first_month is not None:
        yield between(days, cover.first, first_month)
    if beyond_months is not None:
        yield between(days, beyond_months, cover.beyond)


def _bytes(held: Held | tuple[()]) -> int:
    return held.days.nbytes + _bytes_of_rows(held.rows) if held else 0


def _bytes_of_rows(rows: Rows | None) -> int:
    return sum(each.nbytes for each in rows[1:]) if rows else 0


def _key(table: sa.Table) -> tuple[str, str]:
    return ("held times", table.name)


def _read(connection: sa.Connection, table: sa.Table) -> Held | tuple[()]:
    c = table.c
    names = [name for name, each in DIMENSIONS.items() if each.grain == "day" or each.column in _kept(table)]
    groups = [DIMENSIONS[name].expression(Row(c.day, dict(c))).label(f"by_{name}") for name in names]
    every = sa.select(*groups, c.bins, c.counts, c.day, c.whole_month).order_by(c.whole_month, c.day)
    found = _collected(connection, every)
    if not found or (rows := _rows(found, names)) is None:
        return NOT_HELD
    months = int(pc.sum(found["whole_month"]).as_py())
    return Held(found["day"].chunk(0).to_numpy(), found.num_rows - months, rows)


def _read_end(connection: sa.Connection, span: Timeframe) -> Rows | None:
    """The calls of a span as rows of lists, by all there is; None where they are too many."""
    found = _collected(connection, _of_end(span), edges(span))
    if found is None:
        return None
    return _rows(found, BY) if found.num_rows else _none()


def _none() -> Rows:
    by = {name: np.empty(0, dtype=object) for name in BY}
    return Rows(by, np.zeros(1, np.int64), np.empty(0, np.int16), np.empty(0, np.int32))


# To put a statement together takes longer than to answer it. What is kept is the statement alone.
@cached(LRUCache(maxsize=64), key=but_for_edges, lock=Lock())
def _of_end(span: Timeframe) -> sa.Select[Any]:
    return sources.listed_calls(Selection(span, only=None), Wanted(BY, bins=True), *PLACES)


def _collected(
    connection: sa.Connection, statement: sa.Select[Any], parameters: Mapping[str, datetime] | None = None
) -> pa.Table | None:
    """All that a statement of lists finds; None where it is too long."""
    found, bins = [], 0
    for batch in batches(connection, statement, parameters):
        found.append(batch)
        bins += len(batch["bins"].flatten())
        if bins > MOST_BINS_READ:
            return None
    return pa.Table.from_batches(found).combine_chunks() if found else pa.table({})


def _rows(found: pa.Table, names: Sequence[str]) -> Rows | None:
    """Lists in arrays; None where there are none, or too many calls in a bin."""
    if not found.num_rows:
        return None
    lists, counts = found["bins"].chunk(0), found["counts"].chunk(0).flatten().to_numpy()
    if not len(counts) or counts.max() > np.iinfo(np.int32).max:
        return None
    by = {}
    for name in names:
        by[name] = np.empty(found.num_rows, dtype=object)
        by[name][:] = values(found[f"by_{name}"].combine_chunks())
    bins = pc.fill_null(lists.flatten(), UNKNOWN_BIN).to_numpy().astype(np.int16)
    return Rows(by, lists.offsets.to_numpy().astype(np.int64), bins, counts.astype(np.int32))


def _kept(table: sa.Table) -> set[str]:
    return set(FILTERS.values()) & set(table.columns.keys())
