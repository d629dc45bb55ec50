"""OpenRouter's activity by day and model, as its page or its API gives it.

`usage` is what OpenRouter charges; what a key of one's own costs elsewhere is not in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from usage_core.bills.days import DAY
from usage_core.bills.fields import Fields
from usage_core.bills.format import Document, Line, Record
from usage_core.bills.tables import TableFormat

ROW = {"date", "model", "usage", "requests"}

HEADINGS = {
    "slug": "model",
    "prompt tokens": "prompt_tokens",
    "completion tokens": "completion_tokens",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRouter(TableFormat):
    """The table, or the API's answer, whose objects are its rows; tokens are of all classes together."""

    @property
    def known_by(self) -> str:
        """The headings, or the fields."""
        return f"{', '.join(self.headings)}; or data with date, model, usage, requests"

    def recognises(self, document: Document) -> bool:
        """Whether it is the table, or the API's answer."""
        rows = _rows_of(document.json)
        is_answer = bool(rows) and all(isinstance(row, dict) and row.keys() >= ROW for row in rows)
        return is_answer or TableFormat.recognises(self, document)

    def records(self, document: Document) -> Sequence[Record]:
        """The rows of either, under the API's names."""
        if document.json is not None:
            return [Record(number, row) for number, row in enumerate(_rows_of(document.json), 1)]
        return [
            replace(record, fields={HEADINGS.get(name, name): value for name, value in record.fields.items()})
            for record in document.records
        ]


def _lines(row: Fields) -> Iterator[Line]:
    first = row.needed(row.day("date"), "date", "a day such as 2026-05-12")
    sent, received = row.whole("prompt_tokens"), row.whole("completion_tokens")
    yield Line(
        number=row.number,
        first=first,
        until=first + DAY,
        amount=row.needed(row.amount("usage"), "usage", "an amount such as 0.05"),
        provider="OpenRouter",
        currency="USD",
        model=row.needed(row.text("model"), "model", "a model's name"),
        quantity=None if sent is None or received is None else sent + received,
        requests=row.whole("requests"),
        project=row.text("workspace_id"),
        description=row.text("provider_name"),
    )


def _rows_of(json: Any) -> list[Any]:
    rows = json.get("data") if isinstance(json, dict) else json
    return rows if isinstance(rows, list) else []


FORMAT = OpenRouter(
    name="openrouter",
    label="OpenRouter activity (CSV or API JSON)",
    headings=("Date", "Slug", "Usage", "Requests"),
    amount="usage",
    lines=_lines,
)
