"""How many calls of two periods lie beyond the percentiles they have in common; for `shifts`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from usage_core.metrics.covers import SHORT, Coverage, Wanted, choose
from usage_core.metrics.histograms import (
    UNKNOWN_BIN,
    Group,
    Histograms,
    Lists,
    Real,
    Whole,
    bin_at,
    histograms,
    read,
    time_of_bin,
)
from usage_core.metrics.sources import lists as lists_of
from usage_core.selection import Selection


class Part(NamedTuple):
    """The calls of one value in one period: how many, and how many of them beyond a common percentile.

    `units` days (or hours) hold them; the last three are sums over those of products.
    """

    units: int
    calls: float
    beyond: float
    calls_calls: float
    beyond_beyond: float
    calls_beyond: float


class Counts(NamedTuple):
    """One value in one period: the calls beyond the common p50 and p95, and the time spent, in ms.

    A time beyond the common p99 counts as that, so that one call that hung does not decide.
    """

    p50: Part
    p95: Part
    spent: float


def counts(
    connection: sa.Connection, now: Selection, before: Selection, by: str, coverage: Coverage | None = None
) -> tuple[dict[Any, Counts], dict[Any, Counts]]:
    """For either selection, value of `by` -> its counts; values without a timed call are left out."""
    found: tuple[dict[Any, Counts], dict[Any, Counts]] = ({}, {})
    statement = sa.union_all(*(_lists(each, by, which, coverage) for which, each in enumerate((now, before))))
    rows = list(read(connection, statement))  # at most a few million bins, 10 bytes each
    whole = histograms(rows, of=lambda group: group[:2])
    cuts = _cuts(whole)
    for (which, value), units in _by_unit(rows, cuts).items():
        calls, *beyond = np.array([each for each in units.values() if each[0]]).reshape(-1, 3).T
        if calls.size:
            spent = _spent(whole.calls[whole.places[which, value], 1:], cuts[value][-1])
            p50, p95 = (_part(calls, each) for each in beyond)
            found[which][value] = Counts(p50, p95, spent)
    return found


def _lists(selection: Selection, by: str, which: int, coverage: Coverage | None) -> sa.Select[Any]:
    """Which period (0 is now), value, unit, bins, counts."""
    frame = selection.timeframe
    unit = "hour" if frame.length <= SHORT else "day"
    if coverage is not None:  # where a day begins does not matter here, only that rollups have it
        selection = selection.over(replace(frame, zone=coverage.zone))
    wanted = Wanted((unit, by), bins=True)
    c = lists_of(selection, wanted, choose(selection, wanted, coverage)).subquery().c
    return sa.select(sa.literal(which).label("which"), c[f"by_{by}"], c[f"by_{unit}"], c.bins, c.counts)


def _cuts(whole: Histograms) -> dict[Any, Whole]:
    """The bins of every value's p50, p95 and p99 of both periods together."""
    common: dict[Any, Real] = {}
    for (_, value), place in whole.places.items():
        common[value] = common.get(value, 0) + whole.calls[place, 1:]
    return {
        value: np.array([bin_at(timed, percent) if timed.size else 0 for percent in (50, 95, 99)])
        for value, timed in common.items()
    }


def _by_unit(lists: Iterable[Lists], cuts: Mapping[Any, Whole]) -> dict[Group, dict[Any, Real]]:
    """Of every period and value, by unit: its timed calls, and those beyond the common p50 and p95."""
    found: dict[Group, dict[Any, Real]] = {}
    for rows in lists:
        beyond = [(UNKNOWN_BIN, *cuts[value][:2]) for _, value, _ in rows.groups]
        cut_of = (np.array(column, np.int16).repeat(rows.lengths) for column in zip(*beyond, strict=True))
        sums = np.stack([rows.added_up(np.where(rows.bins > cut, rows.calls, 0)) for cut in cut_of], axis=1)
        for (*period, unit), added in zip(rows.groups, sums, strict=True):
            units = found.setdefault(tuple(period), {})
            units[unit] = units[unit] + added if unit in units else added
    return found


def _part(calls: Real, beyond: Real) -> Part:
    products = (calls @ calls, beyond @ beyond, calls @ beyond)
    return Part(len(calls), *map(float, (calls.sum(), beyond.sum(), *products)))


def _spent(timed: Real, most: int) -> float:
    """Completion times added up, none of them beyond those of a bin."""
    return float(timed @ time_of_bin(np.minimum(np.arange(len(timed)), most)))
