"""Anthropic: usage by period, as the API's usage report has it (`/v1/organizations/usage_report/messages`).

It does not say how many calls there were.
"""

from usage_core.importers.format import Format, InputCount, Layout
from usage_core.importers.sql import filled, results, total

_PERIOD = ("starting_at", "ending_at")
_RESULT = {
    "api_key_id": "$.api_key_id",
    "workspace_id": "$.workspace_id",
    "model": "$.model",
    "service_tier": "$.service_tier",
    "uncached_input_tokens": "$.uncached_input_tokens",
    "cache_read_input_tokens": "$.cache_read_input_tokens",
    "ephemeral_5m_input_tokens": "$.cache_creation.ephemeral_5m_input_tokens",
    "ephemeral_1h_input_tokens": "$.cache_creation.ephemeral_1h_input_tokens",
    "output_tokens": "$.output_tokens",
}
_IS_USAGE = (
    "len(json_extract(doc, '$.data[*].starting_at')) > 0 AND len(json_extract(doc, '$.data[*].results[*]')) "
    "= len(json_extract(doc, '$.data[*].results[*].uncached_input_tokens'))"
)

_WRITTEN = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
_SENT = ("uncached_input_tokens", "cache_read_input_tokens", *_WRITTEN)

FORMAT = Format(
    name="anthropic_usage",
    label="Anthropic usage report (API JSON)",
    columns={name: (name,) for name in (*_PERIOD, *_RESULT)},
    fingerprint=frozenset({*_PERIOD, "uncached_input_tokens"}),
    fields={
        "period_start": "starting_at",
        "period_end": "ending_at",
        "meter": "'Anthropic messages'",
        "api_key_id": filled("api_key_id"),
        "project": filled("workspace_id"),
        "provider": "'Anthropic'",
        "model": filled("model"),
        "kind": "'completion'",
        "service_tier": filled("service_tier"),
        "input_tokens": "uncached_input_tokens",
        "cache_read_tokens": "cache_read_input_tokens",
        "cache_write_tokens": total(*_WRITTEN),
        "cache_write_1h_tokens": "ephemeral_1h_input_tokens",
        "output_tokens": "output_tokens",
    },
    skip=f"CASE WHEN {filled(*_SENT, 'output_tokens')} IS NULL AND {filled(*_PERIOD)} IS NOT NULL "
    "THEN 'There was no use in this period.' END",
    layouts=frozenset({Layout.JSON}),
    items=results(_IS_USAGE, _PERIOD, _RESULT),
    sums=True,
    input_count=InputCount.WITHOUT_CACHED,
)
