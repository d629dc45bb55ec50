"""Where the rows behind a figure come from: the rollups where they are exact, the calls for the rest.

A rollup answers for the whole days (or hours) within a timeframe; the ends that are left over are read
from the calls, and both are added up together. So an answer is that of the calls, only sooner.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from usage_core.metrics.dimensions import DIMENSIONS, Expression, Row
from usage_core.selection import UNKNOWN, Selection
from usage_core.store.local_time import local_time
from usage_core.store.measures import BY_NAME, COMMON
from usage_core.store.rollups import time_bin
from usage_core.store.tables import CALLS, DAY_TIMES, DAYS, KEY_HOURS, KEY_TIMES, LISTS, MODEL_HOURS, TIMES
from usage_core.timeframe import Timeframe, following, midnight, offsets, start_of, zone_info

OTHER = "\x1fother"
"""Stands for every value of a breakdown that was not asked to be kept apart."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

SHORT = 3 * DAY
"""Up to here the ends of days are more than their middle, and hours are the better rollup."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What has to be known of a store to choose: the zone of its days, how many calls it holds, and
    when the first and the last were made (UTC; None where there is none).

    Beside it, because both are asked for with every page: how many rows its imports could not store, and
    the first day (of its zone) whose calls are kept, None where all are.
    """

    zone: str
    calls: int
    first: datetime | None
    last: datetime | None
    rows_set_aside: int = 0
    kept_since: date | None = None


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


Places: TypeAlias = Mapping[str, sa.BindParameter[datetime]]


class Choice(NamedTuple):
    """A rollup, and what it answers for."""

    rollup: sa.Table
    cover: Cover


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
    for table in (*hours, *days) if frame.length <= SHORT else (*days, *hours):
        cover = _cover(table, frame, coverage)
        if cover is not None and used <= set(table.columns.keys()):
            serve = "whole_month" in table.columns and not grains
            return Choice(table, cover._replace(months=_months(cover)) if serve else cover)
    return None


def _months(cover: Cover) -> tuple[datetime | None, datetime | None] | None:
    """The whole months that a cover in days holds, if there are any."""
    first, beyond = (edge and start_of(edge, "month") for edge in (cover.first, cover.beyond))
    if first and first != cover.first:
        first = following(first, "month")
    return None if first and beyond and first >= beyond else (first, beyond)


def rows(
    selection: Selection, wanted: Wanted, choice: Choice | None, *, named_edges: bool = False
) -> sa.Subquery:
    """The rows to sum: `by_NAME` for each breakdown, the wanted columns, and measures (or bins).

    With `named_edges`, the edges of a cover are parameters of their names, so that the statement serves for
    other edges, too.
    """
    frame = selection.timeframe
    if choice is None:
        return _calls(selection, wanted, *_utc(frame.start, frame.end)).subquery("rows")
    places = _places(choice.cover, named_edges)
    inside = _inside(choice, places)
    read = _entries(choice.rollup, inside).subquery("entries") if wanted.bins else choice.rollup
    summed = _summed(selection, wanted, read).where(*([] if wanted.bins else [inside]))
    ends = [_calls(selection, wanted, *end) for end in _ends(choice.cover, places)]
    return (sa.union_all(summed, *ends) if ends else summed).subquery("rows")


def lists(
    selection: Selection, wanted: Wanted, choice: Choice | None, *, named_edges: bool = False
) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Completion times as lists: `by_NAME` for each breakdown, `bins` (in which NULL is unknown), and
    `counts`, the calls in each. A group may have several rows. `named_edges` are those of `rows`."""
    frame = selection.timeframe
    if choice is None:
        return _listed(_calls(selection, wanted, *_utc(frame.start, frame.end)), wanted.by)
    c, places = choice.rollup.c, _places(choice.cover, named_edges)
    inside = _select(selection, wanted, Row(c.day, dict(c)), dict(c), ("bins", "counts"))
    parts = [inside.where(_inside(choice, places))]
    parts += [_listed(_calls(selection, wanted, *end), wanted.by) for end in _ends(choice.cover, places)]
    return sa.union_all(*parts) if len(parts) > 1 else parts[0]


def _places(cover: Cover, named: bool) -> Places:
    """A place for each edge; one that is named has no value, so that none is forgotten."""
    instant = sa.DateTime()
    return {
        name: sa.bindparam(name, type_=instant) if named else sa.bindparam(None, edge, type_=instant)
        for name, edge in cover.edges.items()
    }


def _inside(choice: Choice, places: Places) -> sa.ColumnElement[bool]:
    """What holds of the rollup's periods that are covered."""
    c, (first, beyond) = choice.rollup.c, (places.get("first"), places.get("beyond"))
    if "whole_month" not in c:
        return _between(c.day if "day" in c else c.hour, first, beyond)
    if choice.cover.months is None:
        return ~c.whole_month & _between(c.day, first, beyond)
    first_month, beyond_months = places.get("first_month"), places.get("beyond_months")
    before = [_between(c.day, first, first_month)] if first_month is not None else []
    after = [_between(c.day, beyond_months, beyond)] if beyond_months is not None else []
    in_months = c.whole_month & _between(c.day, first_month, beyond_months)
    return sa.or_(in_months, ~c.whole_month & sa.or_(sa.false(), *before, *after))


def _between(
    period: Expression, first: Expression | None, beyond: Expression | None
) -> sa.ColumnElement[bool]:
    edges = [period >= first] if first is not None else []
    return sa.and_(sa.true(), *edges, *([period < beyond] if beyond is not None else []))


def _ends(cover: Cover, places: Places) -> Iterator[tuple[Expression, Expression]]:
    for number in range(len(cover.ends)):
        yield places[f"from_{number}"], places[f"to_{number}"]


def _entries(rollup: sa.Table, inside: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """A rollup's lists as rows: `time_bin` and `calls` in place of `bins` and `counts`."""
    c = rollup.c
    groups = [column for column in c if column not in (c.bins, c.counts)]
    entries = (sa.func.unnest(c.bins).label("time_bin"), sa.func.unnest(c.counts).label("calls"))
    return sa.select(*groups, *entries).where(inside)


def _listed(calls: sa.Select[Any], by: tuple[str, ...]) -> sa.Select[Any]:
    names = [f"by_{name}" for name in by]
    single = calls.subquery("single").c
    keys = [single[name] for name in (*names, "time_bin")]
    counted = sa.select(*keys, sa.func.count().label("calls")).group_by(*keys).subquery("counted").c
    groups = [counted[name] for name in names]
    bins, counts = sa.func.list(sa.cast(counted.time_bin, sa.SmallInteger())), sa.func.list(counted.calls)
    listed = sa.select(*groups, bins.label("bins"), counts.label("counts")).group_by(*groups)
    return listed.having(sa.func.count() > 0)


def among(expression: Expression, values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether an expression is one of some values, among which UNKNOWN stands for NULL."""
    known = [value for value in values if value != UNKNOWN]
    is_known = expression.in_(known)
    return sa.or_(is_known, expression.is_(None)) if UNKNOWN in values else is_known


def _in_whole_hours(frame: Timeframe) -> bool:
    """Whether the hours of the frame's zone are hours of UTC."""
    changes = offsets(frame)
    return not any(offset % HOUR for _, offset in changes) and not any(at.minute for at, _ in changes[1:])


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
    parts = tuple(_utc(*one) for one in ends if one[0] < one[1])
    return Cover(first if before else None, beyond if after else None, parts)


def _utc(start: datetime, end: datetime) -> tuple[datetime, datetime]:
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


def _calls(
    selection: Selection, wanted: Wanted, start: Expression | datetime, end: Expression | datetime
) -> sa.Select[Any]:
    """Calls of a span, each standing for itself."""
    c = CALLS.c
    fine = time_bin(c.completion_time_ms)
    row = Row(local_time(c.called_at, selection.timeframe), {**c, "time_bin": fine})
    one = {"time_bin": fine, **{name: measure.of_call(c) for name, measure in BY_NAME.items()}}
    return _select(selection, wanted, row, {**c, **one}).where(c.called_at >= start, c.called_at < end)


def _summed(selection: Selection, wanted: Wanted, rollup: sa.FromClause) -> sa.Select[Any]:
    """Rows of a rollup, each standing for many calls."""
    c = rollup.c
    local = c.day if "day" in c else local_time(c.hour, selection.timeframe)
    return _select(selection, wanted, Row(local, dict(c)), dict(c))


def _select(
    selection: Selection,
    wanted: Wanted,
    row: Row,
    columns: Mapping[str, Expression],
    measures: Iterable[str] | None = None,
) -> sa.Select[Any]:
    summed = ("time_bin", "calls") if wanted.bins else (measure.name for measure in COMMON)
    names = (*sorted(wanted.columns), *(measures or summed))
    groups = [_group(name, wanted, row).label(f"by_{name}") for name in wanted.by]
    filters = [among(row.columns[column], values) for column, values in selection.filters.items()]
    return sa.select(*groups, *(columns[name].label(name) for name in names)).where(*filters)


def _group(name: str, wanted: Wanted, row: Row) -> Expression:
    expression = DIMENSIONS[name].expression(row)
    if wanted.keep is None or name != wanted.by[-1]:
        return expression
    return sa.case((among(expression, wanted.keep), expression), else_=sa.literal(OTHER))
