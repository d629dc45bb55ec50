"""Deleting calls for good, by age or by key, with their part of all sums; shown before it is done.

Calls that are old enough can go with their sums by month kept, on a table of their own; such a month is then
closed: calls of it are not taken in again.

Receipts of imports stay. What a file holds comes back when the file is imported again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import sqlalchemy as sa

from usage_core.errors import NothingToDelete
from usage_core.intake.known_files import forget
from usage_core.schema import usd
from usage_core.store import old_files, rollups, small_files
from usage_core.store.lake import Lake
from usage_core.store.local_time import local_time, truncated
from usage_core.store.measures import COMMON
from usage_core.store.price_tables import REPRICING_SUMS
from usage_core.store.settings import CALLS_SINCE, calls_since, put_note, reporting_zone
from usage_core.store.tables import BUCKETS, CALLS, IMPORTS, KEPT_BY, KEPT_MONTHS, LISTED_ROWS
from usage_core.timeframe import midnight

c = CALLS.c


@dataclass(frozen=True, slots=True)
class Doomed:
    """Calls that are to go: those before a day of the workspace's zone, those of a key, or both."""

    before: date | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if self.before is None and self.key is None:
            raise NothingToDelete("Say which calls: those before a day, or those of a key.")

    def conditions(self, zone: str) -> list[sa.ColumnElement[bool]]:
        """The same as conditions on calls."""
        found: list[sa.ColumnElement[bool]] = []
        if self.before is not None:
            edge = midnight(self.before, zone).astimezone(UTC).replace(tzinfo=None)
            found.append(c.called_at < edge)
        if self.key is not None:
            found.append(c.api_key_id == self.key)
        return found


@dataclass(frozen=True, slots=True)
class Loss:
    """What goes: calls, when the first and last were made (naive UTC), their cost in USD as far as it is
    known, and how many calls stay. `kept` calls have gone before; their sums by month go, too, and so do
    `totals`, which providers had added up."""

    calls: int
    first: datetime | None
    last: datetime | None
    cost: Decimal
    stay: int
    kept: int = 0
    totals: int = 0

    @property
    def is_something(self) -> bool:
        """Whether anything goes at all."""
        return bool(self.calls or self.kept or self.totals)


def preview(lake: Lake, doomed: Doomed) -> Loss:
    """What deleting would take away; nothing is changed."""
    with lake.reading() as connection:
        return _loss(connection, doomed, reporting_zone(connection))


def _loss(connection: sa.Connection, doomed: Doomed, zone: str) -> Loss:
    meant = sa.and_(*doomed.conditions(zone))
    columns = (
        sa.func.count(),
        sa.func.min(c.called_at),
        sa.func.max(c.called_at),
        sa.func.sum(c.cost_pico),
    )
    calls, first, last, cost = connection.execute(sa.select(*columns).where(meant)).one()
    every = connection.execute(sa.select(sa.func.count()).select_from(CALLS)).scalar_one()
    kept = connection.execute(sa.select(sa.func.sum(KEPT_MONTHS.c.calls)).where(_of_months(doomed))).scalar()
    its_totals = sa.select(sa.func.count()).select_from(BUCKETS).where(_of_totals(doomed, zone))
    totals = int(connection.execute(its_totals).scalar_one())
    stay = int(every) - int(calls)
    return Loss(int(calls), first, last, usd(int(cost or 0)), stay, int(kept or 0), totals)


def _of_totals(doomed: Doomed, zone: str) -> sa.ColumnElement[bool]:
    """What providers have added up of what is to go, as a condition on `BUCKETS`."""
    found: list[sa.ColumnElement[bool]] = [sa.true()]
    if doomed.before is not None:
        edge = midnight(doomed.before, zone).astimezone(UTC).replace(tzinfo=None)
        found.append(BUCKETS.c.period_end <= edge)
    if doomed.key is not None:
        found.append(BUCKETS.c.api_key_id == doomed.key)
    return sa.and_(*found)


def _of_months(doomed: Doomed) -> sa.ColumnElement[bool]:
    """The months kept of what is to go, as a condition on `KEPT_MONTHS`."""
    k = KEPT_MONTHS.c
    found: list[sa.ColumnElement[bool]] = [sa.true()]
    if doomed.before is not None:
        found.append(k.month < datetime.combine(doomed.before, time()))
    if doomed.key is not None:
        found.append(k.api_key_id == doomed.key)
    return sa.and_(*found)


def _of_repricings(doomed: Doomed) -> sa.ColumnElement[bool]:
    """What repricings changed of what is to go, as a condition on `REPRICING_SUMS`."""
    s = REPRICING_SUMS.c
    found: list[sa.ColumnElement[bool]] = [sa.true()]
    if doomed.before is not None:
        found.append(s.month < datetime.combine(doomed.before.replace(day=1), time()))
    if doomed.key is not None:
        found.append(s.api_key_id == doomed.key)
    return sa.and_(*found)


def delete(lake: Lake, doomed: Doomed, waiting: Callable[[], None] = lambda: None) -> Loss:
    """Delete calls with their part of all sums, those by month, too, in one transaction. Their files go when
    nobody can be reading them any more: after a day, by upkeep.

    Raises:
        NothingToDelete: there are no such calls; nothing was changed.
    """
    with lake.writing(waiting) as connection:
        zone = reporting_zone(connection)
        loss = _loss(connection, doomed, zone)
        if not loss.is_something:
            raise NothingToDelete("There are no such calls. Nothing was deleted.")
        connection.execute(sa.delete(KEPT_MONTHS).where(_of_months(doomed)))
        connection.execute(sa.delete(REPRICING_SUMS).where(_of_repricings(doomed)))
        connection.execute(sa.delete(BUCKETS).where(_of_totals(doomed, zone)))
        _delete(connection, doomed, loss, zone)
    return loss


def _delete(connection: sa.Connection, doomed: Doomed, loss: Loss, zone: str) -> None:
    if loss.first is None or loss.last is None:
        return
    forget(connection)
    small_files.delete(connection, CALLS, sa.and_(*doomed.conditions(zone)))
    rollups.renew(connection, zone, loss.first, loss.last)
    if doomed.before is not None and doomed.key is None:
        _delete_listed(connection)


def months_ago(months: int, today: date) -> date:
    """The first day of the month so many months before today's: the days from it on are those months and
    the one that runs."""
    number = today.year * 12 + today.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def retain(lake: Lake, since: date, waiting: Callable[[], None] = lambda: None) -> Loss:
    """Delete the calls before the first day of a month, keeping their sums by month, in one transaction.

    Raises:
        NothingToDelete: there are no such calls; nothing was changed.
    """
    doomed = Doomed(before=since)
    with lake.writing(waiting) as connection:
        zone = reporting_zone(connection)
        loss = _loss(connection, doomed, zone)
        if loss.first is None or loss.last is None:
            raise NothingToDelete("There are no such calls. Nothing was deleted.")
        frame = rollups.around(loss.first, loss.last, zone)
        month = truncated("month", local_time(c.called_at, frame))
        groups = [month.label("month"), *(c[name] for name in KEPT_BY)]
        sums = sa.select(*groups, *(each.of_calls(c) for each in COMMON)).where(*doomed.conditions(zone))
        columns = list(KEPT_MONTHS.columns.keys())
        connection.execute(sa.insert(KEPT_MONTHS).from_select(columns, sums.group_by(*groups)))
        _delete(connection, doomed, loss, zone)
        put_note(connection, CALLS_SINCE, max(since, calls_since(connection) or since).isoformat())
    return loss


def _delete_listed(connection: sa.Connection) -> None:
    """Delete the rows that were listed of imports of which no call is left."""
    i = IMPORTS.c
    left = sa.exists().where(c.import_id == i.import_id)
    of_old = sa.select(i.import_id).where(i.last_call_at.is_not(None), ~left)
    for listed in LISTED_ROWS:
        connection.execute(sa.delete(listed).where(listed.c.import_id.in_(of_old)))


def clear_disk(lake: Lake) -> int:
    """Remove what was deleted from the disk now; a long export that began before breaks off."""
    old_files.expire(lake, timedelta(0))
    return old_files.remove(lake, timedelta(0))
