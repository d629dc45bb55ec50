"""Langfuse: exported observations, of which generations and embeddings are calls.

Times without a zone are UTC; how long a call took is told by its start and end, since `latency` is in
seconds in one export and in milliseconds in another. Tokens are by class, and `input` is what is left
beside the cached ones; where it adds up to `total` with `output` alone, it already holds them. There is no
key: the project stands for it. Inputs, outputs, users and metadata are not kept.
"""

from usage_core.importers.format import Format, InputCount, Layout
from usage_core.importers.sql import NO_KEY, between, filled, inside, instant, millis, one_of, total, whole

_CALLS = "'GENERATION', 'EMBEDDING'"
_INPUT, _OUTPUT = "^(input|prompt|cache)", "^(output|completion|reasoning)"
_WRITE, _READ = "cache.*(creation|write)|write.*cache|ephemeral", "cache"
_HOUR = "(cache|ephemeral).*_1h"


_AMOUNT = whole("json_extract_string(usage_details, '$.' || k)")


def _sum(pattern: str, without: str = "^$") -> str:
    """The sum of the classes of tokens whose names match, NULL where there is none."""
    return (
        "list_sum(list_transform(list_filter(TRY(json_keys(usage_details)), "
        f"lambda k: regexp_full_match(k, '[A-Za-z0-9_]+') AND regexp_matches(k, '{pattern}') "
        f"AND NOT regexp_matches(k, '{without}')), "
        f"lambda k: {_AMOUNT}))"
    )


_PLAIN = {side: inside("usage_details", f"$.{side}") for side in ("input", "output", "total")}
_NUMBERS = {side: f"try_cast({text} AS DOUBLE)" for side, text in _PLAIN.items()}
_HOLDS_ALL = f"{_NUMBERS['input']} + {_NUMBERS['output']} = {_NUMBERS['total']}"


def _tokens(side: str, classes: str, older: str) -> str:
    plain = f"coalesce({_PLAIN[side]}, {inside('usage', f'$.{side}')}, {older})"
    apart = f"({_sum(classes, f'^{side}$')})::VARCHAR"
    return (
        f"CASE WHEN {_sum(classes)} IS NULL OR {_HOLDS_ALL} THEN {plain} "
        f"ELSE {total(_PLAIN[side], apart)} END"
    )


FORMAT = Format(
    name="langfuse",
    label="Langfuse observations",
    columns={
        "id": ("id",),
        "type": ("type",),
        "start_time": ("start_time", "startTime"),
        "end_time": ("end_time", "endTime"),
        "first_at": ("completion_start_time", "completionStartTime"),
        "model": ("provided_model_name", "providedModelName", "model"),
        "usage_details": ("usage_details", "usageDetails"),
        "usage": ("usage",),
        "prompt_tokens": ("prompt_tokens", "promptTokens"),
        "completion_tokens": ("completion_tokens", "completionTokens"),
        "cost_details": ("cost_details", "costDetails"),
        "total_cost": ("total_cost", "totalCost", "calculatedTotalCost"),
        "latency": ("latency",),
        "time_to_first_token": ("time_to_first_token", "timeToFirstToken"),
        "project_id": ("project_id", "projectId"),
        "level": ("level",),
    },
    fingerprint=frozenset({"id", "type", "start_time", "model", "usage_details"}),
    fields={
        "called_at": instant("start_time"),
        "api_key_id": f"coalesce({filled('project_id')}, {NO_KEY})",
        "api_key_name": "NULL",
        "provider": "NULL",
        "model": filled("model"),
        "input_tokens": _tokens("input", _INPUT, "prompt_tokens"),
        "output_tokens": _tokens("output", _OUTPUT, "completion_tokens"),
        "completion_time_ms": f"CASE WHEN {filled('end_time')} IS NOT NULL "
        f"THEN {between('start_time', 'end_time')} ELSE {millis('latency')} END",
        "input_price": "NULL",
        "output_price": "NULL",
        "kind": one_of("type", embedding=("embedding",), completion=("generation",)),
        "cost_pico": f"coalesce({filled('total_cost')}, {inside('cost_details', '$.total')})",
        "cache_read_tokens": f"({_sum(_READ, _WRITE)})::VARCHAR",
        "cache_write_tokens": f"({_sum(_WRITE)})::VARCHAR",
        "cache_write_1h_tokens": f"({_sum(_HOUR)})::VARCHAR",
        "reasoning_tokens": f"({_sum('reasoning')})::VARCHAR",
        "time_to_first_token_ms": f"CASE WHEN {filled('first_at')} IS NOT NULL "
        f"THEN {between('start_time', 'first_at')} ELSE {millis('time_to_first_token')} END",
        "status": f"CASE WHEN upper(trim(level)) = 'ERROR' THEN 'error' "
        f"WHEN {filled('level')} IS NOT NULL THEN 'ok' END",
        "source_call_id": filled("id"),
    },
    skip=f"CASE WHEN upper(trim(type)) IN ({_CALLS}) THEN NULL "
    "WHEN trim(type) <> '' THEN 'It is a span, an event or the like, not a call to a model.' END",
    layouts=frozenset(Layout),
    input_count=InputCount.BY_ROW,
)
