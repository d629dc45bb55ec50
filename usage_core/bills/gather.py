"""What the store knows of a provider's month: its bills' lines, and sums of the calls beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import sqlalchemy as sa

from usage_core.bills import names
from usage_core.bills.call_sums import call_sums, hour_costs, models_called
from usage_core.bills.days import DAY, month_bounds
from usage_core.bills.explain import Gathered
from usage_core.bills.format import ADDED
from usage_core.bills.names import AliasKind
from usage_core.bills.standing import RATE, STANDS, USD_AMOUNT
from usage_core.metrics.facts import directory
from usage_core.store.bill_tables import AMOUNT, BILL_LINES, BILLS
from usage_core.store.rows import arrow, beside
from usage_core.store.tables import KEY_NAMES

b, ln = BILLS.c, BILL_LINES.c
MOST_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Period:
    """A provider's month: the days [first, until) that its standing bills cover (the provider's own days),
    the bills, and the currencies for which a rate is missing.

    Where bills charge usage (`has_usage`), the days and the zone are theirs."""

    provider: str
    month: date
    zone: str
    ranges: tuple[tuple[datetime, datetime], ...]
    bills: tuple[str, ...]
    files: tuple[str, ...]
    without_rate: tuple[str, ...]
    has_usage: bool

    @property
    def days(self) -> tuple[datetime, ...]:
        """Every day that is covered."""
        return tuple(first + DAY * n for first, until in self.ranges for n in range((until - first).days))


@dataclass(frozen=True, slots=True)
class Names:
    """What names on the bills were matched with; those of keys and models that the log does not have."""

    models: dict[str, str]
    calls: dict[str, str]
    keys: dict[tuple[str | None, str | None], str | None]
    unknown_models: tuple[str, ...] = field(default=())
    unknown_keys: tuple[str, ...] = field(default=())


def _in_month(month: date) -> sa.ColumnElement[bool]:
    start, end = month_bounds(month)
    return sa.and_(ln.first_day >= start, ln.first_day < end)


def period(connection: sa.Connection, provider: str, month: date) -> Period | None:
    """A provider's month; None where no bill that stands charges for it."""
    chosen = (
        sa.select(
            b.bill_id, b.file_name, b.zone, b.currency, RATE, b.first_day, b.until_day,
            sa.func.max(ln.until_day), sa.func.bool_or(ln.charge.not_in([str(each) for each in ADDED])),
        )
        .join(BILL_LINES, ln.bill_id == b.bill_id)
        .where(STANDS, b.provider == provider, _in_month(month))
        .group_by(b.bill_id, b.file_name, b.zone, b.currency, RATE, b.first_day, b.until_day)
        .order_by(b.first_day, b.bill_id)
    )  # fmt: skip
    found = connection.execute(chosen).all()
    if not found:
        return None
    start, end = month_bounds(month)
    covering = [row for row in found if row[8]] or found
    ranges = [(max(row[5], start), max(min(row[6], end), row[7])) for row in covering]
    return Period(
        provider,
        month,
        covering[0][2],
        _merged(ranges),
        tuple(row[0] for row in found),
        tuple(row[1] for row in found),
        tuple(sorted({row[3] for row in found if row[4] is None})),
        any(row[8] for row in found),
    )


def _merged(ranges: Sequence[tuple[datetime, datetime]]) -> tuple[tuple[datetime, datetime], ...]:
    merged: list[tuple[datetime, datetime]] = []
    for first, until in sorted(ranges):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
        else:
            merged.append((first, until))
    return tuple(merged)


def matched(connection: sa.Connection, asked: Period) -> Names:
    """What the names on a month's bills stand for."""
    of_bills = [_in_month(asked.month), ln.bill_id.in_(asked.bills)]
    models = connection.execute(
        sa.select(ln.model).where(*of_bills, ln.charge == "usage").distinct()
    ).scalars()
    keys = connection.execute(sa.select(ln.api_key, ln.key_name).where(*of_bills).distinct()).all()
    called = models_called(connection, asked.provider, asked.zone, asked.ranges)
    given = names.aliases(connection, asked.provider)
    of_models = {each.billed_as: each.stands_for for each in given if each.kind is AliasKind.MODEL}
    of_keys = {each.billed_as: each.stands_for for each in given if each.kind is AliasKind.KEY}
    billed = sorted(name for name in models if name is not None)
    log = list(dict.fromkeys(model for _, model in called))
    found, calls = names.matched_models(billed, log, of_models)
    known = dict.fromkeys(connection.execute(sa.select(KEY_NAMES.c.api_key_id).distinct()).scalars())
    known |= {key: name for key, name in directory(connection).key.items() if key in known}
    by_key = names.matched_keys([(row[0], row[1]) for row in keys], known, of_keys)
    return Names(
        found,
        calls,
        by_key,
        tuple(name for name in billed if found[name] not in calls.values()),
        tuple(sorted({str(name or key) for (key, name), id_ in by_key.items() if key and id_ is None})),
    )


def gather(connection: sa.Connection, asked: Period, match: Names) -> Gathered:
    """The lines and the sums of a month, for `explain`; in the connection's transaction."""
    return Gathered(
        lines=_lines(connection, asked, match),
        hours=hour_costs(connection, asked.provider, asked.zone, asked.ranges, match.calls),
        days=asked.days,
        calls_at=lambda hours: call_sums(
            connection, asked.provider, asked.zone, asked.ranges, match.calls, hours
        ),
    )


_KEYS = sa.table("matched_keys", *(sa.column(name, sa.String()) for name in ("billed", "named", "known")))


def _keys(match: Names) -> pa.Table:
    """The log's id of each key on the bills, as a table: there may be thousands."""
    rows = [(key, name, known) for (key, name), known in match.keys.items()]
    columns = [pa.array([row[n] for row in rows], pa.string()) for n in range(len(_KEYS.columns))]
    return pa.table(columns, names=list(_KEYS.columns.keys()))


def _lines(connection: sa.Connection, asked: Period, match: Names) -> pa.Table:
    """Lines in USD, with the names of the log and what rounding can hide."""
    bounds = {n: Decimal(5).scaleb(-n - 1) for n in range(MOST_DECIMALS)}
    known = ((b.decimals == n, sa.literal(value, AMOUNT)) for n, value in bounds.items())
    bound = sa.cast(sa.case(*known, else_=sa.literal(0, AMOUNT)), AMOUNT)
    model = sa.case(*((ln.model == name, to) for name, to in match.models.items()), else_=ln.model)
    chosen = (
        sa.select(
            b.bill_id, b.file_name, ln.line, ln.first_day, ln.until_day, ln.charge,
            (model if match.models else ln.model).label("model"),
            ln.model.label("billed_model"),
            sa.func.coalesce(_KEYS.c.known, ln.key_name, ln.api_key).label("key"),
            ln.api_key.label("billed_key"),
            _KEYS.c.known.is_not(None).label("key_known"),
            ln.project, ln.token_class.label("cls"), ln.quantity, ln.requests, ln.description,
            USD_AMOUNT.label("usd"),
            sa.cast(bound * RATE, AMOUNT).label("bound"),
        )
        .join(BILLS, ln.bill_id == b.bill_id)
        .outerjoin(_KEYS, sa.and_(
            _KEYS.c.billed.is_not_distinct_from(ln.api_key), _KEYS.c.named.is_not_distinct_from(ln.key_name)
        ))
        .where(_in_month(asked.month), ln.bill_id.in_(asked.bills))
    )  # fmt: skip
    with beside(connection, matched_keys=_keys(match)):
        return arrow(connection, chosen)
