"""Cost and usage as FOCUS has it (the FinOps Open Cost and Usage Specification, 1.4): a row for each UTC
day, key, model, class of tokens and unit price.

A call whose cost is its tokens at its prices is in two rows, of input and of output; one whose source
says what it cost is in a row of all its tokens, which has no unit price. So the billed costs add up to
the cost of the calls exactly. Calls without a known cost are in no row, because a cost must not be empty.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from usage_core.export.content import Content
from usage_core.export.sums import newest_names
from usage_core.metrics.question import conditions
from usage_core.schema import PRICE_PLACES, Column, Form
from usage_core.selection import Selection
from usage_core.store.local_time import truncated
from usage_core.store.measures import TOTAL
from usage_core.store.rows import pieces
from usage_core.store.tables import CALLS

ROWS_AT_ONCE = 50_000
ACCOUNT = "api-usage-console"
"""What stands for the billing account, which no log names."""
UNKNOWN = "Unknown"
CLASSES = {"input": "Input Tokens", "output": "Output Tokens", "": "Tokens"}
"""Class of tokens, empty for all of them -> its meter."""

Expression = sa.ColumnElement[Any]
_c = CALLS.c


def _per_token(price: Expression) -> Expression:
    """A price of a million tokens in USD, as pico-USD of one."""
    return sa.cast(price * sa.literal_column(str(10**PRICE_PLACES)), sa.BigInteger())


def _part(tokens: sa.Column[Any], price: sa.Column[Any]) -> Expression:
    return sa.func.coalesce(sa.cast(tokens, TOTAL) * _per_token(price), 0)


def _classes(selection: Selection) -> sa.Subquery:
    """Calls by class of tokens: `day`, key, provider, model, `class`, `tokens`, `price`, `cost`."""
    both = (_c.input_tokens, _c.input_price), (_c.output_tokens, _c.output_price)
    adds_up = _part(*both[0]) + _part(*both[1]) == _c.cost_pico
    group = (
        truncated("day", _c.called_at).label("day"),
        _c.api_key_id,
        sa.func.coalesce(_c.provider_name, _c.provider).label("provider"),
        _c.model_name.label("model"),
    )
    known = (*conditions(selection), _c.cost_pico.is_not(None))

    def of(name: str, tokens: Expression, price: Expression, cost: Expression) -> sa.Select[Any]:
        label = sa.literal(name).label("class")
        amounts = (
            tokens.label("tokens"),
            sa.cast(price, _c.input_price.type).label("price"),
            cost.label("cost"),
        )
        return sa.select(*group, label, *amounts).where(*known)

    parts = [
        of(name, sa.cast(tokens, TOTAL), price, _part(tokens, price)).where(adds_up, tokens > 0)
        for name, (tokens, price) in zip(("input", "output"), both, strict=True)
    ]
    tokens = sa.func.coalesce(_c.input_tokens, 0) + sa.func.coalesce(_c.output_tokens, 0)
    whole = of("", sa.cast(tokens, TOTAL), sa.null(), sa.cast(_c.cost_pico, TOTAL)).where(~adds_up)
    return sa.union_all(*parts, whole).subquery("classes")


def _instant(moment: Expression) -> Expression:
    return sa.func.strftime(moment, "%Y-%m-%dT%H:%M:%SZ")


def _found(selection: Selection) -> tuple[sa.Subquery, sa.Subquery]:
    """The rows, and the name that each key had last."""
    parts = _classes(selection).c
    group = [parts[name] for name in ("day", "api_key_id", "provider", "model", "class", "price")]
    sums = [sa.func.sum(parts[name]).label(name) for name in ("tokens", "cost")]
    return sa.select(*group, *sums).group_by(*group).subquery("found"), newest_names()


def _values(selection: Selection, f: Any, name: Expression) -> dict[str, Expression]:
    """Each column that is not the same in every row."""
    edges = (edge.replace(tzinfo=None) for edge in (selection.timeframe.start, selection.timeframe.end))
    start, end = edges
    month, meter = truncated("month", f.day), sa.case(CLASSES, value=f["class"])
    sku, provider = sa.func.rtrim(f.model + "/" + f["class"], "/"), sa.func.coalesce(f.provider, UNKNOWN)
    at_price = sku + "@" + sa.cast(f.price, sa.String())
    return {
        **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), f.cost),
        **dict.fromkeys(("ContractedUnitPrice", "ListUnitPrice"), _per_token(f.price)),
        **dict.fromkeys(("ConsumedQuantity", "PricingQuantity"), f.tokens),
        **dict.fromkeys(("HostProviderName", "InvoiceIssuerName", "ServiceProviderName"), provider),
        "BillingPeriodStart": _instant(month),
        "BillingPeriodEnd": _instant(month + sa.text("INTERVAL 1 MONTH")),
        "ChargeClass": sa.cast(sa.null(), sa.String()),
        "ChargePeriodStart": _instant(sa.func.greatest(f.day, start)),
        "ChargePeriodEnd": _instant(sa.func.least(f.day + sa.text("INTERVAL 1 DAY"), end)),
        "ChargeDescription": f.model + ", " + sa.func.lower(meter),
        "ServiceName": provider + " API",
        "SkuId": sku,
        "SkuMeter": meter,
        "SkuPriceId": sa.case((f.price.is_not(None), at_price)),
        "SubAccountId": f.api_key_id,
        "SubAccountName": name,
        "x_Model": f.model,
        "x_TokenClass": sa.func.nullif(f["class"], ""),
    }


def _tables(connection: sa.Connection, selection: Selection) -> Iterator[pa.Table]:
    found, named = _found(selection)
    f = found.c
    values = _values(selection, f, named.c.api_key_name) | {
        name: sa.literal(text) for name, text in SAME.items()
    }
    order = (f.day, f.api_key_id, f.provider.nulls_first(), f.model, f["class"], f.price.nulls_first())
    joined = found.outerjoin(named, f.api_key_id == named.c.api_key_id)
    columns = (values[column.name].label(column.name) for column in CONTENT.columns)
    yield from pieces(connection, sa.select(*columns).select_from(joined).order_by(*order), ROWS_AT_ONCE)


SAME = {
    "BillingAccountId": ACCOUNT,
    "BillingAccountName": "API Usage Console",
    "BillingCurrency": "USD",
    "ChargeCategory": "Usage",
    "ChargeFrequency": "Usage-Based",
    "ConsumedUnit": "Tokens",
    "PricingCurrency": "USD",
    "PricingUnit": "Tokens",
    "ServiceCategory": "AI and Machine Learning",
    "ServiceSubcategory": "Generative AI",
}
"""Columns that are the same in every row."""

_COST, _UNIT = "What the tokens cost, in USD", "The price of one token, in USD"
_TOKENS, _WHO = "Tokens", "Who served the model"
_MEANINGS = {
    "BilledCost": _COST,
    "BillingAccountId": "Stands for the billing account, which no log names",
    "BillingAccountName": "Likewise",
    "BillingCurrency": "The currency of every cost",
    "BillingPeriodEnd": "The end of the month, in UTC",
    "BillingPeriodStart": "The beginning of the month, in UTC",
    "ChargeCategory": "What kind of charge it is",
    "ChargeClass": "Empty, because no row corrects another month",
    "ChargeDescription": "The model and the class of tokens",
    "ChargeFrequency": "How often it is charged",
    "ChargePeriodEnd": "The end of the day, in UTC, or of the timeframe",
    "ChargePeriodStart": "The beginning of the day, in UTC, or of the timeframe",
    "ConsumedQuantity": _TOKENS,
    "ConsumedUnit": "What is counted",
    "ContractedCost": _COST,
    "ContractedUnitPrice": _UNIT,
    "EffectiveCost": _COST,
    "HostProviderName": _WHO,
    "InvoiceIssuerName": _WHO,
    "ListCost": _COST,
    "ListUnitPrice": _UNIT,
    "PricingCurrency": "The currency of every price",
    "PricingQuantity": _TOKENS,
    "PricingUnit": "What is priced",
    "ServiceCategory": "What kind of service it is",
    "ServiceName": "The provider's service",
    "ServiceProviderName": _WHO,
    "ServiceSubcategory": "What kind of that",
    "SkuId": "The model and the class of tokens",
    "SkuMeter": "The class of tokens",
    "SkuPriceId": "The same, and the price of a million tokens",
    "SubAccountId": "The API key",
    "SubAccountName": "Its name at the time of its last call",
    "x_Model": "The model",
    "x_TokenClass": "input or output; empty for all tokens of calls whose source says what they cost",
}


def _column(name: str) -> Column:
    is_amount = name.endswith(("Cost", "UnitPrice"))
    form = Form.PICO if is_amount else Form.WHOLE if name.endswith("Quantity") else Form.TEXT
    written = {Form.PICO: "plain decimal, exact", Form.WHOLE: "whole number, 0 or more"}.get(form, "text")
    empty = {
        "ChargeClass",
        "ContractedUnitPrice",
        "ListUnitPrice",
        "SkuPriceId",
        "SubAccountName",
        "x_TokenClass",
    }
    return Column(form, name, _MEANINGS[name], written, "unknown" if name in empty else "never", name=name)


CONTENT = Content(tuple(map(_column, _MEANINGS)), _tables)
"""Rows of FOCUS."""
