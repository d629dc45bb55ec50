"""FOCUS: cost and usage, or the details of an invoice (version 1.4).

A model stands in x_Model, or in front of its class in the description.
"""

from collections.abc import Iterator
from typing import Any

from usage_core.bills.fields import TOKEN_UNITS, Fields, model_and_class, token_class
from usage_core.bills.format import Charge, Line
from usage_core.bills.tables import TableFormat

CHARGES = {
    "usage": Charge.USAGE,
    "purchase": Charge.FEE,
    "tax": Charge.TAX,
    "credit": Charge.CREDIT,
    "adjustment": Charge.CREDIT,
}


def _lines(row: Fields) -> Iterator[Line]:
    charge = CHARGES.get((row.text("chargecategory") or "").casefold())
    if charge is None:
        raise row.refuse("chargecategory", "Usage, Purchase, Tax, Credit or Adjustment")
    first, until = _days(row)
    said = row.text("chargedescription", "invoicedetaildescription")
    model, klass = model_and_class(said)
    unit = TOKEN_UNITS.get((row.text("consumedunit") or "").casefold())
    # A charge for nothing that is counted in tokens, by its unit.
    other = charge is Charge.USAGE and row.text("consumedunit") and unit is None and not row.text("x_model")
    provider = row.text("serviceprovidername", "providername", "invoiceissuername")
    yield Line(
        number=row.number,
        first=first,
        until=until,
        amount=row.needed(row.amount("billedcost"), "billedcost", "an amount such as 12.50"),
        provider=row.needed(provider, "providername", "a provider's name"),
        currency=row.currency("billingcurrency"),
        charge=Charge.SERVICE if other and not model else charge,
        model=row.text("x_model") or model,
        key=row.text("subaccountid"),
        key_name=row.text("subaccountname"),
        token_class=token_class(row.text("x_tokenclass")) or klass,
        quantity=row.times("consumedquantity", unit) if unit and row.text("consumedquantity") else None,
        description=said,
        account=row.text("billingaccountid"),
    )


def _days(row: Fields) -> tuple[Any, Any]:
    """The period charged for; that of the bill where a row has none of its own."""
    kind = "charge" if row.text("chargeperiodstart") else "billing"
    names = (f"{kind}periodstart", f"{kind}periodend")
    first, until = (row.needed(row.day(name), name, "the beginning of a UTC day") for name in names)
    if until <= first:
        raise row.refuse(names[1], f"a day after {first}")
    return first, until


FORMAT = TableFormat(
    name="focus",
    label="FOCUS (cost and usage, or invoice detail)",
    headings=("BilledCost", "BillingCurrency", "ChargeCategory", "BillingPeriodStart"),
    amount="billedcost",
    lines=_lines,
)
