"""OpenRouter: the activity CSV, one row per generation, whatever the order of its columns.

Times have no zone and are UTC. There is no id of the key, so its name stands for it. With a key of one's
own at the provider, `cost_total` is only OpenRouter's fee; what the provider takes is added to it.
"""

from usage_core.importers.format import Format, InputCount
from usage_core.importers.sql import NO_KEY, amount, count, decimal, filled, rounded

_FEE, _OWN = (decimal(amount(text), 15) for text in ("cost_total", "byok"))

FORMAT = Format(
    name="openrouter",
    label="OpenRouter activity CSV",
    columns={
        "generation_id": ("generation_id",),
        "created_at": ("created_at",),
        "cost_total": ("cost_total",),
        "byok": ("byok_usage_inference",),
        "tokens_prompt": ("tokens_prompt",),
        "tokens_completion": ("tokens_completion",),
        "tokens_reasoning": ("tokens_reasoning",),
        "tokens_cached": ("tokens_cached",),
        "model": ("model_permaslug",),
        "provider": ("provider_name",),
        "cancelled": ("cancelled",),
        "finished": ("finish_reason_normalized",),
        "generation_time_ms": ("generation_time_ms",),
        "first_token_ms": ("time_to_first_token_ms",),
        "api_key_name": ("api_key_name",),
    },
    fingerprint=frozenset({"generation_id", "created_at", "cost_total", "model", "tokens_prompt"}),
    fields={
        "called_at": "created_at",
        "api_key_id": f"coalesce({filled('api_key_name')}, {NO_KEY})",
        "api_key_name": filled("api_key_name"),
        "provider": filled("provider"),
        "model": "model",
        "input_tokens": count("tokens_prompt"),
        "output_tokens": count("tokens_completion"),
        "completion_time_ms": rounded(count("generation_time_ms")),
        "input_price": "NULL",
        "output_price": "NULL",
        "cost_pico": f"CASE WHEN {_OWN} > 0 AND {_FEE} >= 0 THEN ({_FEE} + {_OWN})::VARCHAR "
        f"ELSE {amount('cost_total')} END",
        "cache_read_tokens": count("tokens_cached"),
        "reasoning_tokens": count("tokens_reasoning"),
        "time_to_first_token_ms": rounded(count("first_token_ms")),
        "status": "CASE WHEN lower(finished) = 'error' THEN 'error' "
        "WHEN lower(cancelled) = 'true' THEN 'unknown' "
        f"WHEN {filled('finished')} IS NOT NULL THEN 'ok' END",
        "source_call_id": filled("generation_id"),
    },
    input_count=InputCount.WITH_CACHED,
)
