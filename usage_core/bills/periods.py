"""Every provider's months: billed, computed, and where each stands."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from usage_core.bills import tolerance
from usage_core.bills.call_sums import logged
from usage_core.bills.conclude import Reconciled
from usage_core.bills.explain import explain
from usage_core.bills.gather import gather, matched, period
from usage_core.bills.parts import CHARGED_BESIDE
from usage_core.bills.sign_offs import SignOff, in_force
from usage_core.bills.standing import RATE, STANDS, USD_AMOUNT
from usage_core.schema import usd
from usage_core.store.bill_tables import BILL_LINES, BILLS
from usage_core.store.settings import calls_since
from usage_core.store.tables import MODEL_HOURS

b, ln = BILLS.c, BILL_LINES.c
ZERO = Decimal(0)


class State(StrEnum):
    """Where a provider's month stands."""

    NO_BILL = "no bill"
    NO_CALLS = "no calls"
    NO_RATE = "needs a rate"
    NO_USAGE = "no usage billed yet"
    DIFFERS = "differs"
    WITHIN = "within tolerance"
    SIGNED = "signed off"
    CHANGED = "changed since sign-off"


@dataclass(frozen=True, slots=True)
class Month:
    """A provider's month at a glance. Amounts are USD; None where there is no bill, or no rate for it.

    `computed` and `calls` are of the days that the bills cover, or of the whole month without one.
    """

    provider: str
    month: date
    billed: Decimal | None
    beside: Decimal
    """Of what is billed, what the log cannot hold: other services, credits, taxes, fees."""
    computed: Decimal
    calls: int
    state: State
    signed: SignOff | None

    @property
    def difference(self) -> Decimal | None:
        """Billed usage − computed."""
        return None if self.billed is None else self.billed - self.beside - self.computed


def reconcile(connection: sa.Connection, provider: str, month: date) -> Reconciled | None:
    """All that can be found of a provider's month; None where no bill charges for it."""
    asked = period(connection, provider, month)
    if asked is None:
        return None
    match = matched(connection, asked)
    found = None if asked.without_rate else explain(gather(connection, asked, match))
    return Reconciled(asked, match, tolerance.of_provider(connection, provider), found)


def months(connection: sa.Connection) -> list[Month]:
    """Every provider's months with a bill or calls, the newest first."""
    billed = {(row[0], row[1].date()): row[2:] for row in connection.execute(_billed())}
    signed = {(each.provider, each.month): each for each in in_force(connection)}
    m = MODEL_HOURS.c
    month = sa.func.date_trunc(sa.literal_column("'month'"), m.hour)
    called = connection.execute(
        sa.select(m.provider_name, month, sa.func.sum(m.cost_pico), sa.func.sum(m.calls))
        .where(m.provider_name.is_not(None))
        .group_by(sa.text("1"), sa.text("2"))
    ).all()
    sums = {(row[0], row[1].date()): (int(row[2] or 0), int(row[3])) for row in called}
    every = sorted(
        billed.keys() | sums.keys() | signed.keys(), key=lambda each: (each[1], each[0]), reverse=True
    )
    return [
        _month(connection, each, billed.get(each), sums.get(each, (0, 0)), signed.get(each)) for each in every
    ]


def _billed() -> sa.Select[*tuple[Any, ...]]:
    """Provider, month, billed (NULL where a rate is missing) and what of it is beside."""
    month = sa.func.date_trunc(sa.literal_column("'month'"), ln.first_day)
    charges = [str(charge) for charge in CHARGED_BESIDE]
    return (
        sa.select(
            b.provider,
            month,
            sa.case((sa.func.count(RATE) == sa.func.count(), sa.func.sum(USD_AMOUNT))),
            sa.func.coalesce(sa.func.sum(sa.case((ln.charge.in_(charges), USD_AMOUNT))), 0),
        )
        .join(BILL_LINES, ln.bill_id == b.bill_id)
        .where(STANDS)
        .group_by(sa.text("1"), sa.text("2"))
    )


def _month(
    connection: sa.Connection,
    which: tuple[str, date],
    billed: Any,
    sums: tuple[int, int],
    signed: SignOff | None,
) -> Month:
    provider, month = which
    asked = period(connection, provider, month) if billed is not None else None
    if asked is not None:
        sums = logged(connection, provider, asked.zone, asked.ranges)
    computed, calls = usd(sums[0]), sums[1]
    total, beside = (None, ZERO) if billed is None else (billed[0], Decimal(billed[1]))
    state = State.NO_BILL
    if billed is not None and total is None:
        state = State.NO_RATE
    elif asked is not None and not asked.has_usage:
        state = State.NO_USAGE
    elif total is not None and not calls:
        state = State.NO_CALLS
    elif total is not None:
        allowed = tolerance.of_provider(connection, provider).allows(total - beside - computed, computed)
        state = State.WITHIN if allowed else State.DIFFERS
    if signed is not None:
        same = (total, computed, calls) == (signed.billed, signed.computed, signed.calls)
        if (since := calls_since(connection)) and month < since:
            same = total == signed.billed  # its calls are no longer kept
        state = State.SIGNED if same else State.CHANGED
    return Month(provider, month, total, beside, computed, calls, state, signed)
