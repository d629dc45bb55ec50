"""OpenAI: usage by period, as the API answers it (`/v1/organization/usage/...`), or as the dashboard's CSV.

What was not asked to be told apart (`group_by`) is
null. Of the dashboard the times in seconds are read, since the written ones have a zone only on empty days;
users are not read.
"""

from usage_core.importers.format import Format, InputCount, Layout
from usage_core.importers.sql import filled, instant, results

_PERIOD = ("start_time", "end_time")
_RESULT = (
    "object",
    "project_id",
    "api_key_id",
    "model",
    "batch",
    "service_tier",
    "num_model_requests",
    "input_tokens",
    "input_cached_tokens",
    "input_cache_write_tokens",
    "output_tokens",
)

_IS_USAGE = (
    "len(json_extract(doc, '$.data[*].start_time')) > 0 "
    "AND len(list_filter(json_extract_string(doc, '$.data[*].results[*].object'), "
    "lambda o: o NOT LIKE 'organization.usage.%')) = 0"
)

_NO_MODEL = ("file_searches", "vector_stores", "code_interpreter_sessions", "web_searches")

_OF = """
    CASE WHEN object IS NOT NULL THEN split_part(object, '.', 3)
    WHEN lower(model) LIKE '%moderation%' THEN 'moderations'
    WHEN coalesce(output_tokens, input_cached_tokens) IS NOT NULL THEN 'completions'
    WHEN input_tokens IS NOT NULL THEN 'embeddings' ELSE 'others' END
"""
"""What is counted; the dashboard does not say, but leaves out the columns that do not apply."""

FORMAT = Format(
    name="openai_usage",
    label="OpenAI usage (API JSON or dashboard CSV)",
    columns={name: (name,) for name in (*_PERIOD, *_RESULT)},
    fingerprint=frozenset({*_PERIOD, "num_model_requests"}),
    without=frozenset({"amount_value"}),
    steps=({"counted": _OF},),
    fields={
        "period_start": instant("start_time"),
        "period_end": instant("end_time"),
        "meter": "'OpenAI ' || counted",
        "api_key_id": filled("api_key_id"),
        "project": filled("project_id"),
        "provider": "'OpenAI'",
        "model": filled("model"),
        "kind": "CASE counted WHEN 'completions' THEN 'completion' WHEN 'embeddings' THEN 'embedding' "
        "ELSE 'other' END",
        "service_tier": f"CASE WHEN lower(batch) = 'true' THEN 'batch' WHEN {filled('batch')} IS NULL "
        f"THEN {filled('service_tier')} ELSE coalesce({filled('service_tier')}, 'default') END",
        "calls": "num_model_requests",
        "input_tokens": "input_tokens",
        "cache_read_tokens": "input_cached_tokens",
        "cache_write_tokens": "input_cache_write_tokens",
        "output_tokens": "output_tokens",
    },
    skip=f"CASE WHEN {filled('object', 'num_model_requests', 'input_tokens', 'output_tokens')} IS NULL "
    f"AND {filled(*_PERIOD)} IS NOT NULL THEN 'There was no use in this period.' "
    f"WHEN counted IN {_NO_MODEL} THEN 'It counts searches, sessions or storage, not calls of a model.' END",
    layouts=frozenset({Layout.CSV, Layout.JSON}),
    items=results(_IS_USAGE, _PERIOD, {name: f"$.{name}" for name in _RESULT}),
    sums=True,
    input_count=InputCount.WITH_CACHED,
)
