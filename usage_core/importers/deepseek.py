"""DeepSeek: the ZIP of its usage page, of which the amounts (`amount-*.csv`) are read.

Every row counts one thing of a key, model and period: tokens of a class, or calls. Keys are told by their
names: the column that shows a part of the key itself is not read. Costs (`cost-*.csv`) are in the wallet's
currency, and of no key; so amounts are priced as calls are.
"""

from usage_core.importers.format import Format, InputCount
from usage_core.importers.sql import filled

_KNOWN = ("input_cache_hit_tokens", "input_cache_miss_tokens", "output_tokens", "request_count")
_HIT, _MISS, _OUTPUT, _CALLS = _KNOWN


def _of(counted: str) -> str:
    return f"CASE WHEN lower(trim(type)) = '{counted}' THEN amount END"


FORMAT = Format(
    name="deepseek",
    label="DeepSeek usage (CSV, or its ZIP)",
    columns={
        "begins": ("start_time_iso",),
        "ends": ("end_time_iso",),
        "model": ("model",),
        "key": ("api_key_name",),
        "type": ("type",),
        "amount": ("amount",),
        "wallet": ("wallet_type",),
    },
    fingerprint=frozenset({"begins", "ends", "model"}),
    without=frozenset({"num_model_requests", "amount_value"}),
    fields={
        "period_start": "begins",
        "period_end": "ends",
        "meter": "'DeepSeek'",
        "api_key_name": filled("key"),
        "provider": "'DeepSeek'",
        "model": filled("model"),
        "kind": "'completion'",
        "calls": _of(_CALLS),
        "input_tokens": _of(_MISS),
        "cache_read_tokens": _of(_HIT),
        "output_tokens": _of(_OUTPUT),
    },
    skip=f"CASE WHEN {filled('wallet')} IS NOT NULL THEN 'It says what was charged, not what was used.' "
    f"WHEN lower(trim(type)) NOT IN {_KNOWN} THEN 'It counts neither tokens nor calls.' END",
    sums=True,
    input_count=InputCount.WITHOUT_CACHED,
)
