"""Providers' totals for programs: money as exact decimals, what is unknown as None."""

from dataclasses import asdict
from datetime import datetime

from usage_core import wording
from usage_core.errors import SelectionError
from usage_core.export.figures import Plain
from usage_core.metrics.provider_totals import BREAKDOWNS, By, Total


def breakdown(name: str | None) -> By | None:
    """The breakdown of a name; none without one.

    Raises:
        SelectionError: totals have no such breakdown.
    """
    found: By | None = next((each for each in BREAKDOWNS if each == name), None)
    if name and found is None:
        raise SelectionError(f"{name[:60]!r} is no breakdown of totals. Use one of: {', '.join(BREAKDOWNS)}.")
    return found


def record(total: Total, by: By | None) -> dict[str, Plain]:
    """A total as JSON has it, its group under the breakdown's name; days as `2026-08-03`."""
    values = asdict(total)
    group, cost = values.pop("group"), total.cost_usd
    values["cost_usd"] = None if cost is None else wording.plain_decimal(cost)
    named = group.date().isoformat() if isinstance(group, datetime) else group
    return ({by: named} if by else {}) | values
