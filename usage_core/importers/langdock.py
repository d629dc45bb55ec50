"""The API usage CSV of Langdock, in both generations of its header; our own export is one too."""

from usage_core.importers.format import Format
from usage_core.schema import EXPORT_COLUMNS

_OLDER_HEADINGS = {
    "called_at": "date",
    "input_price": "input_token_price_per_1m",
    "output_price": "output_token_price_per_1m",
}

FORMAT = Format(
    name="langdock",
    label="Langdock API usage CSV",
    columns={
        column.name: (column.label, _OLDER_HEADINGS.get(column.name, column.name))
        for column in EXPORT_COLUMNS
    },
    fingerprint=frozenset(
        {"called_at", "api_key_id", "model", "input_tokens", "completion_time_ms", "input_price"}
    ),
    guarded=True,
    without=frozenset({"call kind", "kind"}),
)
