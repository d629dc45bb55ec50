"""Takes a bill into the store: whole or not at all, once, and in place of the one that it corrects."""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from usage_core import wording
from usage_core.bills.days import begin
from usage_core.bills.format import ADDED, BillRefused, Document, Line, Reading
from usage_core.bills.opening import opened
from usage_core.bills.registry import recognised
from usage_core.bills.standing import STANDS
from usage_core.prices import catalogue
from usage_core.store.bill_tables import BILL_LINES, BILLS
from usage_core.store.instants import now
from usage_core.store.lake import Lake
from usage_core.store.rows import beside

b, ln = BILLS.c, BILL_LINES.c


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: rows read = lines were made of + charge nothing + already there."""

    file_name: str
    label: str
    rows_read: int
    rows_stored: int
    rows_skipped: int
    rows_duplicate: int
    bills: tuple[str, ...]
    """Ids of the bills stored, or already there: one for each provider, account and currency."""
    replaced: tuple[str, ...] = ()
    """The files whose bills stood before, and are replaced."""
    beside: tuple[str, ...] = ()
    """The files whose bills of the same days stand, too: one of the two charges no usage."""

    @property
    def sentence(self) -> str:
        """The receipt as a person reads it."""
        if self.rows_duplicate:
            return f"{self.file_name}: this bill is already there; nothing was stored twice."
        more = f" It replaces {', '.join(self.replaced)}, which stays visible." if self.replaced else ""
        if self.beside:
            more += f" It adds to {', '.join(self.beside)}: one charges usage, the other does not."
        return (
            f"{self.file_name} ({self.label}): {wording.plural(self.rows_read, 'row')} read = "
            f"{self.rows_stored:,} stored + "
            f"{self.rows_skipped:,} that charge nothing.{more}"
        )


def take(lake: Lake, path: Path, *, by: str, name: str | None = None) -> Taken:
    """Read a bill and keep it.

    Raises:
        BillRefused: it is not understood, or covers part of the days of a bill that stands.
    """
    document = opened(path, name or path.name)
    known = recognised(document)
    reading = known.read(document)
    if not reading.lines:
        raise BillRefused(f"{document.name} charges nothing: there is no amount in it. Nothing was stored.")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    rows = (reading.rows, reading.rows - reading.skipped, reading.skipped)
    with lake.writing() as connection:
        same = sa.select(b.bill_id).where(b.file_hash == digest, b.withdrawn_at.is_(None))
        if there := tuple(connection.execute(same).scalars()):
            return Taken(document.name, known.label, rows[0], 0, 0, rows[0], there)
        made: list[str] = []
        replaced: list[str] = []
        beside: list[str] = []
        for lines in _bills(reading.lines):
            bill = _bill(document, known.name, digest, reading, lines) | {"taken_by": by}
            corrected, others = _same_days(connection, bill, lines)
            replaced += _replace(connection, bill, corrected)
            bill |= _rate_of(connection, bill, corrected)
            beside += [name for _, name, *_ in others]
            connection.execute(sa.insert(BILLS).values(bill))
            _keep(connection, bill["bill_id"], lines)
            made.append(bill["bill_id"])
    once = [tuple(dict.fromkeys(names)) for names in (replaced, beside)]
    return Taken(document.name, known.label, *rows, 0, tuple(made), *once)


def _bills(lines: Iterable[Line]) -> list[list[Line]]:
    """The lines of each provider (by its canonical name), account, currency and zone."""

    def whose(line: Line) -> tuple[str, ...]:
        return line.provider, line.account or "", line.currency, line.zone

    named = [replace(line, provider=catalogue.names(line.provider, "").provider or "") for line in lines]
    return [list(group) for _, group in groupby(sorted(named, key=whose), whose)]


def _bill(
    document: Document, source: str, digest: str, reading: Reading, lines: list[Line]
) -> dict[str, Any]:
    days = [(line.first, line.until) for line in lines] + reading.days
    one = lines[0]
    return {
        "bill_id": str(uuid.uuid4()),
        "file_hash": digest,
        "file_name": document.name,
        "source": source,
        "provider": one.provider,
        "account": one.account,
        "currency": one.currency,
        "zone": one.zone,
        "first_day": begin(min(first for first, _ in days)),
        "until_day": begin(max(until for _, until in days)),
        "decimals": reading.decimals,
        "rows_read": reading.rows,
        "rows_stored": reading.rows - reading.skipped,
        "rows_skipped": reading.skipped,
        "taken_at": now(),
    }


def _same_days(
    connection: sa.Connection, bill: dict[str, Any], lines: list[Line]
) -> tuple[list[Any], list[Any]]:
    """The bills in force of the same provider and account that share days with one, as rows of id, file,
    first day and day after the last: those of which it says the same, and those that it adds to.

    It says the same as a bill that charges usage, too; or, without usage, for one of the same charges.
    """
    kinds = {str(line.charge) for line in lines}
    added = [str(charge) for charge in ADDED]
    of_bill = sa.select(ln.charge).where(ln.bill_id == b.bill_id)
    has_usage = of_bill.where(ln.charge.not_in(added)).exists()
    if kinds <= set(added):
        says_same = sa.and_(~has_usage, of_bill.where(ln.charge.in_(sorted(kinds))).exists())
    else:
        says_same = has_usage
    shared = sa.and_(
        STANDS,
        b.provider == bill["provider"],
        b.account.is_not_distinct_from(bill["account"]),
        b.file_hash != bill["file_hash"],
        b.first_day < bill["until_day"],
        b.until_day > bill["first_day"],
    )
    chosen = sa.select(b.bill_id, b.file_name, b.first_day, b.until_day, says_same).where(shared)
    found = connection.execute(chosen.order_by(b.first_day, b.file_name)).all()
    return [row[:4] for row in found if row[4]], [row[:4] for row in found if not row[4]]


def _replace(connection: sa.Connection, bill: dict[str, Any], same: list[Any]) -> list[str]:
    """Have a bill stand in place of those whose days it covers; gives the names of their files."""
    for _, name, first, until in same:
        if first < bill["first_day"] or until > bill["until_day"]:
            raise BillRefused(
                f"{bill['file_name']} covers {_days(bill['first_day'], bill['until_day'])}, and {name} of "
                f"the same provider covers {_days(first, until)}: what is on both would be counted twice. "
                f"Withdraw {name}, or take a bill of all its days. Nothing was stored."
            )
    ids = [bill_id for bill_id, *_ in same]
    connection.execute(sa.update(BILLS).where(b.bill_id.in_(ids)).values(replaced_by=bill["bill_id"]))
    return [name for _, name, *_ in same]


def _rate_of(connection: sa.Connection, bill: dict[str, Any], same: list[Any]) -> dict[str, Any]:
    """The rate of the period, with when and by whom, where a bill in its currency stood before."""
    columns = (b.usd_rate, b.rated_at, b.rated_by)
    chosen = sa.select(*columns).where(
        b.bill_id.in_([bill_id for bill_id, *_ in same]),
        b.currency == bill["currency"],
        b.usd_rate.is_not(None),
    )
    found = connection.execute(chosen.order_by(b.rated_at.desc()).limit(1)).mappings().first()
    return dict(found) if found else {}


def _days(first: datetime, until: datetime) -> str:
    return f"{first:%Y-%m-%d} to before {until:%Y-%m-%d}"


_TEXTS = ("charge", "model", "key", "key_name", "project", "token_class", "description")
_LINES = pa.schema(
    [
        ("bill_id", pa.string()),
        ("number", pa.int64()),
        ("first", pa.timestamp("us")),
        ("until", pa.timestamp("us")),
        *((name, pa.string()) for name in _TEXTS),
        ("quantity", pa.int64()),
        ("requests", pa.int64()),
        ("amount", pa.decimal128(38, 18)),
    ]
)


def _keep(connection: sa.Connection, bill_id: str, lines: list[Line]) -> None:
    rows = pa.Table.from_pylist(
        [
            {name: getattr(line, name) for name in ("number", *_TEXTS, "quantity", "requests", "amount")}
            | {"bill_id": bill_id, "first": begin(line.first), "until": begin(line.until)}
            for line in lines
        ],
        schema=_LINES,
    )
    names = {"number": "line", "first": "first_day", "until": "until_day", "key": "api_key"}
    given: list[sa.Label[Any]] = [sa.column(name).label(names.get(name, name)) for name in _LINES.names]
    chosen = sa.select(*given).select_from(sa.table("given_lines")).order_by(sa.column("number"))
    columns = [BILL_LINES.c[label.name] for label in given]
    with beside(connection, given_lines=rows):
        connection.execute(sa.insert(BILL_LINES).from_select(columns, chosen))
