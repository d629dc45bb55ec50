"""Anthropic: the console's usage CSV, a row for each day, model, key and more; keys by their names.

Older files have one column of tokens written to the cache. It does not say how many calls there were.
"""

from usage_core.importers.format import Format, InputCount
from usage_core.importers.sql import count, day, day_after, filled, total

_WRITTEN = tuple(count(name) for name in ("written", "written_5m", "written_1h"))

FORMAT = Format(
    name="anthropic_console",
    label="Anthropic usage (console CSV)",
    columns={
        "day": ("usage_date_utc",),
        "model": ("model_version",),
        "key": ("api_key",),
        "workspace": ("workspace",),
        "usage_type": ("usage_type",),
        "uncached": ("usage_input_tokens_no_cache",),
        "written": ("usage_input_tokens_cache_write",),
        "written_5m": ("usage_input_tokens_cache_write_5m",),
        "written_1h": ("usage_input_tokens_cache_write_1h",),
        "read": ("usage_input_tokens_cache_read",),
        "output": ("usage_output_tokens",),
    },
    fingerprint=frozenset({"day", "model", "uncached", "output"}),
    fields={
        "period_start": day("day"),
        "period_end": day_after("day"),
        "meter": "'Anthropic messages'",
        "api_key_name": filled("key"),
        "project": filled("workspace"),
        "provider": "'Anthropic'",
        "model": filled("model"),
        "kind": "'completion'",
        "service_tier": filled("usage_type"),
        "input_tokens": count("uncached"),
        "cache_read_tokens": count("read"),
        "cache_write_tokens": total(*_WRITTEN),
        "cache_write_1h_tokens": count("written_1h"),
        "output_tokens": count("output"),
    },
    sums=True,
    input_count=InputCount.WITHOUT_CACHED,
)
