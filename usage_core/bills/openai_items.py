"""What OpenAI's costs call an item, in the file of its dashboard and in the answers of its API."""

from datetime import date
from decimal import Decimal

from usage_core.bills.days import DAY
from usage_core.bills.fields import TOKEN_UNITS, Fields, model_and_class
from usage_core.bills.format import Charge, Line, TokenClass


def item_line(row: Fields, first: date, amount: Decimal, currency: str) -> Line:
    """What one row or result charges on a day."""
    item, unit = row.text("line_item"), row.text("quantity_unit")
    charge, model, klass = _item_of(item, amount)
    return Line(
        number=row.number,
        first=first,
        until=first + DAY,
        amount=amount,
        provider="OpenAI",
        currency=currency,
        charge=charge,
        model=model,
        key=row.text("api_key_id"),
        project=row.text("project_id"),
        token_class=klass,
        quantity=row.times("quantity", TOKEN_UNITS[unit]) if unit in TOKEN_UNITS else None,
        description=item,
        account=row.text("organization_id"),
    )


def _item_of(text: str | None, amount: Decimal) -> tuple[Charge, str | None, TokenClass | None]:
    """What an item such as "gpt-4o, input" charges for; one that names no model is something else."""
    model, klass = model_and_class(text)
    if model or not text:
        return Charge.USAGE, model, klass
    return (Charge.CREDIT if amount < 0 else Charge.SERVICE), None, None
