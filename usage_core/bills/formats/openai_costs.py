"""OpenAI's costs as its API gives them: `GET /v1/organization/costs`, in dollars."""

from typing import Any

from usage_core.bills.fields import DAY, TOKEN_UNITS, Fields, check_whole, item_of, pages_of, printed_decimals
from usage_core.bills.format import Document, Line, Reading


class OpenAICosts:
    """A page of daily buckets, or a list of pages."""

    name = "openai_costs"
    label = "OpenAI costs (API JSON)"
    known_by = "an object “page” of “bucket”s with “organization.costs.result”s"

    def recognises(self, document: Document) -> bool:
        """Whether there are pages of buckets that hold costs or nothing."""
        results = [one for bucket in _buckets(document) for one in bucket.get("results") or []]
        return bool(_buckets(document)) and all(
            isinstance(one, dict) and one.get("object") == "organization.costs.result" for one in results
        )

    def read(self, document: Document) -> Reading:
        """One line per result; a bucket without results is a day on which nothing was charged."""
        found = Reading()
        check_whole(document)
        for bucket in _buckets(document):
            day = Fields(document.name, 0, bucket)
            first = day.needed(day.epoch_day("start_time"), "start_time", "the beginning of a day")
            found.days.append((first, first + DAY))
            for result in bucket.get("results") or []:
                found.rows += 1
                number = found.rows
                amount = Fields(document.name, number, result.get("amount") or {})
                found.lines.append(_line(Fields(document.name, number, result), amount, first))
                found.decimals = max(found.decimals, printed_decimals(amount.values.get("value")))
        return found


def _line(row: Fields, amount: Fields, first: Any) -> Line:
    value = amount.needed(amount.amount("value"), "amount.value", "an amount in dollars")
    item, unit = row.text("line_item"), row.text("quantity_unit")
    charge, model, klass = item_of(item, value)
    return Line(
        number=row.number,
        first=first,
        until=first + DAY,
        amount=value,
        provider="OpenAI",
        currency=amount.currency("currency"),
        charge=charge,
        model=model,
        key=row.text("api_key_id"),
        project=row.text("project_id"),
        token_class=klass,
        quantity=row.times("quantity", TOKEN_UNITS[unit]) if unit in TOKEN_UNITS else None,
        description=item,
        account=row.text("organization_id"),
    )


def _buckets(document: Document) -> list[dict[str, Any]]:
    found = [each for page in pages_of(document) for each in page["data"]]
    is_page = all(page.get("object") == "page" for page in pages_of(document))
    good = all(isinstance(each, dict) and each.get("object") == "bucket" for each in found)
    return found if is_page and good else []


FORMAT = OpenAICosts()
