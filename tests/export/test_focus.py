"""FOCUS: every dollar of the calls, at the price of its tokens, by the rules of the specification."""

import csv
import io
import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.importing import EVER, Shelf, as_csv, row, with_store
from usage_core.bills.opening import opened
from usage_core.bills.registry import recognised
from usage_core.errors import SelectionError
from usage_core.export.focus import CONTENT
from usage_core.export.formats import file, of_sums, provable
from usage_core.export.stream import file_stream
from usage_core.schema import EXPORT_HEADER, usd
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe

Rows = list[dict[str, str]]
MAY_BE_EMPTY = {column.name for column in CONTENT.columns if column.empty == "unknown"}
PROVIDERS = ("HostProviderName", "InvoiceIssuerName", "ServiceProviderName")


def focus(shelf: Shelf, selection: Selection = EVER) -> Rows:
    text = b"".join(file_stream(shelf.lake, selection, file("focus"))).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_day_of_a_key_and_a_model(shelf: Shelf) -> None:
    shelf.rows(*({"called_at": f"2026-08-03T{hour}:00:00Z"} for hour in ("00", "09", "23")))
    sent, received = focus(shelf)
    assert sent == {
        **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), "0.00375"),
        **dict.fromkeys(("ContractedUnitPrice", "ListUnitPrice"), "0.0000025"),
        **dict.fromkeys(("ConsumedQuantity", "PricingQuantity"), "1500"),
        **dict.fromkeys(("ConsumedUnit", "PricingUnit"), "Tokens"),
        **dict.fromkeys(("BillingCurrency", "PricingCurrency"), "USD"),
        **dict.fromkeys(PROVIDERS, "OpenAI"),
        "BillingAccountId": "api-usage-console",
        "BillingAccountName": "API Usage Console",
        "ChargeClass": "",
        "BillingPeriodStart": "2026-08-01T00:00:00Z",
        "BillingPeriodEnd": "2026-09-01T00:00:00Z",
        "ChargePeriodStart": "2026-08-03T00:00:00Z",
        "ChargePeriodEnd": "2026-08-04T00:00:00Z",
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
        "ChargeDescription": "gpt-4o, input tokens",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": "OpenAI API",
        "SkuId": "gpt-4o/input",
        "SkuMeter": "Input Tokens",
        "SkuPriceId": "gpt-4o/input@2.500000",
        "SubAccountId": "key-1",
        "SubAccountName": "checkout",
        "x_Model": "gpt-4o",
        "x_TokenClass": "input",
    }
    told = (received["SkuId"], received["ListUnitPrice"], received["BilledCost"])
    assert told == ("gpt-4o/output", "0.00001", "0.036")


AT = ("2026-07-31T23:59:59Z", "2026-08-01T00:00:00Z", "2026-08-01T12:00:00Z")
prices = st.sampled_from(("", "0", "2.50", "0.000001", "150"))
tokens = st.sampled_from(("", "0", "1", "500", "123456789"))
some_calls = st.lists(
    st.fixed_dictionaries(
        {
            "called_at": st.sampled_from(AT),
            "api_key_id": st.sampled_from("ab"),
            "provider": st.sampled_from(("OpenAI", "")),
            "model": st.sampled_from(("gpt-4o", "=mine", "a, b")),
            "input_tokens": tokens,
            "output_tokens": tokens,
            "input_price": prices,
            "output_price": prices,
        }
    ),
    min_size=4,
    max_size=12,
)


@given(some_calls)
@with_store
def test_costs_and_tokens_add_up_to_those_of_the_calls(shelf: Shelf, some: list[dict[str, str]]) -> None:
    shelf.clear()
    shelf.rows(*some)
    names = ("called_at", "api_key_id", "model_name", "input_tokens", "output_tokens", "cost_pico")
    costs, used = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for at, key, model, sent, received, cost in shelf.stored(None, *names):
        if cost is not None:
            costs[f"{at:%Y-%m-%d}", key, model] += cost
            used[f"{at:%Y-%m-%d}", key, model] += (sent or 0) + (received or 0)
    for each in focus(shelf):
        assert {name for name, value in each.items() if not value} <= MAY_BE_EMPTY
        assert not any(re.search(r"\d[eE]", each[name]) for name in each if name.endswith(("Cost", "Price")))
        quantity, cost = int(each["PricingQuantity"]), Decimal(each["BilledCost"])
        if each["ListUnitPrice"]:
            assert Decimal(each["ListUnitPrice"]) * quantity == cost
        place = each["ChargePeriodStart"][:10], each["SubAccountId"], each["x_Model"].removeprefix("'")
        costs[place] -= int(cost.scaleb(12))
        used[place] -= quantity
    assert not any(costs.values())
    assert not any(used.values())


def test_a_cost_that_its_source_says_is_whole(shelf: Shelf) -> None:
    line = [*row(input_price="", output_price=""), "completion", "0.02", "recorded"]
    header = EXPORT_HEADER + ",Call Kind,Cost (USD),Cost Basis\n"
    assert shelf.take(as_csv([line]), header=header).rows_stored == 1
    assert [usd(each[0]) for each in shelf.stored(None, "cost_pico")] == [Decimal("0.02")]
    [only] = focus(shelf)
    assert (only["BilledCost"], only["PricingQuantity"], only["ListUnitPrice"]) == ("0.02", "1700", "")
    assert (only["SkuId"], only["SkuMeter"], only["x_TokenClass"]) == ("gpt-4o", "Tokens", "")


def test_a_timeframe_within_a_day_is_said(shelf: Shelf) -> None:
    shelf.rows({"called_at": "2026-08-03T09:00:00Z"}, {"called_at": "2026-08-03T12:00:00Z"})
    edges = (datetime(2026, 8, 3, hour, 30, tzinfo=UTC) for hour in (8, 11))
    found = focus(shelf, Selection(Timeframe(*edges)))
    assert {(each["ChargePeriodStart"], each["ChargePeriodEnd"]) for each in found} == {
        ("2026-08-03T08:30:00Z", "2026-08-03T11:30:00Z")
    }
    assert [each["PricingQuantity"] for each in found] == ["500", "1200"]


def test_it_is_read_back_as_a_bill(shelf: Shelf, tmp_path: Path) -> None:
    shelf.rows({}, {"api_key_id": "key-2", "model": "gpt-4o-mini", "input_price": "0.15"})
    path = tmp_path / "focus.csv"
    path.write_bytes(b"".join(file_stream(shelf.lake, EVER, file("focus"))))
    document = opened(path, path.name)
    assert recognised(document).name == "focus"
    lines = recognised(document).read(document).lines
    assert sum(each.amount for each in lines) == sum(usd(each[0]) for each in shelf.stored(None, "cost_pico"))
    assert {(each.model, each.key) for each in lines} == {("gpt-4o", "key-1"), ("gpt-4o-mini", "key-2")}
    assert all(each.token_class for each in lines)
    assert sum(each.quantity for each in lines) == 2 * 1700


def test_what_it_is_not_for() -> None:
    with pytest.raises(SelectionError, match="not for sums"):
        of_sums(file("focus"))
    with pytest.raises(SelectionError, match="A manifest tells of calls"):
        provable(file("focus"))
