"""Signing a provider's month off: that it was found right, by whom, and of which figures."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa

from usage_core.bills.conclude import Reconciled
from usage_core.bills.days import begin
from usage_core.store.bill_tables import BILL_SIGNOFFS
from usage_core.store.instants import now

s = BILL_SIGNOFFS.c


@dataclass(frozen=True, slots=True)
class SignOff:
    """That a month was found right: by whom, when (naive UTC), and of which figures and bills it was said."""

    signoff_id: str
    provider: str
    month: date
    billed: Decimal
    computed: Decimal
    calls: int
    bills: str
    note: str | None
    signed_at: datetime
    signed_by: str


def in_force(connection: sa.Connection) -> Iterator[SignOff]:
    """The sign-offs in force, the oldest first."""
    names = list(SignOff.__slots__)
    chosen = sa.select(*(s[name] for name in names)).where(s.withdrawn_at.is_(None)).order_by(s.signed_at)
    for row in connection.execute(chosen).mappings():
        yield SignOff(**{**row, "month": row["month"].date()})


def sign_off(connection: sa.Connection, found: Reconciled, note: str, by: str) -> None:
    """Record that a month was found right, of the figures it has now; what was said before is withdrawn."""
    if found.explained is None:
        return
    provider, month = found.period.provider, found.period.month
    withdraw(connection, provider, month, by)
    connection.execute(
        sa.insert(BILL_SIGNOFFS).values(
            signoff_id=str(uuid.uuid4()),
            provider=provider,
            month=begin(month),
            billed=found.explained.billed,
            computed=found.explained.computed,
            calls=found.explained.calls,
            bills=", ".join(found.period.files),
            note=note.strip() or None,
            signed_at=now(),
            signed_by=by,
        )
    )


def withdraw(connection: sa.Connection, provider: str, month: date, by: str) -> None:
    """Take a sign-off back; it is kept with when and by whom."""
    first = begin(month)
    same = sa.and_(s.provider == provider, s.month == first, s.withdrawn_at.is_(None))
    connection.execute(sa.update(BILL_SIGNOFFS).where(same).values(withdrawn_at=now(), withdrawn_by=by))
