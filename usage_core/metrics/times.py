"""Completion times of a selection's calls in bins, as lists or added up; of a copy of the store, read once.

Percentiles, shares within a target and what tells a change from noise are made of the same lists.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from threading import Lock
from typing import Any, NamedTuple

import sqlalchemy as sa
from cachetools import LRUCache, cached

from usage_core.metrics import held_times, sources
from usage_core.metrics.covers import SHORT, Choice, Coverage, Wanted, choose
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.histograms import Group, Histograms, Lists, histograms, read
from usage_core.selection import UNKNOWN, Selection
from usage_core.store.kept import known, once
from usage_core.store.tables import CALLS
from usage_core.timeframe import Grain

EXACT_PERCENTILES_UP_TO = 2_000_000
"""In a store of at most so many calls percentiles are read from the calls. In a larger one they come
from bins, within 1 %: those of a rollup, or of calls that are read once for all that is asked of them."""

READ_ONCE = ("day", "model")
"""By these, calls are read once where no rollup has their times; most of the work is to find them."""


class Times(NamedTuple):
    """Whose completion times, by which breakdowns, and which rollup has them; None: the calls themselves."""

    selection: Selection
    wanted: Wanted
    choice: Choice | None

    @property
    def source(self) -> str:
        """The table that answers."""
        return self.choice.rollup.name if self.choice else f"{CALLS.name} in lists"

    @property
    def read(self) -> "Times":
        """The times these are made of, with finer breakdowns: day by day where the rollup is read by days,
        which takes no longer and tells more; by `READ_ONCE` where they come from the calls, those of other
        models included."""
        choice, by = self.choice, self.wanted.by
        if choice is None:
            return Times(replace(self.selection, model=()), Wanted(READ_ONCE, bins=True), None)
        if choice.cover.months or any(DIMENSIONS[name].is_period for name in by):
            return self
        return self._replace(wanted=self.wanted._replace(by=("day", *by)))

    @property
    def key(self) -> Hashable:
        """What is found depends on this, and on the store; on the zone only where periods are cut by it."""
        frame, by = self.selection.timeframe, self.wanted.by
        zone = frame.zone if any(DIMENSIONS[name].is_period for name in by) else ""
        return (frame.start, frame.end, zone, *self.selection.filters.items(), self.wanted)


def in_bins(
    selection: Selection, by: tuple[str, ...], coverage: Coverage | None, keep: tuple[str, ...] | None = None
) -> Times | None:
    """The times of a store too large for them to be sorted; None where it is not, or where no rollup has
    them and calls are not read once for them."""
    if not is_large(coverage):
        return None
    wanted = Wanted(by, bins=True, keep=keep)
    choice = choose(selection, wanted, coverage)
    if choice is None and (keep is not None or not set(by) <= set(READ_ONCE)):
        return None
    return Times(selection, wanted, choice)


def is_large(coverage: Coverage | None) -> bool:
    """Whether a store is known to have too many calls to sort them."""
    return coverage is not None and coverage.calls > EXACT_PERCENTILES_UP_TO


def unit(selection: Selection) -> Grain:
    """The period whose times are told apart: a day, in short timeframes an hour."""
    return "hour" if selection.timeframe.length <= SHORT else "day"


def lists(connection: sa.Connection, times: Times) -> list[Lists]:
    """The times as lists, some rows for each group; at most a few million bins, 10 bytes each."""
    return once(
        connection,
        ("lists", times.key),
        lambda: list(_read(connection, times)),
        lambda rows: sum(each.bins.nbytes + each.calls.nbytes for each in rows),
    )


def added_up(connection: sa.Connection, times: Times) -> Histograms:
    """The calls by bin, of all groups there are."""

    def found() -> Histograms:
        return histograms(_rows(connection, times), of=_as_asked(times))

    return once(connection, ("added up", times.key), found, lambda whole: whole.calls.nbytes)


def some_added_up(connection: sa.Connection, times: Times, places: Mapping[Group, int]) -> Histograms:
    """As `added_up`, of some groups among many, in their places."""
    return histograms(_rows(connection, times), places, _as_asked(times))


def _rows(connection: sa.Connection, times: Times) -> Iterable[Lists]:
    """What the times are made of; it can hold other models, too, where their times were read already."""
    if times.read is not times:
        return lists(connection, times.read)
    if "model" in times.wanted.by and times.wanted.keep is None:
        of_every_model = times._replace(selection=replace(times.selection, model=()))
        kept: list[Lists] | None = known(connection, ("lists", of_every_model.key))
        if kept is not None:
            return kept
    return _read(connection, times)


def _as_asked(times: Times) -> Callable[[Group], Group | None]:
    """Which group of the times asked for a group of `_rows` belongs to, if to any."""
    read, models = times.read.wanted.by, times.selection.model
    places = [read.index(name) for name in times.wanted.by]
    # What is folded into OTHER was of these models already.
    model = read.index("model") if "model" in read and times.wanted.keep is None else None

    def asked(group: Group) -> Group | None:
        if models and model is not None and (group[model] or UNKNOWN) not in models:
            return None
        return tuple(group[place] for place in places)

    return asked


def _read(connection: sa.Connection, times: Times) -> Iterable[Lists]:
    if times.choice is None:
        return read(connection, _statement(times))
    held = held_times.lists(connection, times.selection, times.wanted, times.choice)
    if held is not None:
        return held
    return read(connection, _statement(times), times.choice.cover.edges)


def _but_for_edges(times: Times) -> Hashable:
    """All that a statement depends on but the edges of its cover."""
    return (times.wanted, times.choice.but_for_edges(times.selection)) if times.choice else times


# To put a statement together takes longer than to answer it. What is kept is the statement alone.
@cached(LRUCache(maxsize=1024), key=_but_for_edges, lock=Lock())
def _statement(times: Times) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    return sources.lists(*times, named_edges=True)
