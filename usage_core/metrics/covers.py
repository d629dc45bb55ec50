"""What answers a question: the rollup that cuts time where the question does, and for which part of it.

A rollup answers for the whole days (or hours) within a timeframe; the ends that are left over are read
from the calls. Long timeframes are read by whole months where completion times are kept by those, too.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.periods import following, offsets, start_of
from usage_core.selection import Selection
from usage_core.store.tables import DAY_TIMES, DAYS, KEY_HOURS, KEY_TIMES, LISTS, MODEL_HOURS, TIMES
from usage_core.timeframe import Timeframe, midnight, zone_info

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

SHORT = 3 * DAY
"""Up to here, where days are cut, their ends are more than their middle, and hours are the better rollup."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What has to be known of a store to choose: the zone of its days, how many calls it holds, and
    when the first and the last were made (UTC; None where there is none).

    Beside it, because all are asked for with every page: how many rows its imports could not store, the
    first day (of its zone) whose calls are kept, None where all are, and whether there may be totals of
    providers.
    """

    zone: str
    calls: int
    first: datetime | None
    last: datetime | None
    rows_set_aside: int = 0
    kept_since: date | None = None
    has_totals: bool = True


class Wanted(NamedTuple):
    """What the rows have to hold: breakdowns, further columns, and fine time bins instead of sums.

    With `keep`, values of the last breakdown that are not in it are folded into OTHER.
    """

    by: tuple[str, ...]
    columns: frozenset[str] = frozenset()
    bins: bool = False
    keep: tuple[str, ...] | None = None


class Cover(NamedTuple):
    """The part of a timeframe a rollup answers for, and the parts it does not; all edges are naive.

    `first` and `beyond` are in the rollup's own periods, None where there is no call before or after; `ends`
    are spans of UTC, to be read from the calls. `months` are the whole months between `first` and `beyond`,
    likewise without an end where those are; None where months do not serve.
    """

    first: datetime | None
    beyond: datetime | None
    ends: tuple[tuple[datetime, datetime], ...]
    months: tuple[datetime | None, datetime | None] | None = None

    @property
    def edges(self) -> dict[str, datetime]:
        """All there are, by the names of their places in a statement."""
        named = {"first": self.first, "beyond": self.beyond}
        if self.months:
            named |= dict(zip(("first_month", "beyond_months"), self.months, strict=True))
        for place, (start, end) in enumerate(self.ends):
            named |= {f"from_{place}": start, f"to_{place}": end}
        return {name: edge for name, edge in named.items() if edge is not None}


class Choice(NamedTuple):
    """A rollup, and what it answers for."""

    rollup: sa.Table
    cover: Cover

    def but_for_edges(self, selection: Selection) -> Hashable:
        """All that a statement on the rollup takes from a selection but the edges of its cover."""
        (_, offset), *changes = offsets(selection.timeframe)
        filters = tuple(selection.filters.items())
        return (filters, self.rollup.name, tuple(self.cover.edges), offset, *changes)


def choose(selection: Selection, wanted: Wanted, coverage: Coverage | None) -> Choice | None:
    """The rollup that has everything wanted and cuts time where the question does, if there is one."""
    if coverage is None:
        return None
    frame = selection.timeframe
    read = {DIMENSIONS[name].column for name in wanted.by} - {None, *(["time_bin"] if wanted.bins else [])}
    used = read | set(selection.filters) | wanted.columns
    grains = {DIMENSIONS[name].grain for name in wanted.by} - {None}
    lists = [LISTS[table] for table in (DAY_TIMES, TIMES, KEY_TIMES)]
    days, hours = lists if wanted.bins else [DAYS], [KEY_HOURS, MODEL_HOURS]
    if "hour" in grains or (grains and frame.zone != coverage.zone):
        days = []
    if wanted.bins or not _in_whole_hours(frame):
        hours = []
    for table in (*hours, *days) if _cuts_days(frame, coverage) else (*days, *hours):
        cover = _cover(table, frame, coverage)
        if cover is not None and used <= set(table.columns.keys()):
            serve = "whole_month" in table.columns and not grains
            return Choice(table, cover._replace(months=_months(cover)) if serve else cover)
    return None


def _cuts_days(frame: Timeframe, coverage: Coverage) -> bool:
    """Whether a timeframe is short, and not one of whole days."""
    return frame.length <= SHORT and any(
        _day(edge, coverage.zone) != edge for edge in (frame.start, frame.end) if _is_within(edge, coverage)
    )


def _months(cover: Cover) -> tuple[datetime | None, datetime | None] | None:
    """The whole months that a cover in days holds, if there are any."""
    first, beyond = (edge and start_of(edge, "month") for edge in (cover.first, cover.beyond))
    if first and first != cover.first:
        first = following(first, "month")
    return None if first and beyond and first >= beyond else (first, beyond)


def _in_whole_hours(frame: Timeframe) -> bool:
    """Whether the hours of the frame's zone are hours of UTC."""
    changes = offsets(frame)
    return not any(offset % HOUR for _, offset in changes) and not any(at.minute for at, _ in changes[1:])


def _is_within(edge: datetime, coverage: Coverage) -> bool:
    """Whether there are calls on either side."""
    return bool(coverage.first and coverage.last and coverage.first < edge <= coverage.last)


def _cover(rollup: sa.Table, frame: Timeframe, coverage: Coverage) -> Cover | None:
    """What a rollup answers for; on a side where the store has no call beyond, it is without end."""
    if coverage.first is None or coverage.last is None:
        return None
    in_days = "day" in rollup.columns
    start, end = (
        (_day(frame.start, coverage.zone, up=True), _day(frame.end, coverage.zone))
        if in_days
        else (_hour(frame.start, up=True), _hour(frame.end))
    )
    before, after = frame.start > coverage.first, frame.end <= coverage.last
    if before and after and start >= end:
        return None
    first, beyond = (_written(edge, coverage.zone if in_days else "UTC", in_days) for edge in (start, end))
    ends = [(frame.start, start)] if before else []
    ends += [(end, frame.end)] if after else []
    parts = tuple(in_utc(*one) for one in ends if one[0] < one[1])
    return Cover(first if before else None, beyond if after else None, parts)


def in_utc(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """A span as the calls write their times."""
    return start.astimezone(UTC).replace(tzinfo=None), end.astimezone(UTC).replace(tzinfo=None)


def _written(edge: datetime, zone: str, in_days: bool) -> datetime:
    """An edge as the rollup writes its periods: a local midnight, or a UTC hour, both naive."""
    local = edge.astimezone(zone_info(zone)).replace(tzinfo=None)
    return datetime.combine(local, time()) if in_days else local


def _hour(moment: datetime, *, up: bool = False) -> datetime:
    start = moment.replace(minute=0, second=0, microsecond=0)
    return start + HOUR if up and start < moment else start


def _day(moment: datetime, zone: str, *, up: bool = False) -> datetime:
    day = moment.astimezone(zone_info(zone)).date()
    return midnight(day + DAY, zone) if up and midnight(day, zone) < moment else midnight(day, zone)
