"""The record of repricings: what pricing stored calls anew changed, when, by whom, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from usage_core.errors import UndoRefused
from usage_core.intake.listed import Run
from usage_core.prices.catalogue import catalogue_version
from usage_core.schema import usd
from usage_core.store.price_tables import REPRICING_SUMS, REPRICINGS

r, s = REPRICINGS.c, REPRICING_SUMS.c


@dataclass(frozen=True, slots=True)
class Change:
    """What changes for a month (its first day, UTC) and key: calls, and their cost in USD before and after
    as far as it is known, with the calls whose cost is not."""

    month: datetime
    api_key_id: str
    calls: int
    before: Decimal
    after: Decimal
    unpriced_before: int
    unpriced_after: int


@dataclass(frozen=True, slots=True)
class Repricing:
    """One that was applied, with its sums as in `Change`; times are UTC.

    `catalogue` is the version of the catalogue it went by, `catalogues_before` are those of the prices that
    it replaced. Of one that was undone, `calls_undone` calls were still there to be given theirs back.
    """

    number: int
    at: datetime
    by: str | None
    calls: int
    before: Decimal
    after: Decimal
    unpriced_before: int
    unpriced_after: int
    catalogue: str
    catalogues_before: str
    first: datetime
    last: datetime
    undone_at: datetime | None
    undone_by: str | None
    calls_undone: int | None


CHANGES = """
    SELECT date_trunc('month', called_at) AS month, api_key_id, count(*) AS calls,
        coalesce(sum(old_cost), 0) AS cost_before, coalesce(sum(new_cost), 0) AS cost_after,
        count(*) FILTER (old_cost IS NULL) AS unpriced_before,
        count(*) FILTER (new_cost IS NULL) AS unpriced_after,
        min(called_at) AS first_call_at, max(called_at) AS last_call_at
    FROM ({calls}) GROUP BY ALL ORDER BY month, api_key_id
"""
"""What changes by month and key, of calls with their old and their new cost."""


def change(row: Sequence[Any]) -> Change:
    """A row of `CHANGES`."""
    return Change(row[0], row[1], int(row[2]), usd(int(row[3])), usd(int(row[4])), int(row[5]), int(row[6]))


def every(connection: sa.Connection) -> list[Repricing]:
    """All repricings there ever were, the newest first."""
    found = connection.execute(sa.select(REPRICINGS).order_by(r.number.desc())).mappings()
    return [_repricing(dict(row)) for row in found]


def by_month(connection: sa.Connection, number: int) -> list[Change]:
    """What a repricing changed; without keys whose calls were deleted for good."""
    columns = [column for column in REPRICING_SUMS.columns if column is not s.number]
    found = sa.select(*columns).where(s.number == number).order_by(s.month, s.api_key_id)
    return [change(row) for row in connection.execute(found)]


def hindrance(number: int, known: Sequence[Repricing]) -> str | None:
    """Why a repricing cannot be undone now, for a person to read; None where it can be."""
    one = next((each for each in known if each.number == number), None)
    if one is None:
        return f"There is no repricing {number}."
    if one.undone_at is not None:
        return f"Repricing {number} was undone already."
    later = [each.number for each in known if each.number > number and each.undone_at is None]
    if later:
        return (
            f"Repricing {max(later)} was made after it and changed prices again. Undo that one first, so "
            "that every call gets back the price it had before."
        )
    return None


def undoable(connection: sa.Connection, number: int) -> Repricing:
    """A repricing that can be undone.

    Raises:
        UndoRefused: it cannot be; the reason is in words.
    """
    known = every(connection)
    if why := hindrance(number, known):
        raise UndoRefused(why)
    return next(each for each in known if each.number == number)


def next_number(connection: sa.Connection) -> int:
    """The number of the next repricing; only for whoever has the turn to write."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(r.number), 0))).scalar_one()) + 1


def record(run: Run, number: int, by: str | None, catalogues_before: str) -> None:
    """Write down a repricing, from what it changed in `temp.main.changes`."""
    sums = f"SELECT $1 AS number, {_SUMS} FROM temp.main.changes"
    run(f"INSERT INTO lake.repricing_sums BY NAME {sums}", number)
    run(
        f"INSERT INTO lake.repricings BY NAME SELECT $1 AS number, $2::TIMESTAMP AS applied_at, "
        f"$3::VARCHAR AS applied_by, $4 AS catalogue_version, $5 AS catalogues_before, {_TOTALS} "
        "FROM temp.main.changes",
        number,
        _now(),
        by,
        catalogue_version(),
        catalogues_before,
    )


def record_undone(connection: sa.Connection, number: int, by: str | None, calls: int) -> None:
    """Write down that a repricing was undone, and for how many calls."""
    undone = {"undone_at": _now(), "undone_by": by, "calls_undone": calls}
    connection.execute(sa.update(REPRICINGS).where(r.number == number).values(undone))


_ADDED = ("calls", "cost_before", "cost_after", "unpriced_before", "unpriced_after")
_SUMS = f"month, api_key_id, {', '.join(_ADDED)}"
_TOTALS = (
    ", ".join(f"sum({name}) AS {name}" for name in _ADDED)
    + ", min(first_call_at) AS first_call_at, max(last_call_at) AS last_call_at"
)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _repricing(row: dict[str, Any]) -> Repricing:
    return Repricing(
        number=row["number"],
        at=row["applied_at"].replace(tzinfo=UTC),
        by=row["applied_by"],
        calls=row["calls"],
        before=usd(int(row["cost_before"])),
        after=usd(int(row["cost_after"])),
        unpriced_before=row["unpriced_before"],
        unpriced_after=row["unpriced_after"],
        catalogue=row["catalogue_version"],
        catalogues_before=row["catalogues_before"],
        first=row["first_call_at"].replace(tzinfo=UTC),
        last=row["last_call_at"].replace(tzinfo=UTC),
        undone_at=row["undone_at"] and row["undone_at"].replace(tzinfo=UTC),
        undone_by=row["undone_by"],
        calls_undone=row["calls_undone"],
    )
