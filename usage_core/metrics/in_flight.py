"""How many calls are in flight at once, and when they are most: exact, in one pass over the calls.

A call is in flight from the instant it was made until its completion time has passed, that instant not
included: one that ends when another begins makes room for it, and one of 0 ms is never in flight. A call
without a completion time cannot be placed; it is left out and counted. Calls made before the timeframe
that still run in it are in flight in it.

The calls are read in stretches of time, so that memory holds one stretch, the one being read, and what is
in flight, however many calls there are; and no call becomes an object.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from usage_core.errors import SelectionError
from usage_core.metrics.covers import Coverage
from usage_core.metrics.slices import Slice, slices
from usage_core.metrics.sources import among
from usage_core.metrics.sweep import LONGEST_MS, Mark, Sweep, Top
from usage_core.periods import following, offsets, start_of
from usage_core.selection import FILTERS, Selection
from usage_core.store.rows import arrow
from usage_core.store.tables import CALLS
from usage_core.timeframe import EPOCH, Grain, Timeframe

STRETCH_ROWS = 1_000_000

LONG_MS = 3_600_000
"""Few calls take longer, and statistics tell which files and row groups have none: they are not read."""

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Peak:
    """The most calls in flight at once, the first instant they were (UTC, aware; None where none ever
    was), and how many calls of the timeframe were left out because their completion time is unknown."""

    calls: int
    at: datetime | None
    untimed: int


@dataclass(frozen=True, slots=True)
class OverTime:
    """The peak of a timeframe, and of each of its periods.

    `periods` has a row for each period the timeframe touches: its local start, in a column named by the
    grain, `in_flight`, and `at`, the first instant there were so many (UTC; NaT where there was none).
    """

    peak: Peak
    periods: pd.DataFrame


def peak(connection: sa.Connection, selection: Selection, coverage: Coverage | None = None) -> Peak:
    """The peak of a selection. The store's coverage only makes the answer come sooner."""
    sweep = _swept(connection, selection, coverage)
    return _peak(sweep.top(0, None), sweep.untimed[0])


def peaks(
    connection: sa.Connection, selection: Selection, by: str, coverage: Coverage | None = None
) -> dict[str | None, Peak]:
    """The peak of each key, provider, model or kind, the highest first; None stands for unknown."""
    if by not in FILTERS:
        raise SelectionError(f"{by[:60]!r} has no peaks. Use one of: {', '.join(FILTERS)}.")
    sweep = _swept(connection, selection, coverage, by=by)
    found = [(value, _peak(sweep.top(n, None), sweep.untimed[n])) for value, n in sweep.lanes.items()]
    return dict(sorted(found, key=lambda one: (-one[1].calls, one[0] is None, one[0])))


def over_time(
    connection: sa.Connection, selection: Selection, grain: Grain, coverage: Coverage | None = None
) -> OverTime:
    """The peak of a selection and of each of its periods, from one pass.

    Periods are of the selection's zone; local hours that a clock change repeats are one period.
    """
    sweep = _swept(connection, selection, coverage, grain)
    starts = sorted({period for period in sweep.periods if period})
    tops = [_peak(sweep.top(0, start)) for start in starts]
    columns: dict[str, Any] = {
        grain: pd.Series(starts, dtype="datetime64[us]"),
        "in_flight": pd.Series([top.calls for top in tops], dtype="int64"),
        "at": pd.Series([top.at for top in tops], dtype="datetime64[us, UTC]"),
    }
    return OverTime(_peak(sweep.top(0, *starts), sweep.untimed[0]), pd.DataFrame(columns))


def _peak(top: Top, untimed: int = 0) -> Peak:
    return Peak(top.calls, EPOCH + top.at * _MICROSECOND if top.calls else None, untimed)


def _swept(
    connection: sa.Connection,
    selection: Selection,
    coverage: Coverage | None,
    grain: Grain | None = None,
    by: str | None = None,
) -> Sweep:
    frame, c = selection.timeframe, CALLS.c
    columns = [c.called_at, c.completion_time_ms, *([c[FILTERS[by]].label("lane")] if by else [])]
    filters = [among(c[column], values) for column, values in selection.filters.items()]
    edges = _edges(frame, slices(connection, selection, STRETCH_ROWS, coverage))
    before, within = [*_still_running(edges[0])], [_made(*stretch) for stretch in pairwise(edges)]
    statements = [sa.select(*columns).where(*filters, *part) for part in (*before, *within)]
    sweep = Sweep(list(_marks(frame, grain)))
    with closing(_read(connection, statements)) as tables:
        for table in islice(tables, len(before)):
            sweep.add(table, _micros(edges[0]), _micros(edges[0]))
        for table, (start, end) in zip(tables, pairwise(edges), strict=True):
            sweep.take(table, _micros(start), _micros(end))
    return sweep


def _edges(frame: Timeframe, cut: Iterable[Slice]) -> list[datetime]:
    """Where stretches meet. They leave no gap, so that whatever counted the calls can make them unlike
    in size, but never the answer wrong."""
    start, end = (edge.replace(tzinfo=None) for edge in (frame.start, frame.end))
    return [start, *[first for first, _ in cut][1:], end]


def _made(start: datetime, end: datetime) -> list[sa.ColumnElement[bool]]:
    return [CALLS.c.called_at >= start, CALLS.c.called_at < end]


def _still_running(at: datetime) -> Iterator[list[sa.ColumnElement[bool]]]:
    """The calls made before an instant that still run then: those made just before, and long ones."""
    took = CALLS.c.completion_time_ms
    passed = _micros(at) - sa.func.epoch_us(CALLS.c.called_at)
    running = sa.func.least(took, LONGEST_MS) * 1000 > passed
    recent = at - timedelta(milliseconds=LONG_MS)
    yield [*_made(recent, at), took > 0, running]  # `least` of NULL and a number is the number
    yield [CALLS.c.called_at < recent, took > LONG_MS, running]


def _read(connection: sa.Connection, statements: Iterable[sa.Select[Any]]) -> Generator[pa.Table]:
    """The statements' rows; while one table is looked at, the next is read."""
    reader = ThreadPoolExecutor(1)
    coming: deque[Future[pa.Table]] = deque()
    try:
        for statement in statements:
            coming.append(reader.submit(arrow, connection, statement))
            if len(coming) > 1:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:  # the connection is left alone before an error is told
        reader.shutdown(cancel_futures=True)


def _marks(frame: Timeframe, grain: Grain | None) -> Iterator[Mark]:
    """Where periods begin, or go on after clocks were put back; without a grain, the whole is one."""
    if grain is None:
        yield Mark(_micros(frame.start), None)
        return
    for (start, offset), (end, _) in pairwise((*offsets(frame), (frame.end, timedelta()))):
        at = start
        while at < end:
            period = start_of((at + offset).replace(tzinfo=None), grain)
            yield Mark(_micros(at), period)
            at = following(period, grain).replace(tzinfo=UTC) - offset


def _micros(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - EPOCH) // _MICROSECOND
