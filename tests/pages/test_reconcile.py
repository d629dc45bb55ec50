"""The Reconcile page: whether to pay, why not, and what an administrator says of it."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.metrics.by_hand import call
from tests.pages.conftest import check, found, send, texts, visit
from usage_core import cached
from usage_core.bills import standing
from usage_core.bills.storing import take

Holding = Callable[..., None]

AT = datetime(2026, 10, 3, 9)  # noqa: DTZ001 - the store's instants are naive UTC
COMMON = {"provider": "OpenAI", "input_price": Decimal("2.5"), "output_price": Decimal(10)}
TOKENS = {"input_tokens": 1_000_000, "output_tokens": 100_000, "completion_time_ms": 5}
CALLS = [call(AT, api_key_id="a", api_key_name="web", model=name, **COMMON, **TOKENS) for name in ("m", "n")]
HEADER = "Provider,First Day,Last Day,Model,Token Class,API Key,Tokens,Amount,Currency,Charge\n"
HOSTILE = "[x](javascript:alert(1)) **b** $x$"
ROWS = (
    "OpenAI,2026-10-03,,m,input,web,1000000,2.50,USD,\n"
    "OpenAI,2026-10-03,,m,output,web,100000,3.00,USD,\n"
    "OpenAI,2026-10-03,,n,input,web,1000000,2.50,USD,\n"
    "OpenAI,2026-10-03,,n,output,web,100000,1.00,USD,\n"
    f"OpenAI,2026-10-03,,{HOSTILE},input,web,1000,0.25,USD,\n"
    f"OpenAI,2026-10-03,,{HOSTILE},,,,-1.00,USD,credit\n"
)


@pytest.fixture
def billed(holding: Holding, tmp_path: Path) -> AppTest:
    """The page over a log of two calls, with a bill that charges one of them too much."""
    holding("bills", CALLS)
    cached.refresh()
    path = tmp_path / "bill.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    take(cached.shown().lake, path, by="Ada", name=f"{HOSTILE}.csv")
    return visit("billing/reconcile")


def table_with(app: AppTest, column: str) -> pd.DataFrame:
    [found] = [each.value for each in app.dataframe if column in each.value.columns]
    assert isinstance(found, pd.DataFrame)
    return found


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_a_bill_is_answered_explained_and_signed_off(billed: AppTest) -> None:
    app = billed
    check(app, "Reconcile")
    said = str(app.main.markdown[0].value)
    assert said.startswith(
        "**1 of 1 provider month** needs a look: OpenAI, Oct 2026 differs by **\\$2\\.25**"
    )
    assert "Ask before you pay" in app.warning[0].value
    assert month_of(app) == ["Billed $8.25", "Computed $7.00", "+$2.25 difference", "▲ differs"]
    differences = table_with(app, "Billed per 1M")
    by_part = dict(zip(differences["Part"], differences["Difference"], strict=True))
    assert by_part == {"prices": "+$2.00", "billed, no calls seen": "+$0.25", "credits": "-$1.00"}
    assert any(text.startswith("On the bill, but not known in the log: ") for text in texts(app))
    price = differences[differences["Part"] == "prices"].iloc[0]
    assert (price["Billed per 1M"], price["Computed per 1M"], price["API key"]) == ("$30.00", "$10.00", "web")
    assert price["Calls"].startswith("export?tf=Custom&range=2026-10-03&range=2026-10-03&tz=UTC")
    assert "billed at $30.00 per million tokens, $10.00 expected" in app.code[0].value
    assert not [text for text in texts(app) if HOSTILE in text]
    app.text_input(key="sign-note").set_value("agreed")
    press(app, "Sign off")
    check(app, "Reconcile")
    assert "Signed off by **administrator**" in app.success[-1].value
    assert app.success[-1].value.endswith("agreed")
    assert not app.warning
    assert "Usage is billed \\$2\\.25 more than computed" in " ".join(texts(app))
    assert month_of(app)[-1] == "✓ signed off"
    press(app, "Take the sign-off back")
    assert month_of(app)[-1] == "▲ differs"


def month_of(app: AppTest) -> list[str]:
    """What the grid says of October."""
    [said] = table_with(app, "Oct 2026")["Oct 2026"]
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in said.split(" ")]


def test_names_and_tolerance_are_entered(billed: AppTest) -> None:
    app = billed
    check(app, "Reconcile")
    app.selectbox(key="alias-stands-for").set_value("model: n")
    press(app, "They are the same")
    check(app, "Reconcile")
    assert [each for each in app.selectbox if each.label == "Names that were entered"]
    app.text_input(key="tol-usd").set_value("10")
    press(app, "Set tolerance")
    check(app, "Reconcile")
    assert "The bill can be paid" in app.success[-1].value
    with cached.shown().lake.reading() as connection:
        [bill] = standing.every(connection)
    press(app, "Withdraw")
    check(app, "Reconcile")
    assert table_with(app, "SHA-256")["State"].tolist() == ["withdrawn by administrator"]
    assert "There is no bill yet" in app.main.markdown[0].value
    assert bill.stands


def test_a_bill_in_another_currency_needs_a_rate(holding: Holding, tmp_path: Path) -> None:
    holding("bills in euro", CALLS)
    cached.refresh()
    path = tmp_path / "bill.csv"
    path.write_text(HEADER + ROWS.replace("USD", "EUR"), encoding="utf-8")
    take(cached.shown().lake, path, by="Ada")
    app = visit("billing/reconcile")
    check(app, "Reconcile")
    assert "Enter what it is worth in USD" in app.warning[0].value
    [rate] = [each for each in app.text_input if each.label.startswith("USD for one EUR")]
    rate.set_value("1.1")
    press(app, "Enter rate")
    check(app, "Reconcile")
    assert "Ask before you pay" in app.warning[0].value
    [rate] = [each for each in app.text_input if each.label.startswith("USD for one EUR")]
    assert rate.value == "1.1"
    rate.set_value("one")
    press(app, "Change rate")
    assert "not a plain decimal number" in app.error[0].value
    assert any("Entered by administrator" in text for text in texts(app))


def test_a_cell_of_the_grid_opens_its_month_and_a_part_its_lines(holding: Holding, tmp_path: Path) -> None:
    holding("bills of two months", CALLS)
    cached.refresh()
    path = tmp_path / "bill.csv"
    for rows in (ROWS, "OpenAI,2026-09-03,,m,input,web,4,9.00,USD,\n"):
        path.write_text(HEADER + rows, encoding="utf-8")
        take(cached.shown().lake, path, by="Ada")
    link = {"bill": "OpenAI, Oct 2026", "bill-lines": "true", "part": "prices"}
    app = visit("billing/reconcile", **link)
    assert table_with(app, "Token Class")["Line"].tolist() == [3]
    cell = {"selection": {"rows": [], "columns": [], "cells": [[0, "Sep 2026"]]}}
    send(app, found(app, "dataframe", "bill-months").id, cell)
    assert app.selectbox(key="bill").value == "OpenAI, Sep 2026"
