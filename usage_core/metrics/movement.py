"""Which keys came, went, and changed, against the period before."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd
import sqlalchemy as sa

from usage_core.metrics.covers import Coverage, Wanted, choose
from usage_core.metrics.sources import rows
from usage_core.selection import Selection

LEAST_CALLS, LEAST_PERCENT = 20, 25
"""A key grows or shrinks by at least so many calls, and by so much of what it had before."""


class Movement(StrEnum):
    """What became of a key; one of these is true of each."""

    NEW = "new"
    GROWING = "growing"
    SHRINKING = "shrinking"
    DORMANT = "dormant"
    STEADY = "steady"


RULES = {
    Movement.NEW: "calls now, none in the period before",
    Movement.GROWING: f"at least {LEAST_PERCENT} % and {LEAST_CALLS} calls more",
    Movement.SHRINKING: f"at least {LEAST_PERCENT} % and {LEAST_CALLS} calls fewer",
    Movement.DORMANT: "calls in the period before, none now",
    Movement.STEADY: "all others",
}
"""The rule of each, in words."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many keys moved in which way, and the first few of each but the steady ones, in the order of
    `Movement`, the greatest change first: movement, key, now, before (calls)."""

    counts: dict[Movement, int]
    keys: pd.DataFrame


def movement(
    connection: sa.Connection,
    selection: Selection,
    before: Selection,
    most: int,
    coverage: Coverage | None = None,
) -> Moved:
    """How the calls of each key changed from one selection to another, with at most so many keys of
    each movement. `coverage` as for `answer.ask`."""
    ranked = _ranked(_moved(_both(selection, before, coverage))).subquery("ranked")
    shown = sa.select(ranked).where(ranked.c.place <= most).order_by(ranked.c.movement, ranked.c.place)
    found = connection.execute(shown).all()
    counts = {Movement(row.movement): int(row.of_all) for row in found}
    columns = ("movement", "key", "now", "before")
    listed = [
        [getattr(row, name) for name in columns]
        for one in Movement
        if one is not Movement.STEADY
        for row in found
        if row.movement == one
    ]
    keys = pd.DataFrame(listed, columns=list(columns)).astype({"now": "int64", "before": "int64"})
    return Moved({one: counts.get(one, 0) for one in Movement}, keys)


def _both(selection: Selection, before: Selection, coverage: Coverage | None) -> sa.Subquery:
    """Each key with its calls in the one selection and in the other."""
    wanted = Wanted(("key",))
    none: sa.ColumnElement[int] = sa.literal_column("0")
    now_rows = rows(selection, wanted, choose(selection, wanted, coverage))
    before_rows = rows(before, wanted, choose(before, wanted, coverage))
    both = sa.union_all(
        sa.select(now_rows.c.by_key.label("key"), now_rows.c.calls.label("now"), none.label("before")),
        sa.select(before_rows.c.by_key, none, before_rows.c.calls),
    ).subquery("both")
    c = both.c
    sums = [sa.cast(sa.func.sum(each), sa.BigInteger()).label(each.name) for each in (c.now, c.before)]
    return sa.select(c.key, *sums).group_by(c.key).subquery("keys")


def _moved(keys: sa.Subquery) -> sa.Subquery:
    now, before = keys.c.now, keys.c.before
    change = now - before

    def by(calls: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return sa.and_(calls >= LEAST_CALLS, calls * 100 >= before * LEAST_PERCENT)

    movement = sa.case(
        (before == 0, Movement.NEW.value),
        (now == 0, Movement.DORMANT.value),
        (by(change), Movement.GROWING.value),
        (by(-change), Movement.SHRINKING.value),
        else_=Movement.STEADY.value,
    )
    return sa.select(keys, movement.label("movement"), sa.func.abs(change).label("change")).subquery("moved")


def _ranked(moved: sa.Subquery) -> sa.Select[Any]:
    c = moved.c
    place = sa.func.row_number().over(partition_by=c.movement, order_by=(c.change.desc(), c.key))
    of_all = sa.func.count().over(partition_by=c.movement)
    return sa.select(moved, place.label("place"), of_all.label("of_all"))
