"""What a provider allows of a model: entered by the administrator, kept in the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias, get_args

import sqlalchemy as sa

from usage_core.errors import UsageError
from usage_core.store.tables import LIMITS

Limited: TypeAlias = Literal["calls_per_minute", "tokens_per_minute", "calls_in_flight"]
"""What can be limited."""

LIMITED: tuple[Limited, ...] = get_args(Limited)

Served: TypeAlias = tuple[str | None, str]
"""A provider (None where the source does not say) and a model, by their canonical names."""

MOST = 10**15


class LimitRefused(UsageError):
    """A limit that cannot be one; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is allowed at most (None: no limit is known), and when that was entered (UTC, aware)."""

    calls_per_minute: int | None
    tokens_per_minute: int | None
    calls_in_flight: int | None
    set_at: datetime

    def of(self, limited: Limited) -> int | None:
        """The limit of one of the three."""
        found: int | None = getattr(self, limited)
        return found


def as_limit(value: object) -> int | None:
    """A limit as typed or as a table gives it; None where the field is empty.

    Raises:
        LimitRefused: not a whole number from 1 to 10^15.
    """
    if value is None or value != value or value == "":  # noqa: PLR0124 - a table's empty field is NaN
        return None
    if isinstance(value, int | float | Decimal) and 1 <= value <= MOST and value == int(value):
        return int(value)
    said = f"{value:,}".removesuffix(".0") if isinstance(value, int | float | Decimal) else repr(value)[:60]
    raise LimitRefused(
        f"{said} is not a limit. Give a whole number from 1 to {MOST:,}, or leave the field empty for none."
    )


def limits(connection: sa.Connection) -> dict[Served, Limit]:
    """Every limit, by provider and model."""
    found = connection.execute(sa.select(LIMITS)).mappings()
    return {
        (row["provider"], row["model"]): Limit(
            row["calls_per_minute"],
            row["tokens_per_minute"],
            row["calls_in_flight"],
            row["set_at"].replace(tzinfo=UTC),
        )
        for row in found
    }


def change(
    connection: sa.Connection, limited: Limited, changed: Mapping[Served, int | None], at: datetime
) -> None:
    """Enter other limits of one kind; what is not named stays. `at` is aware; `connection` may write."""
    known, entered = limits(connection), at.astimezone(UTC).replace(tzinfo=None)
    for (provider, model), value in changed.items():
        before = known.get((provider, model))
        row: dict[str, Any] = {name: before.of(name) if before else None for name in LIMITED}
        row[limited] = value
        same = sa.and_(LIMITS.c.provider.is_not_distinct_from(provider), LIMITS.c.model == model)
        connection.execute(sa.delete(LIMITS).where(same))
        if any(limit is not None for limit in row.values()):
            connection.execute(
                sa.insert(LIMITS).values(provider=provider, model=model, set_at=entered, **row)
            )
