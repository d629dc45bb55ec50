"""The cost file of Anthropic's console, in each of its four generations: amounts rounded to cents.

A price on the list that is not what is charged is a discount, which is a line of its own.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from usage_core.bills.days import DAY
from usage_core.bills.fields import Fields, token_class
from usage_core.bills.format import Charge, Line
from usage_core.bills.tables import TableFormat

_SAID = ("usage_type", "context_window", "speed", "inference_geo")
"""What tells lines of the same day, model, key and class apart."""


def _lines(row: Fields) -> Iterator[Line]:
    cost = row.needed(row.amount("cost_usd"), "cost_usd", "an amount such as 0.05")
    listed = row.amount("list_price_usd")
    yield _line(row, cost if listed is None else listed)
    if listed is not None and listed != cost:
        yield _line(row, cost - listed, Charge.DISCOUNT)


def _line(row: Fields, amount: Decimal, charge: Charge | None = None) -> Line:
    first: Any = row.needed(row.day("usage_date_utc"), "usage_date_utc", "a day such as 2026-08-04")
    named, kind = row.text("token_type"), row.text("cost_type")
    klass = token_class(named)
    is_tokens = kind in (None, "token", "tokens")
    if is_tokens and named and klass is None:
        raise row.refuse("token_type", "a class of tokens the console knows")
    return Line(
        number=row.number,
        first=first,
        until=first + DAY,
        amount=amount,
        provider="Anthropic",
        currency="USD",
        charge=charge or (Charge.USAGE if is_tokens else Charge.SERVICE),
        model=row.text("model"),
        key=row.text("api_key_id", "api_key"),
        key_name=row.text("api_key"),
        project=row.text("workspace"),
        token_class=klass,
        description=" ".join(filter(None, map(row.text, _SAID))) or None,
    )


FORMAT = TableFormat(
    name="anthropic_console",
    label="Anthropic costs (console CSV)",
    headings=("usage_date_utc", "model", "token_type", "cost_usd"),
    amount="cost_usd",
    lines=_lines,
)
