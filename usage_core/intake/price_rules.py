"""The administrator's price rules in the store: entered, withdrawn, never changed or deleted."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import sqlalchemy as sa

from usage_core.prices.rules import Rule, RuleKind
from usage_core.schema import Tier
from usage_core.store.price_tables import PRICE_RULES

_TIMES = ("since", "until")


@dataclass(frozen=True, slots=True)
class Entered:
    """A rule with its history: when it was entered and withdrawn (UTC), and by whom where that is known."""

    rule_id: str
    rule: Rule
    entered_at: datetime
    entered_by: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None


def every(connection: sa.Connection) -> list[Entered]:
    """All rules there ever were, the newest first."""
    newest = sa.select(PRICE_RULES).order_by(PRICE_RULES.c.entered_at.desc(), PRICE_RULES.c.rule_id)
    return [_entered(dict(row)) for row in connection.execute(newest).mappings()]


def in_force(connection: sa.Connection) -> list[Entered]:
    """The rules that are not withdrawn."""
    return [entered for entered in every(connection) if entered.withdrawn_at is None]


def enter(connection: sa.Connection, rule: Rule, by: str | None = None) -> str:
    """Enter a rule that was checked; gives its id."""
    values = {name: getattr(rule, name) for name in Rule.__slots__}
    values |= {name: moment and moment.astimezone(UTC).replace(tzinfo=None) for name, moment in _times(rule)}
    rule_id = str(uuid.uuid4())
    given = {"rule_id": rule_id, "entered_at": _now(), "entered_by": by}
    connection.execute(sa.insert(PRICE_RULES).values(**values | given))
    return rule_id


def withdraw(connection: sa.Connection, rule_id: str, by: str | None = None) -> None:
    """Withdraw a rule; calls priced by it keep their price until they are priced anew."""
    change = sa.update(PRICE_RULES).where(
        PRICE_RULES.c.rule_id == rule_id, PRICE_RULES.c.withdrawn_at.is_(None)
    )
    connection.execute(change.values(withdrawn_at=_now(), withdrawn_by=by))


def _times(rule: Rule) -> list[tuple[str, datetime | None]]:
    return [(name, getattr(rule, name)) for name in _TIMES]


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _entered(row: dict[str, object]) -> Entered:
    def aware(name: str) -> datetime | None:
        moment = row[name]
        return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else None

    def text(name: str) -> str | None:
        return None if row[name] is None else str(row[name])

    def price(name: str) -> Decimal | None:
        return None if row[name] is None else Decimal(str(row[name]))

    rule = Rule(
        kind=RuleKind(str(row["kind"])),
        provider=text("provider"),
        model=text("model"),
        since=aware("since"),
        until=aware("until"),
        input_price=price("input_price"),
        output_price=price("output_price"),
        cache_read_price=price("cache_read_price"),
        cache_write_price=price("cache_write_price"),
        cache_write_1h_price=price("cache_write_1h_price"),
        percent=price("percent"),
        stands_for=text("stands_for"),
        service_tier=((tier := text("service_tier")) and Tier(tier)) or None,
        note=text("note"),
    )
    entered_at = aware("entered_at")
    assert entered_at is not None  # noqa: S101 - the column is never NULL
    return Entered(
        str(row["rule_id"]), rule, entered_at, text("entered_by"), aware("withdrawn_at"), text("withdrawn_by")
    )
