"""Helicone: exported requests, as CSV or JSON.

Some exports have the id of the response only, so that stands for the call. Times are milliseconds. There
is no key. Bodies, properties and users are not kept.
"""

from usage_core.importers.format import Format, InputCount, Layout
from usage_core.importers.sql import NO_KEY, between, filled, instant, rounded, total, whole

_CACHED = f"(coalesce({whole('cache_read')}, 0) + coalesce({whole('cache_write')}, 0))"
# Whether the prompt's tokens hold the cached ones depends on the provider; sums and sizes tell.
_APART = f"""
    {_CACHED} > 0 AND ({whole("prompt_tokens")} < {_CACHED}
        OR {whole("total_tokens")} = {whole("prompt_tokens")} + {_CACHED} + {whole("completion_tokens")})
"""

FORMAT = Format(
    name="helicone",
    label="Helicone requests",
    columns={
        "response_id": ("response_id",),
        "request_id": ("request_id",),
        "started": ("request_created_at",),
        "ended": ("response_created_at",),
        "response_status": ("response_status",),
        "path": ("request_path",),
        "response_model": ("response_model",),
        "model": ("model", "model_override"),
        "request_model": ("request_model",),
        "provider": ("provider",),
        "prompt_tokens": ("prompt_tokens",),
        "completion_tokens": ("completion_tokens",),
        "total_tokens": ("total_tokens",),
        "cache_read": ("prompt_cache_read_tokens",),
        "cache_write": ("prompt_cache_write_tokens",),
        "delay_ms": ("delay_ms", "latency"),
        "first_token_ms": ("time_to_first_token",),
        "cost": ("cost", "costUSD", "cost_usd"),
    },
    fingerprint=frozenset({"response_id", "started", "response_status", "prompt_tokens"}),
    fields={
        "called_at": instant("started"),
        "api_key_id": NO_KEY,
        "api_key_name": "NULL",
        "provider": filled("provider"),
        "model": filled("response_model", "model", "request_model"),
        "input_tokens": f"CASE WHEN {_APART} THEN {total('prompt_tokens', 'cache_read', 'cache_write')} "
        "ELSE prompt_tokens END",
        "output_tokens": "completion_tokens",
        "completion_time_ms": f"coalesce({filled(rounded('delay_ms'))}, {between('started', 'ended')})",
        "input_price": "NULL",
        "output_price": "NULL",
        "kind": "CASE WHEN lower(path) LIKE '%embed%' THEN 'embedding' END",
        "cost_pico": filled("cost"),
        "cache_read_tokens": "cache_read",
        "cache_write_tokens": "cache_write",
        "time_to_first_token_ms": rounded("first_token_ms"),
        "status": "CASE WHEN try_cast(response_status AS INT) BETWEEN 200 AND 299 THEN 'ok' "
        "WHEN try_cast(response_status AS INT) IS NOT NULL THEN 'error' END",
        "source_call_id": filled("response_id", "request_id"),
    },
    layouts=frozenset(Layout),
    input_count=InputCount.BY_ROW,
)
