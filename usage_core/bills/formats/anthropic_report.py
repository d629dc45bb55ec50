"""Anthropic's cost report as its API gives it: `GET /v1/organizations/cost_report`, in cents."""

from datetime import date

from usage_core.bills.days import DAY
from usage_core.bills.fields import Fields, printed_decimals, token_class
from usage_core.bills.format import Charge, Line
from usage_core.bills.reports import ReportFormat

CENTS = 2
"""Amounts are shifted by so many places: "123.45" is 1.2345 dollars."""

_SAID = ("service_tier", "context_window", "inference_geo")
"""What tells lines of the same day, model and class apart."""


def _line(row: Fields, first: date) -> tuple[Line, int]:
    cents = row.needed(row.amount("amount"), "amount", "an amount in cents")
    kind, named = row.text("cost_type") or "tokens", row.text("token_type")
    klass = token_class(named)
    if kind == "tokens" and named and klass is None:
        raise row.refuse("token_type", "a class of tokens the console knows")
    line = Line(
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
        description=", ".join(filter(None, (row.text("description") or kind, *map(row.text, _SAID)))),
    )
    return line, printed_decimals(row.text("amount")) + CENTS


def _day(row: Fields, name: str) -> date:
    found: date = row.needed(row.day(name), name, "the beginning of a day")
    return found


FORMAT = ReportFormat(
    name="anthropic_report",
    label="Anthropic cost report (API JSON)",
    known_by="data with starting_at, ending_at and results with amount (in cents) and cost_type",
    is_page=lambda _page: True,
    is_day=lambda day: "starting_at" in day,
    is_result=lambda result: "amount" in result,
    bounds=("starting_at", "ending_at"),
    day=_day,
    line=_line,
)
