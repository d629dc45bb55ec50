"""Which calls a provider's bills are for."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from usage_core.store.tables import CALLS, MODEL_HOURS

c, m = CALLS.c, MODEL_HOURS.c

GATEWAYS = {"Langdock": "langdock", "OpenRouter": "openrouter"}
"""Who bills for calls of many providers, and the format of log that such calls come in. A log names the
provider that served a call, so the calls are told by where they were read from."""


def is_gateway(provider: str) -> bool:
    """Whether a provider bills for calls that others served."""
    return provider in GATEWAYS


def billed_by(provider: str) -> sa.ColumnElement[bool]:
    """Whether a call is for a provider to bill."""
    served = c.provider_name == provider
    return sa.or_(served, c.source == GATEWAYS[provider]) if is_gateway(provider) else served


def hours_of(provider: str, start: datetime, end: datetime) -> sa.Subquery:
    """Sums of a provider's calls in [start, end), naive UTC, whole hours: `hour`, `provider_name`,
    `model_name`, `cost_pico` and `calls`."""
    groups: tuple[sa.ColumnElement[Any], ...] = (m.hour, m.provider_name, m.model_name)
    if not is_gateway(provider):
        within = (m.provider_name == provider, m.hour >= start, m.hour < end)
        return sa.select(*groups, m.cost_pico, m.calls).where(*within).subquery()
    hour = sa.func.date_trunc(sa.literal_column("'hour'"), c.called_at, type_=sa.DateTime()).label("hour")
    sums = (sa.func.sum(c.cost_pico).label("cost_pico"), sa.func.count().label("calls"))
    chosen = sa.select(hour, c.provider_name, c.model_name, *sums).where(
        billed_by(provider), c.called_at >= start, c.called_at < end
    )
    return chosen.group_by(hour, c.provider_name, c.model_name).subquery()
