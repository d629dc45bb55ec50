"""OpenTelemetry: spans of calls to models, as OTLP JSON, with the attributes of GenAI or OpenInference.
Protobuf is made JSON before (see `intake/otlp_protobuf`).

Three generations of GenAI's names are known, and those of OpenInference and OpenLLMetry. Spans of agents,
tools and chains are skipped: they repeat what the calls in them say. There is no key: the service that made
the call stands for it. The standard has no cost. Messages are not kept.
"""

from usage_core.importers.format import Format, InputCount, Layout
from usage_core.importers.sql import NO_KEY, between, filled, inside, instant, millis, tier, total, whole

_VALUE = " , ".join(f"a->>'$.value.{kind}Value'" for kind in ("string", "int", "double", "bool"))

_LIST = "json_extract(s, '$.attributes[*]')"
_PAIRS = f"list_transform({_LIST}, lambda a: {{'k': a->>'key', 'v': coalesce({_VALUE})}})"
_KEYS = f"list_transform({_LIST}, lambda a: a->>'key')"

# Of two attributes of one name the first counts; a map refuses two.
_FIRST = f"lambda e, i: e.k IS NOT NULL AND list_position({_KEYS}, e.k) = i"
_ATTRIBUTES = f"to_json(map_from_entries(list_filter({_PAIRS}, {_FIRST})))"

_SERVICE = (
    "list_filter(json_extract(r, '$.resource.attributes[*]'), lambda a: a->>'key' = 'service.name')[1]"
    "->>'$.value.stringValue'"
)

_SPAN = f"""json_merge_patch({_ATTRIBUTES}, json_object(
    'span.start', s->>'startTimeUnixNano', 'span.end', s->>'endTimeUnixNano', 'span.trace', s->>'traceId',
    'span.id', s->>'spanId', 'span.status', s->>'$.status.code', 'span.service', {_SERVICE}))"""

_ITEMS = f"""
    CASE WHEN json_type(doc, '$.resourceSpans') = 'ARRAY' THEN
        flatten(list_transform(json_extract(doc, '$.resourceSpans[*]'), lambda r: list_transform(
            list_concat(json_extract(r, '$.scopeSpans[*].spans[*]'),
                json_extract(r, '$.instrumentationLibrarySpans[*].spans[*]')),
            lambda s: {_SPAN})))
    ELSE [doc] END
"""

# Most count what is kept for an hour among all that is written, some beside it.
_WRITTEN = f"""
    CASE WHEN {whole("cache_write_1h")} > coalesce({whole("cache_write")}, 0)
    THEN {total("cache_write", "cache_write_1h")} ELSE cache_write END
"""
_SPENT = f"(coalesce({whole('cache_read')}, 0) + coalesce({whole('written')}, 0))"
_INPUT = f"""
    CASE WHEN {whole("input_tokens")} < {_SPENT} THEN {total("input_tokens", "cache_read", "written")}
    ELSE input_tokens END
"""

_SKIP = """
    CASE WHEN lower(operation) IN ('invoke_agent', 'create_agent', 'invoke_workflow', 'execute_tool',
            'fetch_response', 'plan', 'retrieval')
        OR lower(framework_kind) IN ('workflow', 'task', 'agent', 'tool')
        OR upper(inference_kind) NOT IN ('LLM', 'EMBEDDING')
    THEN 'It is a span of an agent, a tool or a chain; the calls in it are spans of their own.'
    WHEN coalesce(response_model, request_model, operation, inference_kind, input_tokens, output_tokens)
        IS NULL
    THEN 'It is a span of something else than a call to a model.' END
"""

FORMAT = Format(
    name="otlp",
    label="OpenTelemetry spans (OTLP JSON or protobuf)",
    columns={
        "started": ("span.start",),
        "ended": ("span.end",),
        "trace": ("span.trace",),
        "span": ("span.id",),
        "state": ("span.status",),
        "service": ("span.service",),
        "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"),
        "operation": ("gen_ai.operation.name", "llm.request.type"),
        "inference_kind": ("openinference.span.kind",),
        "framework_kind": ("traceloop.span.kind",),
        "response_model": ("gen_ai.response.model", "llm.response.model"),
        "request_model": (
            "gen_ai.request.model",
            "llm.model_name",
            "embedding.model_name",
            "llm.request.model",
        ),
        "parameters": ("llm.invocation_parameters", "embedding.invocation_parameters"),
        "response_id": ("gen_ai.response.id",),
        "input_tokens": (
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.prompt_tokens",
            "llm.token_count.prompt",
            "llm.usage.prompt_tokens",
        ),
        "output_tokens": (
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.token_count.completion",
            "llm.usage.completion_tokens",
        ),
        "cache_read": (
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "llm.token_count.prompt_details.cache_read",
        ),
        "cache_write": (
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "llm.token_count.prompt_details.cache_write",
        ),
        "cache_write_1h": (
            "gen_ai.usage.cache_creation.ephemeral_1h_input_tokens",
            "gen_ai.usage.cache_creation_1h.input_tokens",
            "gen_ai.usage.cache_creation_1h_input_tokens",
            "gen_ai.usage.cache_creation_1h_tokens",
            "llm.token_count.prompt_details.cache_write_1h",
        ),
        "reasoning": (
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "llm.token_count.completion_details.reasoning",
        ),
        "first_chunk": ("gen_ai.response.time_to_first_chunk",),
        "cost": ("gen_ai.usage.cost", "llm.cost.total"),
        "served": (
            "openai.response.service_tier",
            "gen_ai.openai.response.service_tier",
            "openai.request.service_tier",
            "gen_ai.openai.request.service_tier",
        ),
        "error": ("error.type",),
    },
    fingerprint=frozenset({"started", "ended", "trace", "span"}),
    steps=({"written": _WRITTEN},),
    fields={
        "called_at": instant("started"),
        "api_key_id": f"coalesce({filled('service')}, {NO_KEY})",
        "api_key_name": filled("service"),
        "provider": filled("provider"),
        # OpenInference names the model of a call that failed in its parameters alone.
        "model": filled("response_model", "request_model", inside("parameters", "$.model")),
        "input_tokens": _INPUT,
        "output_tokens": "output_tokens",
        "completion_time_ms": between("started", "ended"),
        "input_price": "NULL",
        "output_price": "NULL",
        "kind": "CASE WHEN lower(operation) LIKE 'embed%' OR upper(inference_kind) = 'EMBEDDING' "
        "THEN 'embedding' ELSE 'completion' END",
        "cost_pico": filled("cost"),
        "cache_read_tokens": "cache_read",
        "cache_write_tokens": "written",
        "cache_write_1h_tokens": "cache_write_1h",
        "reasoning_tokens": "reasoning",
        "time_to_first_token_ms": millis("first_chunk"),
        "service_tier": tier("served"),
        "status": f"CASE WHEN state IN ('2', 'STATUS_CODE_ERROR') OR {filled('error')} IS NOT NULL "
        "THEN 'error' ELSE 'ok' END",
        "source_call_id": f"coalesce({filled('response_id')}, lower(trace) || '-' || lower(span))",
    },
    skip=_SKIP,
    private=frozenset({"parameters"}),
    layouts=frozenset({Layout.JSON}),
    items=_ITEMS,
    input_count=InputCount.BY_ROW,
)
