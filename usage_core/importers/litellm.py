"""LiteLLM: the spend log (its table, or `/spend/logs` without a summary) and the webhook's payloads.

Times have no zone and are UTC. `prompt_tokens` holds cached tokens. A spend of 0 for tokens that were not
answered from the proxy's cache means that the proxy knew no price, so the cost is not taken from it. The
webhook's `response_time` is the time to the first token of a stream, so the time is taken from start to
end. Prompts, answers, users and addresses are not kept.

A call that succeeded with no tokens and no spend was not counted, as a stream whose provider was not asked
for its usage: its tokens and cost are unknown.
"""

from usage_core.importers.format import Format, InputCount, Layout
from usage_core.importers.sql import (
    NO_KEY,
    between,
    filled,
    inside,
    instant,
    one_of,
    rounded,
    tier,
)

_USAGE = f"coalesce({inside('metadata', '$.usage_object')}, {inside('metadata', '$.usage')}, usage)"

_KIND = f"""
    CASE WHEN lower(call_type) LIKE '%embedding%' THEN 'embedding'
    WHEN regexp_matches(lower(call_type), 'image|speech|transcription|rerank|moderation|video|ocr|search|mcp')
    THEN 'other' WHEN {filled("call_type")} IS NOT NULL THEN 'completion' END
"""

_FREE = """
    try_cast(spend AS DOUBLE) = 0 AND lower(coalesce(cache_hit, '')) <> 'true'
    AND (try_cast(prompt_tokens AS DOUBLE) > 0 OR try_cast(completion_tokens AS DOUBLE) > 0)
"""

_INPUT = f"coalesce(prompt_tokens, {inside(_USAGE, '$.prompt_tokens')})"
_OUTPUT = f"coalesce(completion_tokens, {inside(_USAGE, '$.completion_tokens')})"
_UNCOUNTED = f"""
    try_cast(spend AS DOUBLE) = 0 AND try_cast({_INPUT} AS DOUBLE) = 0
    AND coalesce(try_cast({_OUTPUT} AS DOUBLE), 0) = 0 AND lower(coalesce(cache_hit, '')) <> 'true'
    AND lower(coalesce(status, '')) NOT IN ('failure', 'error') AND coalesce({_KIND}, '') <> 'other'
"""


def _counted(text: str) -> str:
    return f"CASE WHEN {_UNCOUNTED} THEN NULL ELSE {text} END"


# The proxy hides the provider's id of a response in one of its own.
_HIDDEN = "decode(from_base64(substr(trim(request_id), 6)))"
_CALL_ID = f"""
    CASE WHEN starts_with(trim(request_id), 'resp_bGl0ZWxsbT')
    THEN coalesce(nullif(TRY(regexp_extract({_HIDDEN}, 'response_id:([^;]+)', 1)), ''), request_id)
    ELSE {filled("request_id")} END
"""

# Without a stream the proxy notes the end as the moment of the first token.
_FIRST = f"CASE WHEN trim(first_at) <> trim(endTime) THEN {between('startTime', 'first_at')} END"
_TIME = f"coalesce({rounded('request_duration_ms')}, {between('startTime', 'endTime')})"

_HOUR = "ephemeral_1h_input_tokens"

_BREAKDOWN = f"coalesce(cost_breakdown, {inside('metadata', '$.cost_breakdown')})"
_PRICED_AS = inside(_BREAKDOWN, "$.service_tier")

FORMAT = Format(
    name="litellm",
    label="LiteLLM spend log or webhook",
    columns={
        "request_id": ("request_id", "id"),
        "call_type": ("call_type",),
        "api_key": ("api_key",),
        "spend": ("spend", "response_cost", "cost"),
        "prompt_tokens": ("prompt_tokens",),
        "completion_tokens": ("completion_tokens",),
        "startTime": ("startTime", "start_time"),
        "endTime": ("endTime", "end_time"),
        "first_at": ("completionStartTime",),
        "request_duration_ms": ("request_duration_ms",),
        "model": ("model",),
        "model_group": ("model_group",),
        "custom_llm_provider": ("custom_llm_provider",),
        "metadata": ("metadata",),
        "usage": ("usage",),
        "cost_breakdown": ("cost_breakdown",),
        "cache_hit": ("cache_hit",),
        "status": ("status",),
    },
    fingerprint=frozenset({"request_id", "call_type", "spend", "startTime", "model"}),
    fields={
        "called_at": instant("startTime"),
        "api_key_id": "coalesce("
        + filled("api_key", inside("metadata", "$.user_api_key_hash"), inside("metadata", "$.user_api_key"))
        + f", {NO_KEY})",
        "api_key_name": filled(inside("metadata", "$.user_api_key_alias")),
        "provider": filled("custom_llm_provider", inside("metadata", "$.custom_llm_provider")),
        "model": filled("model", "model_group"),
        "input_tokens": _counted(_INPUT),
        "output_tokens": _counted(_OUTPUT),
        "completion_time_ms": _TIME,
        "input_price": "NULL",
        "output_price": "NULL",
        "kind": _KIND,
        "cost_pico": _counted(f"CASE WHEN {_FREE} THEN NULL ELSE spend END"),
        "cache_read_tokens": "coalesce("
        f"{inside(_USAGE, '$.cache_read_input_tokens')}, "
        f"{inside(_USAGE, '$.prompt_tokens_details.cached_tokens')})",
        "cache_write_tokens": "coalesce("
        f"{inside(_USAGE, '$.cache_creation_input_tokens')}, "
        f"{inside(_USAGE, '$.prompt_tokens_details.cache_creation_tokens')})",
        "cache_write_1h_tokens": "coalesce("
        f"{inside(_USAGE, f'$.prompt_tokens_details.cache_creation_token_details.{_HOUR}')}, "
        f"{inside(_USAGE, f'$.cache_creation.{_HOUR}')})",
        "reasoning_tokens": _counted(inside(_USAGE, "$.completion_tokens_details.reasoning_tokens")),
        "time_to_first_token_ms": _FIRST,
        "status": one_of("status", ok=("success",), error=("failure", "error")),
        # A batch's cost is noted when its results are fetched; a call says its tier in its usage, or what the
        # proxy worked its cost out from does.
        "service_tier": "CASE WHEN lower(call_type) LIKE '%batch%' THEN 'batch' ELSE "
        f"{tier(inside(_USAGE, '$.service_tier'), _PRICED_AS)} END",
        "source_call_id": _CALL_ID,
    },
    private=frozenset({"metadata"}),
    layouts=frozenset(Layout),
    input_count=InputCount.WITH_CACHED,
)
