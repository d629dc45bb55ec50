"""Anthropic's cost report as its API gives it: `GET /v1/organizations/cost_report`, in cents."""

from typing import Any

from usage_core.bills.fields import DAY, Fields, check_whole, pages_of, printed_decimals, token_class
from usage_core.bills.format import Charge, Document, Line, Reading

CENTS = 2
"""Amounts are shifted by so many places: "123.45" is 1.2345 dollars."""


class AnthropicReport:
    """A page of days, or a list of pages."""

    name = "anthropic_report"
    label = "Anthropic cost report (API JSON)"
    known_by = "data with starting_at, ending_at and results with amount (in cents) and cost_type"

    def recognises(self, document: Document) -> bool:
        """Whether there are days whose results have an amount and a type of cost."""
        days = _days(document)
        results = [one for day in days for one in day.get("results") or []]
        return bool(days) and all(isinstance(one, dict) and "amount" in one for one in results)

    def read(self, document: Document) -> Reading:
        """One line per result."""
        found = Reading()
        check_whole(document)
        for each in _days(document):
            day = Fields(document.name, 0, each)
            first = day.needed(day.day("starting_at"), "starting_at", "the beginning of a day")
            until = day.needed(day.day("ending_at"), "ending_at", "the end of a day")
            if until != first + DAY:
                raise day.refuse("ending_at", f"the end of {first}: the report is by day")
            found.days.append((first, until))
            for result in each.get("results") or []:
                found.rows += 1
                found.lines.append(_line(Fields(document.name, found.rows, result), first))
                found.decimals = max(found.decimals, printed_decimals(str(result["amount"])) + CENTS)
        return found


def _line(row: Fields, first: Any) -> Line:
    cents = row.needed(row.amount("amount"), "amount", "an amount in cents")
    kind, named = row.text("cost_type") or "tokens", row.text("token_type")
    klass = token_class(named)
    if kind == "tokens" and named and klass is None:
        raise row.refuse("token_type", "a class of tokens the console knows")
    return Line(
        number=row.number,
        first=first,
        until=first + DAY,
        amount=cents.scaleb(-CENTS),
        provider="Anthropic",
        currency=row.currency("currency"),
        charge=Charge.USAGE if kind == "tokens" else Charge.SERVICE,
        model=row.text("model"),
        project=row.text("workspace_id"),
        token_class=klass,
        description=row.text("description") or kind,
    )


def _days(document: Document) -> list[dict[str, Any]]:
    found = [day for page in pages_of(document) for day in page["data"]]
    return found if all(isinstance(day, dict) and "starting_at" in day for day in found) else []


FORMAT = AnthropicReport()
