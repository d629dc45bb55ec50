"""OpenAI's costs as its API gives them: `GET /v1/organization/costs`, in dollars."""

from datetime import date

from usage_core.bills.fields import Fields, printed_decimals
from usage_core.bills.format import Line
from usage_core.bills.openai_items import item_line
from usage_core.bills.reports import ReportFormat


def _line(row: Fields, first: date) -> tuple[Line, int]:
    given = row.values.get("amount")
    amount = Fields(row.file, row.number, given if isinstance(given, dict) else {})
    value = amount.needed(amount.amount("value"), "amount.value", "an amount in dollars")
    line = item_line(row, first, value, amount.currency("currency"))
    return line, printed_decimals(amount.values.get("value"))


FORMAT = ReportFormat(
    name="openai_costs",
    label="OpenAI costs (API JSON)",
    known_by="an object “page” of “bucket”s with “organization.costs.result”s",
    is_page=lambda page: page.get("object") == "page",
    is_day=lambda day: day.get("object") == "bucket",
    is_result=lambda result: result.get("object") == "organization.costs.result",
    bounds=("start_time", "end_time"),
    day=Fields.epoch_day,
    line=_line,
)
