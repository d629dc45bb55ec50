"""OpenRouter: activity by day and model, as its page's CSV or as `/api/v1/activity` answers it.

With a key of one's own at the provider, `usage` is only OpenRouter's fee; what the provider takes is added.
"""

from usage_core.importers.format import Format, Layout
from usage_core.importers.sql import amount, count, day, day_after, decimal, filled

_FEE, _OWN = (decimal(amount(text), 15) for text in ("usage", "byok"))

FORMAT = Format(
    name="openrouter_daily",
    label="OpenRouter activity by day (CSV or API JSON)",
    columns={
        "date": ("Date",),
        "model": ("Slug", "model", "model_permaslug"),
        "usage": ("Usage",),
        "byok": ("BYOK Usage", "byok_usage_inference"),
        "requests": ("Requests",),
        "sent": ("Prompt Tokens", "prompt_tokens"),
        "received": ("Completion Tokens", "completion_tokens"),
        "workspace": ("workspace_id",),
    },
    fingerprint=frozenset({"date", "model", "usage", "requests"}),
    fields={
        "period_start": day("date"),
        "period_end": day_after("date"),
        "meter": "'OpenRouter'",
        "project": filled("workspace"),
        "model": filled("model"),
        "kind": "'completion'",
        "calls": count("requests"),
        "input_tokens": count("sent"),
        "output_tokens": count("received"),
        "cost_pico": f"CASE WHEN {_OWN} > 0 AND {_FEE} >= 0 THEN ({_FEE} + {_OWN})::VARCHAR "
        f"ELSE {amount('usage')} END",
    },
    layouts=frozenset({Layout.CSV, Layout.JSON}),
    sums=True,
)
