"""OpenRouter's activity by day and model, as its page or its API gives it."""

from collections.abc import Iterator
from typing import Any

from usage_core.bills.fields import DAY, Fields, printed_decimals
from usage_core.bills.format import Document, Line, Reading

NEEDED = frozenset({"date", "slug", "usage", "requests"})
ROW = {"date", "model", "usage", "requests"}

HEADINGS = {
    "slug": "model",
    "prompt tokens": "prompt_tokens",
    "completion tokens": "completion_tokens",
}


class OpenRouter:
    """`usage` is what OpenRouter charges; what a key of one's own costs elsewhere is not in it."""

    name = "openrouter"
    label = "OpenRouter activity (CSV or API JSON)"
    known_by = "Date, Slug, Usage, Requests; or data with date, model, usage, requests"

    def recognises(self, document: Document) -> bool:
        """Whether it is the table, or the API's answer."""
        rows = _rows_of(document.json)
        return set(document.header) >= NEEDED or (
            bool(rows) and all(isinstance(row, dict) and row.keys() >= ROW for row in rows)
        )

    def read(self, document: Document) -> Reading:
        """One line per row; its tokens are of all classes together."""
        found = Reading()
        for row in _fields(document):
            found.rows += 1
            first = row.needed(row.day("date"), "date", "a day such as 2026-05-12")
            amount = row.needed(row.amount("usage"), "usage", "an amount such as 0.05")
            found.decimals = max(found.decimals, printed_decimals(row.values["usage"]))
            sent, received = row.whole("prompt_tokens"), row.whole("completion_tokens")
            found.lines.append(
                Line(
                    number=row.number,
                    first=first,
                    until=first + DAY,
                    amount=amount,
                    provider="OpenRouter",
                    currency="USD",
                    model=row.needed(row.text("model"), "model", "a model's name"),
                    quantity=None if sent is None or received is None else sent + received,
                    requests=row.whole("requests"),
                    project=row.text("workspace_id"),
                    description=row.text("provider_name"),
                )
            )
        return found


def _fields(document: Document) -> Iterator[Fields]:
    if document.json is not None:
        for number, values in enumerate(_rows_of(document.json), 1):
            yield Fields(document.name, number, values)
    for record in document.records:
        values = {HEADINGS.get(name, name): value for name, value in record.fields.items()}
        yield Fields(document.name, record.number, values)


def _rows_of(json: Any) -> list[Any]:
    rows = json.get("data") if isinstance(json, dict) else json
    return rows if isinstance(rows, list) else []


FORMAT = OpenRouter()
