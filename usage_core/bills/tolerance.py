"""How large a difference of a provider's month is let pass."""

from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from usage_core.bills.format import BillRefused
from usage_core.store.bill_tables import BILL_TOLERANCES
from usage_core.store.instants import now

t = BILL_TOLERANCES.c


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What is let pass: so many per cent of what was computed, or so many USD, whichever is more."""

    percent: Decimal = Decimal("0.5")
    usd: Decimal = Decimal(1)

    def allows(self, difference: Decimal, computed: Decimal) -> bool:
        """Whether a difference is let pass."""
        return abs(difference) <= max(self.usd, abs(computed) * self.percent / 100)


def of_provider(connection: sa.Connection, provider: str) -> Tolerance:
    """What is let pass of a provider's differences."""
    newest = sa.select(t.percent, t.usd).where(t.provider == provider).order_by(t.set_at.desc()).limit(1)
    found = connection.execute(newest).first()
    return Tolerance(Decimal(found[0]), Decimal(found[1])) if found else Tolerance()


def enter(connection: sa.Connection, provider: str, allowed: Tolerance, by: str) -> None:
    """Say what is let pass of a provider's differences.

    Raises:
        BillRefused: it cannot be meant.
    """
    if not (0 <= allowed.percent <= 100 and 0 <= allowed.usd <= 1_000_000):
        raise BillRefused("A tolerance is 0 to 100 per cent, and 0 to 1,000,000 USD.")
    given = {"provider": provider, "percent": allowed.percent, "usd": allowed.usd}
    connection.execute(sa.insert(BILL_TOLERANCES).values(**given, set_at=now(), set_by=by))
