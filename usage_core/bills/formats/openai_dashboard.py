"""The cost file of OpenAI's dashboard: a row per day and line item, and one for each empty day.

Days are in the columns of seconds: the written times have a zone only on empty days.
"""

from collections.abc import Iterator
from datetime import date

from usage_core.bills.days import DAY
from usage_core.bills.fields import Fields
from usage_core.bills.format import Line
from usage_core.bills.openai_items import item_line
from usage_core.bills.tables import TableFormat


def _lines(row: Fields) -> Iterator[Line]:
    amount = row.amount("amount_value")
    if amount is not None:
        yield item_line(row, _days(row)[0], amount, row.currency("amount_currency"))


def _days(row: Fields) -> tuple[date, date]:
    first = row.needed(row.epoch_day("start_time"), "start_time", "the beginning of a day")
    until = row.needed(row.epoch_day("end_time"), "end_time", "the end of a day")
    if until != first + DAY:
        raise row.refuse("end_time", f"the end of the day that begins at {first}")
    return first, until


FORMAT = TableFormat(
    name="openai_dashboard",
    label="OpenAI costs (dashboard CSV)",
    headings=("start_time", "end_time", "amount_value", "amount_currency", "line_item"),
    amount="amount_value",
    lines=_lines,
    days=_days,
)
