"""The record of a call: the header others rely on, and what a call costs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_core.schema import (
    BY_NAME,
    COLUMNS,
    EXPORT_COLUMNS,
    EXPORT_HEADER,
    IDENTITY,
    Form,
    Kind,
    cost_pico,
    usd,
)

HEADER = (
    "Date,API Key ID,API Key Name,Provider,Model,Input Tokens,Output Tokens,Completion Time (ms),"
    "Input Token Price (USD/1M tokens),Output Token Price (USD/1M tokens)"
)


def test_the_header_is_exactly_this() -> None:
    assert EXPORT_HEADER == HEADER


def test_the_columns_of_the_export() -> None:
    assert [column.name for column in EXPORT_COLUMNS] == [
        "called_at",
        "api_key_id",
        "api_key_name",
        "provider",
        "model",
        "input_tokens",
        "output_tokens",
        "completion_time_ms",
        "input_price",
        "output_price",
    ]
    assert COLUMNS[:10] == EXPORT_COLUMNS
    required = [column.name for column in EXPORT_COLUMNS if column.required]
    assert required == ["called_at", "api_key_id", "model"]


def test_every_column_is_named_once_and_explained() -> None:
    assert list(BY_NAME) == [column.name for column in COLUMNS]
    assert len({column.label for column in COLUMNS}) == len(COLUMNS)
    assert all(column.meaning and column.written and column.empty for column in COLUMNS)
    assert BY_NAME["called_at"].form is Form.INSTANT
    assert {BY_NAME[name].form for name in ("input_price", "output_price")} == {Form.PRICE}


def test_a_new_name_or_price_does_not_make_another_call() -> None:
    assert {"called_at", "api_key_id", "provider", "model", "source_call_id"} <= set(IDENTITY)
    assert not {"api_key_name", "input_price", "output_price", "cost_pico", "import_id"} & set(IDENTITY)


@pytest.mark.parametrize(
    ("tokens", "prices", "kind", "expected"),
    [
        ((500, 1200), ("2.50", "10.00"), Kind.COMPLETION, "0.01325"),
        ((1, 0), ("0.000001", None), Kind.COMPLETION, "0.000000000001"),
        ((0, 0), (None, None), Kind.COMPLETION, "0"),
        ((0, 10), (None, "1"), Kind.COMPLETION, "0.00001"),
        ((10, 0), ("1", None), Kind.COMPLETION, "0.00001"),
        ((10, 10), ("0", "0.00"), Kind.COMPLETION, "0"),
        ((10, 10), (None, "1"), Kind.COMPLETION, None),
        ((10, 10), ("1", None), Kind.COMPLETION, None),
        ((None, 10), ("1", "1"), Kind.COMPLETION, None),
        ((10, None), ("1", "1"), Kind.COMPLETION, None),
        ((10, None), ("1", None), Kind.OTHER, None),
        ((None, None), (None, None), Kind.COMPLETION, None),
        ((8000, None), ("0.02", None), Kind.EMBEDDING, "0.00016"),
        ((8000, None), ("0.02", "5"), Kind.EMBEDDING, "0.00016"),
        ((8000, 0), ("0.02", None), Kind.EMBEDDING, "0.00016"),
        ((8000, 3), ("0.02", None), Kind.EMBEDDING, None),
        ((8000, None), (None, None), Kind.EMBEDDING, None),
        ((None, None), ("0.02", None), Kind.EMBEDDING, None),
        ((10**18 - 1, 10**18 - 1), ("999999.999999", "999999.999999"), Kind.COMPLETION, None),
    ],
)
def test_cost(
    tokens: tuple[int | None, int | None],
    prices: tuple[str | None, str | None],
    kind: Kind,
    expected: str | None,
) -> None:
    exact = [None if price is None else Decimal(price) for price in prices]
    found = cost_pico(*tokens, *exact, kind)
    if tokens == (10**18 - 1, 10**18 - 1):
        assert found == 2 * (10**18 - 1) * 999_999_999_999  # whoever stores it says that it is too much
    else:
        assert found == (None if expected is None else int(Decimal(expected).scaleb(12)))
        assert found is None or usd(found) == Decimal(str(expected))


price = st.decimals(0, 999_999, places=6)


@given(st.integers(0, 10**9), st.integers(0, 10**9), price, price)
def test_cost_is_exact(sent: int, received: int, input_price: Decimal, output_price: Decimal) -> None:
    found = cost_pico(sent, received, input_price, output_price)
    assert found is not None
    assert usd(found) == (sent * input_price + received * output_price) / 10**6


@given(st.integers(0, 2**70))
def test_usd_loses_nothing(pico: int) -> None:
    assert int(usd(pico) * 10**12) == pico
