"""The Prices page: what has no price is first; a price is entered, previewed, applied, withdrawn."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.server import visitor
from tests.metrics.by_hand import call
from tests.pages.conftest import check, texts, visit

pytestmark = pytest.mark.usefixtures("every_view")

Holding = Callable[..., None]

AT = datetime(2026, 11, 2, 9)  # noqa: DTZ001 - the store's instants are naive UTC
TOKENS = {"input_tokens": 1_000_000, "output_tokens": 0, "completion_time_ms": 5}
CALLS = [
    call(AT, api_key_id="a", model="house-model", provider="House", **TOKENS),
    call(AT, api_key_id="b", model="house-model", provider="House", **TOKENS),
    call(
        AT,
        api_key_id="a",
        model="gpt-4o",
        provider="OpenAI",
        input_price=Decimal(3),
        output_price=Decimal(10),
        **TOKENS,
    ),
    call(AT, api_key_id="a", model="gpt-4o-mini", provider="OpenAI", **TOKENS),
]
LINK: dict[str, str | list[str]] = {"tf": "Custom", "range": ["2026-11-01", "2026-11-10"]}


def open_page() -> AppTest:
    app = visit("billing/prices", **LINK)
    check(app, "Prices")
    return app


def table_with(app: AppTest, column: str) -> pd.DataFrame:
    [found] = [each.value for each in app.dataframe if column in each.value.columns]
    assert isinstance(found, pd.DataFrame)
    return found


def said(app: AppTest) -> str:
    return str(app.main.markdown[0].value)


@pytest.fixture
def app(holding: Holding) -> AppTest:
    holding("prices", CALLS)
    return open_page()


def test_calls_without_a_price_come_first(app: AppTest) -> None:
    assert said(app).startswith("**2 calls without a price**, with 2.0 M tokens, of house\\-model.")
    table = table_with(app, "Price now")
    assert list(table["Model"]) == ["house-model", "gpt-4o", "gpt-4o-mini"]
    assert list(table["Price of its calls"]) == ["unknown", "on the row", "catalogue"]
    assert list(table["Price now"]) == [
        "unknown",
        "catalogue: openai/gpt-4o",
        "catalogue: openai/gpt-4o-mini",
    ]
    assert list(table["Input"]) == ["–", "$2.50", "$0.15"]


def test_rows_with_another_price_than_the_catalogue_s(app: AppTest) -> None:
    assert any("the rows of 1 model have other prices than those in force" in text for text in texts(app))
    table = table_with(app, "Input on the rows")
    assert table[["Model", "Input on the rows", "Input in force", "Difference"]].to_numpy().tolist() == [
        ["gpt-4o", "$3.00", "$2.50", "$0.50"]
    ]


def test_a_slip_of_the_decimal_point_is_refused(app: AppTest) -> None:
    app.selectbox(key="rule-model").set_value("gpt-4o  ·  OpenAI")
    app.text_input(key="rule-Input").set_value("2500")
    next(button for button in app.button if button.label == "Enter").click().run()
    assert "Check the decimal point" in app.error[0].value
    app.text_input(key="rule-Input").set_value("two")
    next(button for button in app.button if button.label == "Enter").click().run()
    assert "not a plain decimal number" in app.error[0].value


def test_a_price_is_entered_applied_and_taken_back(holding: Holding) -> None:
    holding("prices to change", CALLS)
    app = open_page()
    app.selectbox(key="rule-model").set_value("house-model  ·  House")
    app.text_input(key="rule-Input").set_value("2.50")
    next(button for button in app.button if button.label == "Enter").click().run()
    check(app, "Prices")
    assert any("**2 stored calls** would be priced anew" in text for text in texts(app))
    changes = table_with(app, "Cost then")
    assert changes[["API key", "Calls", "Cost then"]].to_numpy().tolist() == [
        ["a", 1, "$2.50"],
        ["b", 1, "$2.50"],
    ]
    assert set(changes["Cost now"]) == {"–"}, "no cost is known, which is not a cost of nothing"
    app.button(key="reprice").click().run()
    check(app, "Prices")
    assert said(app) == "Every call of the 3 models seen has a price."
    assert "2 calls priced anew" in app.success[0].value
    app.selectbox(key="repricing-which").set_value(1).run()
    assert "gives **2 calls** back" in app.warning[0].value
    app.button(key="repricing-undo").click().run()
    check(app, "Prices")
    assert said(app).startswith("**2 calls without a price**")
    assert "Repricing 1 is undone: 2 calls" in app.success[0].value
    assert "Undone on" in app.info[0].value
    entries = [(entry.event, entry.what, entry.rows) for entry in visitor.journal().entries(2)]
    assert entries[0] == ("prices changed", "repricing 1 undone", 2)
    assert entries[1] == ("prices changed", "stored calls priced anew", 2)
    app.button(key="reprice").click().run()
    next(button for button in app.button if button.label == "Withdraw").click().run()
    app.button(key="reprice").click().run()
    assert said(app).startswith("**2 calls without a price**")
    assert list(table_with(app, "What")["What"]) == ["Price"]
    app.selectbox(key="repricing-which").set_value(2).run()
    assert app.button(key="repricing-undo").disabled
    assert any("Repricing 3 was made after it" in text for text in texts(app))


def test_a_suggested_match_is_put_into_the_form_and_history_says_by_whom(holding: Holding) -> None:
    house = call(AT, api_key_id="a", model="gpt-4o-mini-ours", provider="OpenAI", **TOKENS)
    holding("prices to match", [house])
    app = open_page()
    app.button(key="suggested-0").click().run()
    check(app, "Prices")
    assert app.selectbox(key="rule-stands-for").value == "openai/gpt-4o-mini"
    app.text_input(key="rule-note").set_value("our name for it")
    next(button for button in app.button if button.label == "Enter").click().run()
    check(app, "Prices")
    assert any("**1 stored call** would be priced anew" in text for text in texts(app))
    [line] = table_with(app, "Entered by").to_dict("records")
    assert (line["What"], line["Price"], line["Entered by"], line["Note"], line["Withdrawn by"]) == (
        "Alias",
        "is openai/gpt-4o-mini",
        "administrator",
        "our name for it",
        "",
    )
