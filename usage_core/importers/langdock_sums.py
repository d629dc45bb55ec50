"""Langdock: usage added up by API key or by model over a period (`/export/api-keys`, `/export/models`).

Bounds are moments with an offset; an end just before midnight, or a mere day, is the last day of the period.
Tokens and, by model, costs are there for one's own keys at the providers alone.
"""

from usage_core.importers.format import Format, InputCount
from usage_core.importers.sql import filled

_END = "(try_cast(trim(period_end) AS TIMESTAMPTZ) AT TIME ZONE 'UTC')"

FORMAT = Format(
    name="langdock_sums",
    label="Langdock usage by API key or model (CSV)",
    columns={
        "period_start": ("period_start",),
        "period_end": ("period_end",),
        "org_id": ("org_id",),
        "api_key_id": ("api_key_id",),
        "api_key_name": ("api_key_name",),
        "provider": ("provider",),
        "model": ("model", "model_name", "name"),
        "requests": ("requests",),
        "cost": ("total_cost_usd",),
        "sent": ("sum_prompt_tokens",),
        "received": ("sum_completion_tokens",),
        "from_cache": ("cached_prompt_tokens", "sum_cached_prompt_tokens"),
        "written": ("cache_creation_tokens", "sum_cache_creation_tokens"),
    },
    fingerprint=frozenset({"period_start", "period_end", "org_id", "requests"}),
    fields={
        "period_start": "CASE WHEN length(trim(period_start)) = 10 THEN trim(period_start) || 'T00:00:00Z' "
        "ELSE period_start END",
        "period_end": f"CASE WHEN length(trim(period_end)) = 10 THEN ({_END} + INTERVAL 1 DAY)::VARCHAR "
        f"WHEN extract(second FROM {_END}) = 59 AND extract(minute FROM {_END}) = 59 "
        f"THEN (date_trunc('minute', {_END}) + INTERVAL 1 MINUTE)::VARCHAR ELSE period_end END",
        "meter": "'Langdock'",
        "api_key_id": filled("api_key_id"),
        "api_key_name": filled("api_key_name"),
        "provider": filled("provider"),
        "model": filled("model"),
        "kind": "'completion'",
        "calls": "requests",
        "input_tokens": "sent",
        "cache_read_tokens": "from_cache",
        "cache_write_tokens": "written",
        "output_tokens": "received",
        "cost_pico": "cost",
    },
    sums=True,
    input_count=InputCount.WITH_CACHED,
)
