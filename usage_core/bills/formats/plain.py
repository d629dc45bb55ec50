"""A plain CSV for bills that come as paper: the template to fill in."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from usage_core.bills.fields import Fields, token_class
from usage_core.bills.format import Charge, Line
from usage_core.bills.tables import TableFormat
from usage_core.errors import SelectionError
from usage_core.timeframe import zone_info

HEADER = (
    "Provider,First Day,Last Day,Model,Token Class,API Key,Tokens,Requests,Charge,Amount,Currency,"
    "Time Zone,Description"
)

TEMPLATE = f"""{HEADER}
OpenAI,2026-10-01,2026-10-31,gpt-4o,input,,52000000,,usage,130.00,USD,UTC,
OpenAI,2026-10-01,2026-10-31,gpt-4o,output,,4100000,,usage,41.00,USD,UTC,
OpenAI,2026-10-01,2026-10-31,,,,,,tax,32.49,USD,UTC,VAT 19 %
"""
"""What can be downloaded; Model to Requests, Charge, Time Zone and Description may be left empty."""


def _lines(row: Fields) -> Iterator[Line]:
    first = row.needed(row.day("first day"), "first day", "a day such as 2026-10-01")
    last = row.day("last day") or first
    if last < first:
        raise row.refuse("last day", f"a day from {first} on")
    named = row.text("token class")
    klass = token_class(named)
    if named and klass is None:
        raise row.refuse("token class", "input, output, cache read, cache write or cache write 1h")
    amount: Decimal = row.needed(row.amount("amount"), "amount", "an amount such as 12.50")
    yield Line(
        number=row.number,
        first=first,
        until=last + timedelta(days=1),
        amount=amount,
        provider=row.needed(row.text("provider"), "provider", "a provider's name"),
        currency=row.currency("currency"),
        charge=_charge(row),
        model=row.text("model"),
        key=row.text("api key"),
        token_class=klass,
        quantity=row.whole("tokens"),
        requests=row.whole("requests"),
        description=row.text("description"),
        zone=_zone(row),
    )


def _charge(row: Fields) -> Charge:
    named = row.text("charge")
    try:
        return Charge(named.casefold()) if named else Charge.USAGE
    except ValueError:
        raise row.refuse("charge", f"one of {', '.join(Charge)}") from None


def _zone(row: Fields) -> str:
    named = row.text("time zone") or "UTC"
    try:
        zone_info(named)
    except SelectionError:
        raise row.refuse("time zone", "a time zone such as Europe/Berlin") from None
    return named


FORMAT = TableFormat(
    name="plain",
    label="Plain CSV",
    headings=("Provider", "First Day", "Amount", "Currency"),
    amount="amount",
    lines=_lines,
)
