"""Undoing an import as a whole: what it stored and what it set aside go, its receipt stays and says so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from usage_core.errors import UndoRefused
from usage_core.intake.known_files import forget
from usage_core.intake.receipt import Receipt
from usage_core.schema import usd
from usage_core.store import rollups
from usage_core.store.lake import Lake
from usage_core.store.settings import reporting_zone
from usage_core.store.tables import BUCKETS, CALLS, IMPORTS, LISTED_ROWS

FEWEST_CHARACTERS = 4
"""An import may be named by the beginning of its id, this long at least."""

KEYS_NAMED = 5

c, i = CALLS.c, IMPORTS.c

_OF_CALLS = i.first_call_at, i.last_call_at


@dataclass(frozen=True, slots=True)
class Taken:
    """What undoing an import takes away. Times are naive UTC; the cost is in USD, of calls where it is known.

    `largest` are the keys with most of the calls: the last name each was seen with, or its id, and calls.
    `later` are the files of later imports that found calls of the same time already there: what they had
    in common with this one goes, too, and comes back when they are imported again. `buckets` are the sums
    that it brought; those that they took the place of count again.
    """

    receipt: Receipt
    calls: int
    first: datetime | None
    last: datetime | None
    cost: Decimal
    keys: int
    largest: tuple[tuple[str, int], ...]
    later: tuple[str, ...]
    buckets: int = 0


def find(connection: sa.Connection, given: str) -> Receipt:
    """The receipt of the import with this id, or the only one whose id begins so.

    Raises:
        UndoRefused: there is none, or more than one, or it was undone already.
    """
    begins = i.import_id == given
    if len(given) >= FEWEST_CHARACTERS:
        begins = i.import_id.startswith(given, autoescape=True)
    found = connection.execute(sa.select(IMPORTS).where(begins).limit(2)).mappings().all()
    if len(found) != 1:
        known = "More than one import's id begins with" if found else "There is no import"
        raise UndoRefused(f"{known} {given[:60]!r}. `python -m usage_core imports` lists them.")
    if found[0]["undone_at"] is not None:
        raise UndoRefused(f"The import of {found[0]['file_name']} was undone already.")
    return Receipt.of(dict(found[0]))


def preview(lake: Lake, given: str) -> Taken:
    """What undoing an import would take away; nothing is changed.

    Raises:
        UndoRefused: as `find`.
    """
    with lake.reading() as connection:
        return taken(connection, given)


def taken(connection: sa.Connection, given: str) -> Taken:
    """As `preview`, where the store is being read already."""
    receipt = find(connection, given)
    its = c.import_id == receipt.import_id
    if receipt.first_call_at and receipt.last_call_at:  # for the store to look into few files
        its &= c.called_at.between(receipt.first_call_at, receipt.last_call_at)
    sums = sa.select(
        sa.func.count(), sa.func.min(c.called_at), sa.func.max(c.called_at), sa.func.sum(c.cost_pico)
    )
    calls, first, last, cost = connection.execute(sums.where(its)).one()
    keys = connection.execute(sa.select(sa.func.count(c.api_key_id.distinct())).where(its)).scalar_one()
    return Taken(
        receipt,
        int(calls),
        first,
        last,
        usd(int(cost or 0)),
        int(keys),
        _largest(connection, its),
        _later(connection, receipt),
        connection.execute(sa.select(sa.func.count()).where(_its_buckets(receipt))).scalar_one(),
    )


def _largest(connection: sa.Connection, its: sa.ColumnElement[bool]) -> tuple[tuple[str, int], ...]:
    name = sa.func.arg_max(c.api_key_name, c.called_at)
    calls = sa.func.count()
    by_key = sa.select(c.api_key_id, name, calls).where(its).group_by(c.api_key_id)
    rows = connection.execute(by_key.order_by(calls.desc(), c.api_key_id).limit(KEYS_NAMED))
    return tuple(((known or "").strip() or key, int(count)) for key, known, count in rows)


def _its_buckets(receipt: Receipt) -> sa.ColumnElement[bool]:
    return BUCKETS.c.import_id == receipt.import_id


def _later(connection: sa.Connection, receipt: Receipt) -> tuple[str, ...]:
    first, last = (i.first_period_start, i.last_period_end) if receipt.holds_sums else _OF_CALLS
    edges = (getattr(receipt, first.name), getattr(receipt, last.name))
    if edges[0] is None:
        return ()
    later = (
        sa.select(i.file_name)
        .where(
            i.imported_at > receipt.imported_at,
            i.rows_duplicate > 0,
            first <= edges[1],
            last >= edges[0],
            i.undone_at.is_(None),
        )
        .order_by(i.imported_at)
    )
    return tuple(dict.fromkeys(connection.execute(later).scalars()))


def undo(lake: Lake, given: str, waiting: Callable[[], None] = lambda: None) -> Receipt:
    """Take an import's calls out of the store, with their part of all sums, in one transaction.

    Whoever reads sees them all or none of them. Importing the file again stores them again. `waiting` is
    called once if another writer is at work.

    Raises:
        UndoRefused: as `find`; nothing was changed.
    """
    with lake.writing(waiting) as connection:
        receipt = find(connection, given)
        _take_out(connection, receipt)
        for listed in LISTED_ROWS:
            connection.execute(sa.delete(listed).where(listed.c.import_id == receipt.import_id))
        undone: dict[str, Any] = {"undone_at": datetime.now(UTC).replace(tzinfo=None)}
        connection.execute(sa.update(IMPORTS).where(i.import_id == receipt.import_id).values(undone))
    return receipt


def _take_out(connection: sa.Connection, receipt: Receipt) -> None:
    if receipt.holds_sums:
        connection.execute(sa.delete(BUCKETS).where(_its_buckets(receipt)))
    first, last = receipt.first_call_at, receipt.last_call_at
    if not receipt.rows_stored or first is None or last is None:
        return
    own = sa.and_(c.import_id == receipt.import_id, c.called_at.between(first, last))
    forget(connection)
    connection.execute(sa.delete(CALLS).where(own))
    rollups.renew(connection, reporting_zone(connection), first, last)
