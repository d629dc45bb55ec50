"""The most calls and tokens in one minute, by provider and model: exact, in one pass over the calls.

A minute is one of UTC; a call belongs to the minute it was made in, with all its tokens. The calls are
read in stretches of time, each counted by the store, so that neither the store nor this process holds
more than the minutes of one stretch.

Every hour is read. A minute has at most the calls of its hour, so hours with fewer calls than the busiest
minute could be spared; but where there are many calls there is hardly such an hour (of the 8,760 hours of
the benchmark's year, none), and where there are few, reading them takes no time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from usage_core.metrics.covers import Coverage
from usage_core.metrics.limits import Served
from usage_core.metrics.question import conditions
from usage_core.metrics.slices import Slice, slices
from usage_core.selection import UNKNOWN, Selection
from usage_core.store.local_time import local_time, truncated
from usage_core.store.tables import CALLS
from usage_core.timeframe import EPOCH, MINUTE

STRETCH_CALLS = 5_000_000

WIDE = sa.Numeric(38, 0)
_AFTER = 10**9
"""More than there are minutes from 1970 to any call."""

MICROSECOND = timedelta(microseconds=1)


class Top(NamedTuple):
    """The most in one minute, and the first minute that had so many (UTC, aware)."""

    amount: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Minutes:
    """The most calls and tokens in one minute of a week; tokens are None where none are known."""

    calls: Top
    tokens: Top | None


@dataclass(frozen=True, slots=True)
class PerMinute:
    """Peaks by local week (its naive Monday, in the selection's zone): of all calls, and of each provider
    and model. `unmeasured` calls have neither input nor output tokens and are in no peak of tokens."""

    every: dict[datetime, Minutes]
    by_served: dict[Served, dict[datetime, Minutes]]
    unmeasured: int


def per_minute(
    connection: sa.Connection, selection: Selection, coverage: Coverage | None = None
) -> PerMinute:
    """The busiest minute of every week. The store's coverage only makes the answer come sooner."""
    cut = _in_whole_minutes(slices(connection, selection, STRETCH_CALLS, coverage))
    return joined(_of_stretch(connection, selection, stretch) for stretch in cut)


def _of_stretch(connection: sa.Connection, selection: Selection, stretch: Slice) -> PerMinute:
    every: dict[datetime, Minutes] = {}
    by_served: dict[Served, dict[datetime, Minutes]] = {}
    unmeasured = 0
    for row in connection.execute(_busiest(selection, stretch)):
        served = (row.provider if row.provider != UNKNOWN else None, row.model)
        weeks = every if row.model is None else by_served.setdefault(served, {})
        weeks[row.week] = _minutes(row)
        unmeasured += row.unmeasured if row.model is None else 0
    return PerMinute(every, by_served, unmeasured)


def joined(parts: Iterable[PerMinute]) -> PerMinute:
    """The busiest minutes of several timeframes together, which share no minute."""
    every: dict[datetime, Minutes] = {}
    by_served: dict[Served, dict[datetime, Minutes]] = {}
    unmeasured = 0
    for part in parts:
        _raise(every, part.every)
        for served, weeks in part.by_served.items():
            _raise(by_served.setdefault(served, {}), weeks)
        unmeasured += part.unmeasured
    return PerMinute(every, by_served, unmeasured)


def _raise(weeks: dict[datetime, Minutes], to: dict[datetime, Minutes]) -> None:
    for week, minutes in to.items():
        weeks[week] = _greater(weeks.get(week), minutes)


def over_all(weeks: Iterable[Minutes]) -> Minutes | None:
    """The peaks of several weeks together."""
    found = None
    for each in weeks:
        found = _greater(found, each)
    return found


def _minutes(row: Any) -> Minutes:
    return Minutes(_top(int(row.calls)), None if row.tokens is None else _top(int(row.tokens)))


def _greater(one: Minutes | None, other: Minutes) -> Minutes:
    if one is None:
        return other
    tokens = [each.tokens for each in (one, other) if each.tokens]
    return Minutes(max(one.calls, other.calls, key=_rank), max(tokens, key=_rank, default=None))


def _rank(top: Top) -> tuple[int, float]:
    return top.amount, -top.at.timestamp()


def _in_whole_minutes(cut: Iterable[Slice]) -> Iterator[Slice]:
    """Slices that share no minute: only where a single minute has more calls than a slice do they."""
    held: Slice | None = None
    for start, end in cut:
        if held is not None and not start.second:
            yield held
            held = None
        held = (held[0] if held else start), end
    if held is not None:
        yield held


def _busiest(selection: Selection, stretch: Slice) -> sa.Select[Any]:
    """The busiest minutes of each week of a stretch: of all calls (model NULL), and by provider and model
    (provider UNKNOWN where it is not given)."""
    m = _by_minute(selection, stretch).cte("minutes").c
    sums = [sa.func.sum(m[name]).label(name) for name in ("calls", "tokens", "unmeasured")]
    no_name = sa.null().label("provider"), sa.null().label("model")
    each = sa.select(m.minute, m.provider, m.model, m.calls, m.tokens, m.unmeasured)
    lanes = sa.union_all(each, sa.select(m.minute, *no_name, *sums).group_by(m.minute)).subquery("lanes").c
    week = truncated("week", local_time(lanes.minute, selection.timeframe))
    return sa.select(
        week.label("week"),
        lanes.provider,
        lanes.model,
        sa.func.max(_code(lanes.calls, lanes.minute)).label("calls"),
        sa.func.max(_code(lanes.tokens, lanes.minute)).label("tokens"),
        sa.func.sum(lanes.unmeasured).label("unmeasured"),
    ).group_by(week, lanes.provider, lanes.model)


def _by_minute(selection: Selection, stretch: Slice) -> sa.Select[Any]:
    c = CALLS.c
    minute = truncated("minute", c.called_at)
    sent, received = (sa.func.sum(each) for each in (c.input_tokens, c.output_tokens))
    unknown = sa.and_(c.input_tokens.is_(None), c.output_tokens.is_(None))
    counted = sa.select(
        minute.label("minute"),
        sa.func.coalesce(c.provider_name, UNKNOWN).label("provider"),
        c.model_name.label("model"),
        sa.func.count().label("calls"),
        sa.func.coalesce(sent + received, sent, received).label("tokens"),
        sa.func.count().filter(unknown).label("unmeasured"),
    )
    inside = (c.called_at >= stretch[0], c.called_at < stretch[1])
    return counted.where(*conditions(selection), *inside).group_by(minute, c.provider_name, c.model_name)


def _code(amount: sa.ColumnElement[Any], minute: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """An amount and its minute as one number: the greatest is that of the first minute with the most."""
    number = sa.cast(sa.func.epoch_us(minute) / (MINUTE // MICROSECOND), sa.BigInteger())
    return sa.cast(amount, WIDE) * _AFTER + (_AFTER - 1 - number)


def _top(code: int) -> Top:
    amount, rest = divmod(code, _AFTER)
    return Top(amount, EPOCH + (_AFTER - 1 - rest) * MINUTE)
