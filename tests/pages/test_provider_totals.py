"""Totals of providers stand on the Cost page apart from the calls, which win."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.server import visitor
from tests.metrics.by_hand import call
from tests.pages.conftest import check, texts, visit
from usage_core import cached
from usage_core.access.rules import Role, Visitor
from usage_core.intake.run import import_file

Holding = Callable[..., None]

AT = datetime(2026, 8, 3, 9)  # noqa: DTZ001 - the store's instants are naive UTC
CALLS = [call(AT, api_key_id="key-1", cost_pico=None)]
TOTALS = """period_start,period_end,org_id,api_key_id,api_key_name,requests,total_cost_usd
2026-08-03,2026-08-03,o,key-1,web,10,2.5
2026-08-04,2026-08-04,o,key-1,web,20,0.5
2026-08-04,2026-08-04,o,key-2,*jobs*,40,0.25
"""


@pytest.fixture
def with_totals(holding: Holding, tmp_path: Path) -> None:
    holding("with-totals", CALLS)
    (tmp_path / "totals.csv").write_text(TOTALS, encoding="utf-8")
    import_file(cached.workspace().real, tmp_path / "totals.csv")


def august() -> AppTest:
    return visit("usage/cost", tf="Custom", range=["2026-08-01", "2026-08-31"])


def test_they_stand_beside_the_calls_which_win(with_totals: None) -> None:
    app = august()
    check(app, "Cost")
    [said] = [text for text in texts(app) if text.startswith("Providers have added up")]
    assert "They say it was 60 calls." in said
    assert any(text.startswith("Left out: 1 total") and "single calls" in text for text in texts(app))
    assert app.dataframe[-1].value.to_dict("list") == {
        "API key": ["key-1", "key-2"],
        "Cost (USD)": [0.5, 0.25],
        "Calls": [20, 40],
    }


def test_a_viewer_of_some_keys_sees_theirs(with_totals: None, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer = Visitor("eve@example.com", Role.VIEWER, ("key-1",))
    monkeypatch.setattr(visitor, "judged", lambda _claims: viewer)
    app = august()
    check(app, "Cost")
    assert any("They say it was 20 calls." in text for text in texts(app))
    assert not any("key-2" in each.value.to_csv() for each in app.dataframe)
