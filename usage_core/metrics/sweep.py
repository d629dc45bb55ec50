"""How many intervals overlap, stretch of time by stretch of time: the arithmetic behind calls in flight.

Instants are microseconds since 1970. The starts and ends of a stretch are sorted together and added up;
what still runs when it is over is carried into the next.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import product
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

LONGEST_MS = 9 * 10**15
"""Longer times are taken for this one, 285,000 years, so that an end fits into 64 bits."""

LINE = 2**62
"""Lanes are laid out on a line of so many microseconds; where that is too short, some at a time."""

Whole: TypeAlias = NDArray[np.int64]
Lanes: TypeAlias = NDArray[np.integer[Any]]


class Mark(NamedTuple):
    """From here on (until the next mark) it is this period; a period may come again."""

    at: int
    period: datetime | None


class Top(NamedTuple):
    """The most that ran at once, and the first instant they did."""

    calls: int
    at: int


NONE = Top(0, 0)


class Sweep:
    """What is known so far: the top of every lane in every period, and what still runs.

    Each value of a breakdown has a lane of its own, a number from 0; without one, all are in lane 0.
    """

    def __init__(self, marks: Sequence[Mark]) -> None:
        self.marks, self.periods = [mark.at for mark in marks], [mark.period for mark in marks]
        self.lanes: dict[str | None, int] = {}
        self.untimed: Counter[int] = Counter()
        """By lane, how many calls have no completion time."""
        self._tops: dict[tuple[int, datetime | None], Top] = {}
        self._ends: Whole = np.empty(0, np.int64)  # of what still runs
        self._in: Lanes = np.empty(0, np.int8)  # the lanes of these

    def top(self, lane: int, *periods: datetime | None) -> Top:
        """The top of a lane in some periods."""
        tops = (self._tops.get((lane, period), NONE) for period in periods)
        return max(tops, key=lambda top: (top.calls, -top.at))

    def add(self, table: pa.Table, start: int, end: int) -> tuple[Whole, Lanes]:
        """Calls up to `end` as [starts, ends], and their lanes; those that run on then are kept.

        The first are those that were kept before, from `start` on. A call without a completion time is
        taken for one of 0 ms, which never runs.
        """
        held, took = len(self._ends), table["completion_time_ms"]
        lanes = np.concatenate((self._in, self._lanes(table)))
        starts, ends = times = np.empty((2, len(lanes)), np.int64)
        starts[:held], ends[:held] = start, self._ends
        starts[held:] = table["called_at"].to_numpy().view(np.int64)
        np.minimum(took.fill_null(0).to_numpy(), LONGEST_MS, out=ends[held:])
        ends[held:] *= 1000
        ends[held:] += starts[held:]
        late = np.flatnonzero(ends > end)
        self._ends, self._in = ends[late], lanes[late]
        ends[late] = end
        if took.null_count:
            untimed = np.bincount(lanes[held:][took.is_null().to_numpy()])
            self.untimed.update(dict(enumerate(untimed.tolist())))
        return times, lanes

    def _lanes(self, table: pa.Table) -> Lanes:
        if "lane" not in table.column_names:
            return np.zeros(table.num_rows, np.int8)
        coded = table["lane"].dictionary_encode(null_encoding="encode").combine_chunks()
        known = [self.lanes.setdefault(name, len(self.lanes)) for name in coded.dictionary.to_pylist()]
        numbers: Lanes = np.array(known, np.int64)[coded.indices.to_numpy()]
        return numbers

    def take(self, table: pa.Table, start: int, end: int) -> None:
        """Count the calls made in a stretch, which begins where the one before ended."""
        times, lanes = self.add(table, start, end)
        times -= start
        count, at_once = max(1, len(self.lanes)), LINE // (end - start + 1)
        for first in range(0, count, at_once):
            some = range(first, min(count, first + at_once))
            part = slice(None) if len(some) == count else (lanes >= first) & (lanes < some.stop)
            self._lift(some, _line(times[:, part], lanes[part] - first, end - start + 1), start, end)

    def _lift(self, lanes: range, line: Whole, start: int, end: int) -> None:
        """Lift the tops of some lanes to what a stretch has."""
        here = slice(bisect_right(self.marks, start) - 1, bisect_left(self.marks, end))
        marks = np.array([start, *self.marks[here][1:], end]) - start
        origins = np.arange(len(lanes))[:, np.newaxis] * (end - start + 1)
        opened, closed = ((origins + edges).ravel() for edges in (marks[:-1], marks[1:]))
        first = np.searchsorted(line, opened << 1 | 1, side="right")
        last = np.searchsorted(line, closed << 1)
        level = _levels(line)
        # A period is what is after all that happens when it opens and before all that happens when it
        # closes. Every second range is one; those between them are left out.
        tops = np.maximum.reduceat(level, np.column_stack((first, last + 1)).ravel())[::2]
        cells = product(lanes, self.periods[here])
        for place, (cell, calls) in enumerate(zip(cells, tops.tolist(), strict=True)):
            if calls > self._tops.get(cell, NONE).calls:
                event = first[place] + level[first[place] : last[place] + 1].argmax()
                at = line[event - 1] >> 1 if event > first[place] else opened[place]
                self._tops[cell] = Top(calls, int(at - origins[cell[0] - lanes.start, 0]) + start)


def _line(times: Whole, lanes: Lanes, width: int) -> Whole:
    """Starts and ends on one line of time, sorted, on which lanes lie one behind the other.

    An instant is an even number for what ends then, the odd one after it for what starts then. All that
    starts in a lane ends in it, at the latest where the stretch ends, so each lane begins with nothing.
    """
    if lanes.any():
        times = times + lanes * width
    times <<= 1
    times[0] |= 1
    line = times.ravel()
    line.sort()
    return line


def _levels(line: Whole) -> NDArray[np.int32]:
    """How many run before the first event, after each, and once more after the last."""
    level = np.zeros(len(line) + 2, np.int32)
    level[1:-1] = line
    level &= 1
    level <<= 1
    level[1:-1] -= 1
    np.cumsum(level, out=level)
    return level
