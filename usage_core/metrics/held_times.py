"""Completion times by day that a copy of the store was read for once, whole, for every timeframe.

The engine takes 5 to 20 ms to hand over a month of lists, most of it to unpack them; here they lie in arrays,
in order of time.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from usage_core.metrics import sources
from usage_core.metrics.covers import Choice, Cover, Wanted
from usage_core.metrics.dimensions import DIMENSIONS, Row
from usage_core.metrics.histograms import UNKNOWN_BIN, Lists, Whole
from usage_core.selection import FILTERS, UNKNOWN, Selection
from usage_core.store.columns import batches, values
from usage_core.store.kept import known, once
from usage_core.store.tables import LISTS

MOST_BINS_READ = 3_000_000
"""Of longer lists only those of a timeframe are read, when they are asked for; each bin takes 6 bytes."""

NOT_HELD = ()
"""Stands for lists that are too long, and for none."""


class Held(NamedTuple):
    """All rows of a table of lists, those of days before those of whole months, either in order of time.

    `by` has the values of each breakdown, `starts` where a row's bins start among all `bins`, and one more.
    """

    days: "np.ndarray[Any, Any]"
    first_of_months: int
    by: dict[str, "np.ndarray[Any, Any]"]
    starts: Whole
    bins: "np.ndarray[Any, np.dtype[np.int16]]"
    calls: "np.ndarray[Any, np.dtype[np.int32]]"


def ahead(connection: sa.Connection) -> None:
    """Have all lists read that are short enough."""
    for table in LISTS.values():
        once(connection, _key(table), partial(_read, connection, table), _bytes)


def lists(connection: sa.Connection, selection: Selection, wanted: Wanted, choice: Choice) -> Lists | None:
    """As `sources.lists` finds them; None where they were not read ahead, or are not of whole days."""
    held: Held | None = known(connection, _key(choice.rollup))
    if not held or choice.cover.ends:
        return None
    rows = np.concatenate([np.arange(*part) for part in _parts(held, choice.cover)])
    for name, column in FILTERS.items():
        if (accepted := selection.filters.get(column)) is not None:
            rows = rows[[(UNKNOWN if value is None else value) in accepted for value in held.by[name][rows]]]
    starts, lengths = held.starts[rows], held.starts[rows + 1] - held.starts[rows]
    at = (starts - lengths.cumsum() + lengths).repeat(lengths) + np.arange(lengths.sum())
    groups = [_told(held.by[name][rows].tolist(), name, wanted) for name in wanted.by]
    named = list(zip(*groups, strict=True)) if groups else [()] * len(rows)
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
    return sum(each.nbytes for each in (held.days, held.starts, held.bins, held.calls)) if held else 0


def _key(table: sa.Table) -> tuple[str, str]:
    return ("held times", table.name)


def _read(connection: sa.Connection, table: sa.Table) -> Held | tuple[()]:
    c = table.c
    names = [name for name, each in DIMENSIONS.items() if each.grain == "day" or each.column in _kept(table)]
    groups = [DIMENSIONS[name].expression(Row(c.day, dict(c))).label(f"by_{name}") for name in names]
    every = sa.select(*groups, c.day, c.whole_month, c.bins, c.counts).order_by(c.whole_month, c.day)
    found, bins = [], 0
    for batch in batches(connection, every):
        found.append(batch)
        bins += len(batch["bins"].flatten())
        if bins > MOST_BINS_READ:
            return NOT_HELD
    if not bins:
        return NOT_HELD
    rows = pa.Table.from_batches(found).combine_chunks()
    lists, counts = rows["bins"].chunk(0), rows["counts"].chunk(0).flatten().to_numpy()
    if counts.max() > np.iinfo(np.int32).max:
        return NOT_HELD
    by = {}
    for name in names:
        by[name] = np.empty(rows.num_rows, dtype=object)
        by[name][:] = values(rows[f"by_{name}"].combine_chunks())
    return Held(
        rows["day"].chunk(0).to_numpy(),
        rows.num_rows - int(pc.sum(rows["whole_month"]).as_py()),
        by,
        lists.offsets.to_numpy().astype(np.int64),
        pc.fill_null(lists.flatten(), UNKNOWN_BIN).to_numpy().astype(np.int16),
        counts.astype(np.int32),
    )


def _kept(table: sa.Table) -> set[str]:
    return set(FILTERS.values()) & set(table.columns.keys())
