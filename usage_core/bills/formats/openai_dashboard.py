"""The cost file of OpenAI's dashboard: a row per day and line item, and one for each empty day."""

from usage_core.bills.fields import DAY, TOKEN_UNITS, Fields, item_of, printed_decimals
from usage_core.bills.format import Document, Line, Reading

NEEDED = frozenset({"start_time", "end_time", "amount_value", "amount_currency", "line_item"})


class OpenAIDashboard:
    """Days are in the columns of seconds: the written times have a zone only on empty days."""

    name = "openai_dashboard"
    label = "OpenAI costs (dashboard CSV)"
    known_by = "start_time, end_time, amount_value, amount_currency, line_item"

    def recognises(self, document: Document) -> bool:
        """Whether the headings are there."""
        return set(document.header) >= NEEDED

    def read(self, document: Document) -> Reading:
        """One line per row with an amount."""
        found = Reading(rows=len(document.records))
        for record in document.records:
            row = Fields(document.name, record.number, record.fields)
            first = row.needed(row.epoch_day("start_time"), "start_time", "the beginning of a day")
            until = row.needed(row.epoch_day("end_time"), "end_time", "the end of a day")
            if until != first + DAY:
                raise row.refuse("end_time", f"the end of the day that begins at {first}")
            found.days.append((first, until))
            amount = row.amount("amount_value")
            if amount is None:
                found.skipped += 1
                continue
            found.decimals = max(found.decimals, printed_decimals(row.text("amount_value")))
            item, unit = row.text("line_item"), row.text("quantity_unit")
            charge, model, klass = item_of(item, amount)
            found.lines.append(
                Line(
                    number=row.number,
                    first=first,
                    until=until,
                    amount=amount,
                    provider="OpenAI",
                    currency=row.currency("amount_currency"),
                    charge=charge,
                    model=model,
                    key=row.text("api_key_id"),
                    project=row.text("project_id"),
                    token_class=klass,
                    quantity=row.times("quantity", TOKEN_UNITS[unit]) if unit in TOKEN_UNITS else None,
                    description=item,
                    account=row.text("organization_id"),
                )
            )
        return found


FORMAT = OpenAIDashboard()
