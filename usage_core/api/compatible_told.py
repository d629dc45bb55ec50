"""What the routes of the Langdock usage export take and answer: schemas and examples."""

from typing import Any

from usage_core.api.usage_by_key import NAMES, ORGANISATION, Asked, asked
from usage_core.schema import Form

BODY = {
    "from": {"date": "2026-11-01T00:00:00.000", "timezone": "Europe/Berlin"},
    "to": {"date": "2026-11-30T23:59:59.999", "timezone": "Europe/Berlin"},
    "group_by": "model",
}
WHOLE: Asked = asked(BODY)

_MOMENT = {
    "type": "object",
    "required": ["date", "timezone"],
    "properties": {"date": {"type": "string"}, "timezone": {"type": "string"}},
}
BODY_SCHEMA = {
    "type": "object",
    "required": ["from", "to"],
    "additionalProperties": False,
    "properties": {
        "from": _MOMENT,
        "to": _MOMENT,
        "group_by": {"type": ["string", "null"], "enum": ["model", None]},
    },
}

_RANGE = {"type": "object", "properties": {name: {"type": "string"} for name in ("from", "to")}}
_COUNT = {"type": "integer", "minimum": 1}


def _answered(data: dict[str, Any], **further: Any) -> dict[str, Any]:
    parts = {"success": {"type": "boolean"}, "data": data, **further}
    return {"type": "object", "required": list(parts), "properties": parts}


FILE_SCHEMA = _answered(
    {
        "type": "object",
        "required": ["filePath", "downloadUrl", "dataType", "recordCount", "dateRange"],
        "properties": {
            **{name: {"type": "string"} for name in ("filePath", "downloadUrl", "dataType")},
            "recordCount": _COUNT,
            "dateRange": _RANGE,
        },
    }
)
FILE_EXAMPLE = {
    "success": True,
    "data": {
        "filePath": f"api-keys-usage/{WHOLE.file_name}",
        "downloadUrl": "https://console.example.com/api/v1/files/8Jd0…",
        "dataType": "api-keys",
        "recordCount": 12,
        "dateRange": WHOLE.edges,
    },
}

_FORMS = {Form.TEXT: ["string", "null"], Form.WHOLE: ["integer", "null"], Form.PRICE: ["number", "null"]}
_ROW = {
    "type": "object",
    "properties": {each.name: {"type": _FORMS[each.form]} for each in WHOLE.columns},
}
ROWS_SCHEMA = _answered(
    {"type": "array", "items": _ROW},
    metadata={"type": "object", "properties": {"recordCount": _COUNT, "dateRange": _RANGE}},
)
_SUMS = (1200, 15.9, 600000, 1440000, None, None, None)
ROWS_EXAMPLE = {
    "success": True,
    "data": [
        {
            "period_start": WHOLE.edges["from"],
            "period_end": WHOLE.edges["to"],
            "org_id": ORGANISATION,
            "api_key_id": "7d0f3c1e",
            "api_key_name": "checkout",
            "provider": "openai",
            "model": "gpt-4o",
            **dict(zip(NAMES.values(), _SUMS, strict=True)),
        }
    ],
    "metadata": {"dataType": "api-keys", "recordCount": 1, "dateRange": WHOLE.edges},
}
