"""The Workspace page deletes old calls and keeps their sums; the other pages say that they are gone."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from tests.metrics.by_hand import call
from tests.pages.conftest import check, texts, visit
from usage_core import cached
from usage_core.store.tables import CALLS
from usage_core.text_guard import guard

HOSTILE = "=cmd|x"
PRICED = {"input_price": Decimal(2), "output_price": Decimal(0), "input_tokens": 1_000, "output_tokens": 0}
CALLS_MADE = [
    call(datetime(2020, 5, 3, 9), api_key_id="a", api_key_name=HOSTILE, provider="OpenAI", **PRICED),  # noqa: DTZ001
    call(datetime(2020, 5, 4, 9), api_key_id="a", api_key_name=HOSTILE, provider="OpenAI", **PRICED),  # noqa: DTZ001
    call(datetime(2099, 1, 1, 9), api_key_id="b", provider="OpenAI", **PRICED),  # noqa: DTZ001
]
LONG_AGO = {"tf": "Custom", "range": ["2020-05-01", "2020-05-31"]}


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


@pytest.mark.usefixtures("holding")
def test_old_calls_go_and_their_sums_stay(holding: Callable[..., None]) -> None:
    holding("keeping", CALLS_MADE)
    cached.refresh()
    assert not [text for text in texts(visit(**LONG_AGO)) if "no longer kept" in text]
    app = visit("admin/workspace")
    check(app, "Workspace")
    press(app, "Show what would go")
    [said] = [text for text in texts(app) if "would go" in text]
    assert said.startswith("**2 calls** before ")
    assert "$0\\.004 as far as it is known; 1 call would stay." in said.replace("\\$", "$")
    press(app, "Delete these calls, keep their sums")
    check(app, "Workspace")
    assert "2 calls deleted." in app.success[0].value
    [kept] = [each.value for each in app.dataframe if "Period" in each.value.columns]
    [row] = kept.to_dict("records")
    assert (row["Period"], row["API Key Name"], row["Calls"], row["Cost (USD)"]) == (
        "2020-05-01", guard(HOSTILE), 2, "$0.004"
    )  # fmt: skip
    with cached.shown().lake.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(CALLS)).scalar() == 1
    assert [text for text in texts(visit(**LONG_AGO)) if "are no longer kept, so no figure here" in text]
