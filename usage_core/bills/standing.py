"""The bills in the store: which stand, which were replaced or withdrawn, and what they are worth in USD."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from usage_core.bills.format import BillRefused
from usage_core.store.bill_tables import AMOUNT, BILL_LINES, BILLS
from usage_core.store.instants import now

b = BILLS.c

STANDS = sa.and_(b.replaced_by.is_(None), b.withdrawn_at.is_(None))
"""Whether a bill is in force."""

USD = "USD"
MOST_RATE = Decimal(100_000)


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill with its history. Days are the provider's; times are naive UTC. `amount` is all it charges,
    in its currency; `usd_rate` is None where no rate is known."""

    bill_id: str
    file_name: str
    file_hash: str
    source: str
    provider: str
    account: str | None
    currency: str
    zone: str
    first_day: datetime
    until_day: datetime
    rows_stored: int
    taken_at: datetime
    taken_by: str | None
    replaced_by: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    usd_rate: Decimal | None
    rated_at: datetime | None
    rated_by: str | None
    amount: Decimal

    @property
    def stands(self) -> bool:
        """Whether it is in force."""
        return self.replaced_by is None and self.withdrawn_at is None


RATE = sa.case((b.currency == USD, sa.literal(Decimal(1), sa.Numeric(18, 9))), else_=b.usd_rate)
"""USD for one unit of a bill's currency; NULL where it has to be entered."""

USD_AMOUNT = sa.cast(
    sa.case((RATE == 1, BILL_LINES.c.amount), else_=sa.cast(BILL_LINES.c.amount * RATE, AMOUNT)), AMOUNT
)
"""What a line of a bill charges in USD; NULL where a rate has to be entered."""


def every(connection: sa.Connection) -> list[Bill]:
    """All bills there ever were, the newest first."""
    total = (
        sa.select(sa.func.sum(BILL_LINES.c.amount)).where(BILL_LINES.c.bill_id == b.bill_id).scalar_subquery()
    )
    names = [name for name in Bill.__slots__ if name not in ("amount", "usd_rate")]
    chosen = sa.select(*(b[name] for name in names), RATE.label("usd_rate"), total.label("amount"))
    newest = chosen.order_by(b.taken_at.desc(), b.bill_id)
    return [Bill(**_row(dict(row))) for row in connection.execute(newest).mappings()]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"amount": Decimal(row["amount"] or 0)}


def months_of(connection: sa.Connection, bills: Sequence[str]) -> list[tuple[str, date]]:
    """The providers and months that bills in force charge for, the oldest first."""
    month = sa.func.date_trunc(sa.literal_column("'month'"), BILL_LINES.c.first_day).label("month")
    chosen = (
        sa.select(b.provider, month)
        .join(BILL_LINES, BILL_LINES.c.bill_id == b.bill_id)
        .where(STANDS, b.bill_id.in_(bills))
        .distinct()
        .order_by(month, b.provider)
    )
    return [(row[0], row[1].date()) for row in connection.execute(chosen)]


def withdraw(connection: sa.Connection, bill_id: str, by: str) -> None:
    """Take a bill out of force; it stays visible, and those that it replaced stand again."""
    change = sa.update(BILLS).where(b.bill_id == bill_id, b.withdrawn_at.is_(None))
    connection.execute(change.values(withdrawn_at=now(), withdrawn_by=by))
    back = sa.update(BILLS).where(b.replaced_by == bill_id)
    connection.execute(back.values(replaced_by=None))


def enter_rate(connection: sa.Connection, bill_id: str, rate: Decimal, by: str) -> None:
    """Say what one unit of a bill's currency is worth in USD.

    Raises:
        BillRefused: the rate cannot be meant.
    """
    if not rate.is_finite() or not 0 < rate < MOST_RATE or rate != round(rate, 9):
        raise BillRefused("A rate is more than 0, less than 100,000, and has at most nine decimals.")
    change = sa.update(BILLS).where(b.bill_id == bill_id, b.currency != USD)
    connection.execute(change.values(usd_rate=rate, rated_at=now(), rated_by=by))
