"""A selection cut into slices of time that hold about equally many calls.

Sorting a whole year at once would keep a reader waiting and fill the memory. The calls are counted per
hour instead, and hours are joined or cut into slices: each is sorted by itself, together they are
sorted, and memory holds one of them.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from usage_core.metrics.covers import Coverage, Wanted, choose
from usage_core.metrics.question import conditions
from usage_core.metrics.sources import rows
from usage_core.selection import Selection
from usage_core.store.local_time import truncated
from usage_core.store.tables import CALLS

CUTS = {"hour": timedelta(hours=1), "minute": timedelta(minutes=1), "second": timedelta(seconds=1)}

Slice: TypeAlias = tuple[datetime, datetime]
"""From when to before when; naive UTC, as the store has it."""


def slices(
    connection: sa.Connection,
    selection: Selection,
    size: int,
    coverage: Coverage | None = None,
    first: int | None = None,
) -> Iterator[Slice]:
    """Slices of at most `size` calls, the first of at most `first`, so that it is soon there; in order. Only
    one second's calls can be more.

    Ranges without calls are left out. With the store's coverage, rollups tell how many calls an hour
    has, where they can; without, the calls alone.
    """
    frame = selection.timeframe
    whole = (frame.start.replace(tzinfo=None), frame.end.replace(tzinfo=None))
    sizes = (min(first or size, size), size)
    return _joined(connection, selection, whole, sizes, _by_hour(selection, coverage), *CUTS)


def first_hours(
    connection: sa.Connection, selection: Selection, calls: int, coverage: Coverage | None = None
) -> Slice | None:
    """The first hours that hold so many calls, or all there are; None where there are none."""
    frame, start, held = selection.timeframe, None, 0
    for at, more in connection.execute(_by_hour(selection, coverage)):
        start, end, held = start or at, at + CUTS["hour"], held + more
        if held >= calls:
            break
    if start is None:
        return None
    return max(start, frame.start.replace(tzinfo=None)), min(end, frame.end.replace(tzinfo=None))


def _joined(
    connection: sa.Connection,
    selection: Selection,
    within: Slice,
    sizes: tuple[int, int],
    counted: sa.Select[Any],
    unit: str,
    *finer: str,
) -> Iterator[Slice]:
    """Join the periods of a range that are counted into slices of a first and a later size; cut a period
    that is too much for one."""
    size, later = sizes
    start: datetime | None = None
    end, held = within[0], 0
    for at, calls in connection.execute(counted).all():
        if start is not None and held + calls > size:
            yield start, end
            start, held, size = None, 0, later
        first, stop = max(at, within[0]), min(at + CUTS[unit], within[1])
        if calls > size and finer:
            counts = _by(finer[0], selection, (first, stop))
            yield from _joined(connection, selection, (first, stop), (size, later), counts, *finer)
            size = later
            continue
        start, end, held = start or first, stop, held + calls
    if start is not None:
        yield start, end


def _by_hour(selection: Selection, coverage: Coverage | None) -> sa.Select[Any]:
    in_utc = selection.over(replace(selection.timeframe, zone="UTC"))
    wanted = Wanted(("hour",))
    source = rows(in_utc, wanted, choose(in_utc, wanted, coverage))
    hour = source.c.by_hour
    return sa.select(hour, sa.func.sum(source.c.calls)).group_by(hour).order_by(hour)


def _by(unit: str, selection: Selection, within: Slice) -> sa.Select[Any]:
    period = truncated(unit, CALLS.c.called_at).label("period")
    inside = (CALLS.c.called_at >= within[0], CALLS.c.called_at < within[1])
    counted = sa.select(period, sa.func.count()).where(*conditions(selection), *inside)
    return counted.group_by(period).order_by(period)
