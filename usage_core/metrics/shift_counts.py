"""How many calls of two periods lie beyond the percentiles they have in common; for `shifts`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from usage_core.metrics.covers import Coverage, Wanted, choose
from usage_core.metrics.histograms import (
    UNKNOWN_BIN,
    Histograms,
    Lists,
    Real,
    Whole,
    bin_at,
    histograms,
)
from usage_core.metrics.times import Times, lists, unit
from usage_core.selection import Selection
from usage_core.store.time_bins import time_of_bin


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
    periods = [_lists(connection, each, by, coverage) for each in (now, before)]
    wholes = [histograms(rows, of=lambda group: group[1:]) for rows in periods]
    cuts = _cuts(wholes)
    found = []
    for rows, whole in zip(periods, wholes, strict=True):
        of_period = {}
        for value, units in _by_unit(rows, cuts).items():
            calls, *beyond = units.T
            spent = _spent(whole.calls[whole.places[(value,)], 1:], cuts[value][-1])
            p50, p95 = (_part(calls, each) for each in beyond)
            of_period[value] = Counts(p50, p95, spent)
        found.append(of_period)
    return found[0], found[1]


def _lists(
    connection: sa.Connection, selection: Selection, by: str, coverage: Coverage | None
) -> list[Lists]:
    """The completion times of a period by unit and value."""
    if coverage is not None:  # where a day begins does not matter here, only that rollups have it
        selection = selection.over(replace(selection.timeframe, zone=coverage.zone))
    wanted = Wanted((unit(selection), by), bins=True)
    return lists(connection, Times(selection, wanted, choose(selection, wanted, coverage)))


def _cuts(periods: Sequence[Histograms]) -> dict[Any, Whole]:
    """The bins of every value's p50, p95 and p99 of all periods together."""
    width = max(whole.calls.shape[1] for whole in periods)
    common: dict[Any, Real] = {}
    for whole in periods:
        for (value,), place in whole.places.items():
            timed = common.setdefault(value, np.zeros(max(width - 1, 0)))
            timed[: whole.calls.shape[1] - 1] += whole.calls[place, 1:]
    return {
        value: np.array([bin_at(timed, percent) if timed.size else 0 for percent in (50, 95, 99)])
        for value, timed in common.items()
    }


def _by_unit(period: Iterable[Lists], cuts: Mapping[Any, Whole]) -> dict[Any, Real]:
    """Of every value, a row for each unit with timed calls: these, those beyond the common p50, and p95."""
    asked = {value: (UNKNOWN_BIN, *cut[:2].tolist()) for value, cut in cuts.items()}
    places: dict[tuple[Any, ...], int] = {}
    sums: Real = np.zeros((0, 3))
    for rows in period:
        place = np.array([places.setdefault(group, len(places)) for group in rows.groups])
        beyond = np.array([asked[value] for _, value in rows.groups], np.int16).T
        by_row = (
            rows.added_up(np.where(rows.bins > cut.repeat(rows.lengths), rows.calls, 0)) for cut in beyond
        )
        columns = [np.bincount(place, each, minlength=len(places)) for each in by_row]
        added: Real = np.stack(columns, axis=1).astype(float, copy=False)
        added[: len(sums)] += sums
        sums = added
    timed = sums[:, 0] > 0
    of_value: dict[Any, list[int]] = {value: [] for value in cuts}
    for (_, value), at in places.items():
        if timed[at]:
            of_value[value].append(at)
    return {value: sums[at] for value, at in of_value.items() if at}


def _part(calls: Real, beyond: Real) -> Part:
    products = (calls @ calls, beyond @ beyond, calls @ beyond)
    return Part(len(calls), *map(float, (calls.sum(), beyond.sum(), *products)))


def _spent(timed: Real, most: int) -> float:
    """Completion times added up, none of them beyond those of a bin."""
    return float(timed @ time_of_bin(np.minimum(np.arange(len(timed)), most)))
