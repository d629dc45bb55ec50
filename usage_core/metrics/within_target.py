"""How many calls took at most a target: from bins of completion times, or from the calls.

Bins are exact up to 256 ms, and for the few longer targets at the upper end of one. Any other target
lies within a bin; its calls are counted in part, as if they were spread evenly over the bin, and the
margin says by how much that can be wrong. A bin is 1.45 % wide, so the margin is small.
"""

import math
from typing import Any, NamedTuple

import pandas as pd
import sqlalchemy as sa

from usage_core.errors import SelectionError
from usage_core.metrics.covers import Coverage, Wanted
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.histograms import Histograms
from usage_core.metrics.question import MOST_ROWS
from usage_core.metrics.sources import rows
from usage_core.metrics.times import added_up, in_bins
from usage_core.selection import Selection
from usage_core.store.tables import CALLS
from usage_core.store.time_bins import BINS_PER_DOUBLING, EXACT_BINS, bin_of_time

LONGEST_TARGET_MS = 86_400_000
"""A day: beyond it a target tells nothing apart."""


class Spread(NamedTuple):
    """The bin a target lies in: its first and last time in ms, and the part of them up to the target."""

    first: int
    last: int
    part: float


def spread(target_ms: int) -> Spread | None:
    """The bin that a target cuts in two; None where it cuts none."""
    if target_ms <= EXACT_BINS:
        return None
    number = bin_of_time(target_ms) - EXACT_BINS - 1
    first, following = (math.ceil(EXACT_BINS * 2 ** ((number + step) / BINS_PER_DOUBLING)) for step in (0, 1))
    first = max(first, EXACT_BINS + 1)
    if target_ms == following - 1:
        return None
    return Spread(first, following - 1, (target_ms - first + 1) / (following - first))


def within_target(
    connection: sa.Connection,
    selection: Selection,
    target_ms: int,
    by: tuple[str, ...] = (),
    coverage: Coverage | None = None,
) -> pd.DataFrame:
    """The share of calls that took at most `target_ms`, by breakdowns (see `Question`).

    One row per group that has calls with a known completion time: the breakdowns; timed, the number of
    those calls; share, a float from 0 to 1; margin, by how much the share can be wrong, 0.0 where it is
    exact. Periods come in order of time, other groups with most calls first; without breakdowns and
    without calls there is no row. `attrs["sources"]` of the frame names the table that answered.

    Raises:
        SelectionError: the target is not between 0 and a day, or a breakdown is not known.
    """
    _check(target_ms, by)
    times = in_bins(selection, by, coverage)
    if times:
        found = _in_bins(added_up(connection, times), target_ms)
    else:
        found = [tuple(row) for row in connection.execute(_in_calls(selection, target_ms, by))]
    in_time = bool(by) and DIMENSIONS[by[0]].is_period
    by_name = sorted(found, key=lambda row: [(value is None, value) for value in row[: len(by)]])
    in_order = by_name if in_time else sorted(by_name, key=lambda row: -row[len(by)])
    frame = _frame(in_order[:MOST_ROWS], by, spread(target_ms) if times else None)
    frame.attrs["sources"] = [times.source if times else CALLS.name]
    return frame


def _in_calls(selection: Selection, target_ms: int, by: tuple[str, ...]) -> sa.Select[Any]:
    """Groups, timed calls, those surely within the target, and those perhaps: none."""
    source = rows(selection, Wanted(by, frozenset({"completion_time_ms"})), None)
    groups, time = [source.c[f"by_{name}"] for name in by], source.c.completion_time_ms
    timed = sa.func.count()
    counted = sa.select(*groups, timed, timed.filter(time <= target_ms), sa.literal(0))
    return counted.where(time.is_not(None)).group_by(*groups).having(timed > 0)


def _in_bins(found: Histograms, target_ms: int) -> list[tuple[Any, ...]]:
    """As `_in_calls`, those perhaps within it being in the bin that the target cuts in two."""
    holding, following = (bin_of_time(time) for time in (target_ms, target_ms + 1))
    timed = found.calls[:, 1:]
    perhaps = timed[:, holding : holding + (holding == following)]
    counts = (timed, timed[:, :following], perhaps)
    rows = zip(found.places, *(each.sum(axis=1).tolist() for each in counts), strict=True)
    return [(*group, *of) for group, *of in rows if of[0]]


def _check(target_ms: int, by: tuple[str, ...]) -> None:
    if not 0 <= target_ms <= LONGEST_TARGET_MS:
        raise SelectionError("A target lies between 0 and 86,400 seconds, a day.")
    for name in by:
        if name not in DIMENSIONS:
            raise SelectionError(f"{name[:60]!r} is not a breakdown. Use one of: {', '.join(DIMENSIONS)}.")


def _frame(found: Any, by: tuple[str, ...], cut: Spread | None) -> pd.DataFrame:
    columns: dict[str, pd.Series[Any]] = {}
    for place, name in enumerate(by):
        kind = "datetime64[us]" if DIMENSIONS[name].is_period else object
        columns[name] = pd.Series([row[place] for row in found], dtype=kind)
    part = cut.part if cut else 0.0
    counts = [tuple(int(count) for count in row[len(by) :]) for row in found]
    columns["timed"] = pd.Series([timed for timed, _, _ in counts], dtype=object)
    columns["share"] = pd.Series(
        [(surely + part * perhaps) / timed for timed, surely, perhaps in counts], dtype=float
    )
    columns["margin"] = pd.Series(
        [max(part, 1 - part) * perhaps / timed for timed, _, perhaps in counts], dtype=float
    )
    return pd.DataFrame(columns)
