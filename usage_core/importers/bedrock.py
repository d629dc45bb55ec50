"""AWS Bedrock: the model invocation log, as JSON Lines.

How long a call took stands only in the answer's body of some operations. There is no key: the role that
called stands for it. Prompts and answers are not kept, nor account numbers within a model's address.
"""

from usage_core.importers.format import Format, InputCount, Layout
from usage_core.importers.sql import NO_KEY, filled, inside, instant, rounded, tier

_EVENTS = "$.outputBodyJson[*]"


def _of_stream(path: str) -> str:
    """A value in one of the events of a streamed answer."""
    return f"TRY(json_extract_string(output, '{_EVENTS}.{path}'))[1]"


_WRITTEN = inside("input", "$.cacheWriteInputTokenCount")
# How much of it for how long: in `cacheDetails` of Converse, or as Anthropic's own answers have it.
_USAGE = inside("output", "$.outputBodyJson.usage")
_DETAILS = f"""
    coalesce(TRY(json_extract({_USAGE}, '$.cacheDetails[*]')),
        TRY(json_extract(output, '{_EVENTS}.metadata.usage.cacheDetails[*]')))
"""
_HOUR = f"""
    CASE WHEN try_cast({_WRITTEN} AS DOUBLE) > 0 THEN
        coalesce(list_filter({_DETAILS}, lambda d: d->>'$.ttl' = '1h')[1]->>'$.inputTokens',
            {inside("output", "$.outputBodyJson.usage.cache_creation.ephemeral_1h_input_tokens")},
            {_of_stream("message.usage.cache_creation.ephemeral_1h_input_tokens")}) END
"""

_METRICS = '"amazon-bedrock-invocationMetrics"'

_ARN = inside("identity", "$.arn")
# arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, without the session; arn:aws:iam::ACCOUNT:user/NAME
_CALLER = (
    f"CASE WHEN {_ARN} LIKE '%:assumed-role/%' THEN regexp_extract({_ARN}, '^[^/]*/[^/]*') ELSE {_ARN} END"
)

FORMAT = Format(
    name="bedrock",
    label="AWS Bedrock invocation log",
    columns={
        "schema": ("schemaType",),
        "time": ("timestamp",),
        "request_id": ("requestId",),
        "model": ("modelId",),
        "identity": ("identity",),
        "input": ("input",),
        "output": ("output",),
        "error": ("errorCode",),
    },
    fingerprint=frozenset({"schema", "time", "request_id", "model"}),
    fields={
        "called_at": instant("time"),
        "api_key_id": f"coalesce({filled(_CALLER)}, {NO_KEY})",
        "api_key_name": f"nullif(split_part({_CALLER}, '/', -1), '')",
        "provider": "'AWS Bedrock'",
        "model": "CASE WHEN starts_with(model, 'arn:') THEN split_part(model, '/', -1) ELSE model END",
        "input_tokens": inside("input", "$.inputTokenCount"),
        "output_tokens": f"coalesce({inside('output', '$.outputTokenCount')}, "
        f"{inside('output', '$.outputBodyJson.usage.outputTokens')})",
        "completion_time_ms": rounded(
            f"coalesce({inside('output', '$.outputBodyJson.metrics.latencyMs')}, "
            f"{_of_stream('metadata.metrics.latencyMs')}, {_of_stream(f'{_METRICS}.invocationLatency')})"
        ),
        "input_price": "NULL",
        "output_price": "NULL",
        "kind": "CASE WHEN lower(model) LIKE '%embed%' THEN 'embedding' END",
        "cache_read_tokens": inside("input", "$.cacheReadInputTokenCount"),
        "cache_write_tokens": _WRITTEN,
        "cache_write_1h_tokens": _HOUR,
        "time_to_first_token_ms": rounded(_of_stream(f"{_METRICS}.firstByteLatency")),
        "status": f"CASE WHEN {filled('error')} IS NOT NULL THEN 'error' ELSE 'ok' END",
        "service_tier": tier(
            inside("output", "$.outputBodyJson.serviceTier.type"),
            inside("output", "$.outputBodyJson.usage.service_tier"),
        ),
        "source_call_id": filled("request_id"),
    },
    private=frozenset({"input", "output", "identity"}),
    layouts=frozenset({Layout.JSON}),
    input_count=InputCount.WITHOUT_CACHED,
)
