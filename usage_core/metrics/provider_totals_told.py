"""Which of the providers' totals are told by something else already: by a newer version, by other totals of
the same usage, by single calls."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from usage_core.store.local_time import truncated
from usage_core.store.tables import BUCKETS, DAYS, KEY_HOURS, KEY_NAMES, MODEL_HOURS

DAY = timedelta(days=1)

_SAME = (
    "source",
    "meter",
    "period_start",
    "period_end",
    "project",
    "provider",
    "model",
    "kind",
    "service_tier",
)
PERIOD = ("meter", "source", "rank", "period_start", "period_end")
WHOSE = ("api_key_id", "api_key_name", "provider_name", "model_name", "period_start", "period_end")


def versions() -> sa.CTE:
    """Of each total the version that was imported last, and of a key without an id the id that calls know its
    name by, where it is one (`known_as`)."""
    b = BUCKETS.c
    nameless = sa.case((b.api_key_id.is_(None), b.api_key_name))
    number = sa.func.row_number().over(
        partition_by=[*(b[name] for name in _SAME), b.api_key_id, nameless], order_by=b.imported_at.desc()
    )
    numbered = sa.select(*b, number.label("number")).subquery("numbered")
    k = KEY_NAMES.c
    named = (
        sa.select(k.api_key_name, sa.func.min(k.api_key_id).label("known_as"))
        .group_by(k.api_key_name)
        .having(sa.func.count(k.api_key_id.distinct()) == 1)
        .subquery("named")
    )
    same = sa.and_(numbered.c.api_key_id.is_(None), numbered.c.api_key_name == named.c.api_key_name)
    joined = numbered.outerjoin(named, same)
    columns = [column for column in numbered.c if column.name != "number"]
    newest = sa.select(*columns, named.c.known_as).select_from(joined).where(numbered.c.number == 1)
    return newest.cte("versions")


def key_of(v: sa.FromClause) -> sa.ColumnElement[Any]:
    """What the key of a total is known by: its id, or its name."""
    return sa.func.coalesce(v.c.api_key_id, v.c.known_as, v.c.api_key_name)


def _days(v: sa.FromClause) -> sa.ColumnElement[Any]:
    """Every day of UTC that a period reaches into, a row each."""
    last = v.c.period_end - timedelta(microseconds=1)
    return sa.func.unnest(sa.func.generate_series(truncated("day", v.c.period_start), last, DAY)).label("day")


def told_by_others(v: sa.CTE) -> sa.Subquery:
    """For each meter, source, rank and period whether on one of its days totals of another rank or source
    count: those of the highest rank, and of these the ones imported last."""
    newest = sa.func.max(v.c.imported_at).label("newest")
    periods = sa.select(*(v.c[name] for name in PERIOD), newest).group_by(*(v.c[name] for name in PERIOD))
    p = periods.subquery("periods")
    touched = sa.select(*p.c, _days(p)).subquery("touched")
    t = touched.c
    best = sa.func.first_value(sa.func.concat(t.rank, " ", t.source)).over(
        partition_by=[t.meter, t.day], order_by=[t.rank.desc(), t.newest.desc(), t.source]
    )
    other = (best != sa.func.concat(t.rank, " ", t.source)).label("other")
    ranked = sa.select(*(t[name] for name in PERIOD), other).subquery("ranked")
    r = [ranked.c[name] for name in PERIOD]
    return sa.select(*r, sa.func.bool_or(ranked.c.other).label("told")).group_by(*r).subquery("others")


def told_by_calls(v: sa.CTE) -> sa.Subquery:
    """The keys, models and periods of totals of which there are single calls, `told` being true: calls of the
    key, or of any of its name, at that provider; where it is unknown, of the model, or of the provider."""
    whose = sa.select(*(v.c[name] for name in WHOSE)).distinct().subquery("whose")
    w = sa.select(*whose.c, _days(whose)).subquery("days")
    n = KEY_NAMES.c
    named = _by_key(w, n.api_key_id, w.c.api_key_id.is_(None), w.c.api_key_name == n.api_key_name)
    called = sa.union(_by_key(w, w.c.api_key_id), named, _by_model(w)).subquery("called")
    return sa.select(*called.c, sa.true().label("told")).subquery("calls")


def _within(w: sa.FromClause, hour: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
    begins = truncated("hour", w.c.period_start)
    return [truncated("day", hour) == w.c.day, hour >= begins, hour < w.c.period_end]


def _either(one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether two names are the same, as far as both are known."""
    return sa.or_(one.is_(None), other.is_(None), one == other)


def _by_key(w: sa.Subquery, key: sa.ColumnElement[Any], *same: sa.ColumnElement[bool]) -> sa.Select[Any]:
    h = KEY_HOURS.c
    d = sa.select(DAYS.c.api_key_id, DAYS.c.provider_name).distinct().subquery("served").c
    served = (d.api_key_id == key, _either(w.c.provider_name, d.provider_name))
    return sa.select(*(w.c[name] for name in WHOSE)).where(
        *same, h.api_key_id == key, *_within(w, h.hour), *served
    )


def _by_model(w: sa.Subquery) -> sa.Select[Any]:
    h = MODEL_HOURS.c
    return sa.select(*(w.c[name] for name in WHOSE)).where(
        w.c.api_key_id.is_(None),
        w.c.api_key_name.is_(None),
        *_within(w, h.hour),
        _either(w.c.provider_name, h.provider_name),
        sa.or_(w.c.model_name.is_(None), w.c.model_name == h.model_name),
    )
