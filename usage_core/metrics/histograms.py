"""How many calls took how long, by groups: what percentiles of large stores are read from.

The store answers with lists, a row for each group and day or so; they are added up here in arrays, since
the engine's windows over single bins take ten times as long.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import sqlalchemy as sa

from usage_core.store.columns import batches, values
from usage_core.store.time_bins import time_of_bin

Group: TypeAlias = tuple[Any, ...]
Whole: TypeAlias = npt.NDArray[np.int64]
Real: TypeAlias = npt.NDArray[np.float64]

UNKNOWN_BIN = -1
"""Holds the calls whose completion time is unknown."""


class Lists(NamedTuple):
    """Some rows of `sources.lists`: each row's group and how many bins it has, and, of all rows one after
    another, bins and the calls in them."""

    groups: list[Group]
    lengths: Whole
    bins: npt.NDArray[np.int16]
    calls: Whole

    def added_up(self, entries: Whole | Real) -> Real:
        """By row: the sum of what each of its bins brings."""
        sums: Real = np.add.reduceat(entries, self.lengths.cumsum() - self.lengths).astype(float)
        return sums


class Histograms(NamedTuple):
    """Each group's place, and the calls by place and bin + 1; column 0 is UNKNOWN_BIN.

    Calls are whole numbers below 2^53 / 100, which floats hold exactly, also a hundredfold.
    """

    places: dict[Group, int]
    calls: Real

    def at(self, places: Mapping[Group, int]) -> "Histograms":
        """The same calls with the groups in other places; one that has none here has no calls."""
        rows = np.array([self.places.get(group, len(self.calls)) for group in places], dtype=np.intp)
        none = np.zeros((1, self.calls.shape[1]))
        return Histograms(dict(places), np.concatenate([self.calls, none])[rows])

    def percentile(self, percent: int) -> list[int | None]:
        """By place: the time in ms within which so many of 100 timed calls were answered (nearest rank);
        None where there is no such call."""
        timed = self.calls[:, 1:]
        if not timed.size:
            return [None] * len(timed)
        times = time_of_bin(bin_at(timed, percent)).tolist()
        some = (timed.sum(axis=1) > 0).tolist()
        return [int(time) if known else None for time, known in zip(times, some, strict=True)]


def bin_at(timed: Real, percent: int) -> Whole:
    """The bin in which a percentile is, of calls by bin in the last axis (nearest rank)."""
    up_to = timed.cumsum(axis=-1)
    rank = -(-up_to[..., -1:] * percent // 100)
    first: Whole = (up_to >= rank).argmax(axis=-1)
    return first


def histograms(
    lists: Iterable[Lists],
    places: Mapping[Group, int] | None = None,
    of: Callable[[Group], Group | None] = lambda group: group,
) -> Histograms:
    """Rows added up by what `of` makes of their groups, without those of which it makes None; with
    `places`, of those groups only.

    It takes 8 bytes for each group and bin, of which there are about a thousand.
    """
    found: dict[Group, int] = dict(places or {})
    calls: Real = np.zeros((len(found), 0))

    def place_of(group: Group | None) -> int:
        if group is None:
            return -1
        return found.setdefault(group, len(found)) if places is None else found.get(group, -1)

    for rows in lists:
        place = np.array([place_of(of(group)) for group in rows.groups])
        width = max(int(rows.bins.max()) + 2, calls.shape[1])
        at = (place * width + 1).repeat(rows.lengths) + rows.bins
        held = (place >= 0).repeat(rows.lengths) if (place < 0).any() else slice(None)
        flat = np.bincount(at[held], rows.calls[held], minlength=len(found) * width)
        summed: Real = flat.astype(float, copy=False).reshape(len(found), width)
        summed[: calls.shape[0], : calls.shape[1]] += calls
        calls = summed
    return Histograms(found, calls)


def read(
    connection: sa.Connection,
    lists: sa.Select[Any] | sa.CompoundSelect[Any],
    edges: Mapping[str, datetime] | None = None,
) -> Iterator[Lists]:
    """The rows of a statement of `sources.lists`, some at a time; `edges` are its parameters, if named."""
    for batch in batches(connection, lists, edges):
        if not batch.num_rows:
            continue
        *by, bins, counts = batch.columns
        groups = list(zip(*map(values, by), strict=True)) if by else [()] * batch.num_rows
        yield Lists(
            groups,
            np.diff(bins.offsets.to_numpy()),
            pc.fill_null(bins.flatten(), UNKNOWN_BIN).to_numpy(),
            counts.flatten().to_numpy(),
        )
