"""What pages say about a known set of calls: exact sentences, and figures worked out by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.metrics.by_hand import Row, call, figures
from tests.pages.conftest import check, visit
from usage_core import wording
from usage_core.metrics.definitions import METRICS

Holding = Callable[..., None]

# Ten days of November, and the ten before. A call of Anna's costs 4 USD, one of Bob's 1.
MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC).replace(tzinfo=None)
LINK: dict[str, str | list[str]] = {"tf": "Custom", "range": ["2026-11-01", "2026-11-10"]}
ANNA: dict[str, Any] = {"api_key_id": "a", "api_key_name": "Anna", "provider": "OpenAI", "model": "big"}
BOB: dict[str, Any] = {"api_key_id": "b", "api_key_name": "Bob", "provider": "Anthropic", "model": "small"}
DOLLAR = {"input_tokens": 1_000_000, "output_tokens": 0, "output_price": Decimal(0)}


def some(count: int, at: datetime, price: int, ms: int, **given: Any) -> list[Row]:
    return [
        call(
            at + timedelta(minutes=n),
            completion_time_ms=ms + n,
            cost_pico=price * 10**12,
            input_price=Decimal(price),
            **DOLLAR,
            **given,
        )
        for n in range(count)
    ]


NOW = [*some(20, MONDAY, 4, 1000, **ANNA), *some(30, MONDAY + timedelta(days=5, hours=2), 1, 100, **BOB)]
NOW += [call(MONDAY, **ANNA)]
BEFORE = [
    *some(5, MONDAY - timedelta(days=9), 4, 500, **ANNA),
    *some(60, MONDAY - timedelta(days=8), 1, 90, **BOB),
]


def said(app: AppTest) -> str:
    return str(app.main.markdown[0].value)


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (
            "usage/cost",
            "**Anna** costs most: \\$80\\.00 of \\$110\\.00, 72.7 %. 1 call without a price is not in it.",
        ),
        (
            "usage/latency",
            "Half of the calls took at most **124 ms**, 95 of 100 at most **1.0 s**. Slowest is **big** "
            "with a p95 of 1.0 s. 1 call without a completion time left out.",
        ),
        (
            "usage/patterns",
            "The busiest hour is **Sat 7 Nov 2026, 11:00 to 12:00**, with 30 calls. Weekends hold 58.8 %. "
            "**small** has the largest share of the calls, 58.8 % (92.3 % in the 10 days before); of the "
            "providers, **Anthropic** has 58.8 % (92.3 %).",
        ),
    ],
)
def test_what_a_page_answers(holding: Holding, page: str, sentence: str) -> None:
    holding("known", [*NOW, *BEFORE])
    app = visit(page, **LINK)
    assert not app.exception
    assert said(app) == sentence


def test_what_the_overview_answers(holding: Holding) -> None:
    """Anna's 80 instead of 20, Bob's 30 instead of 60: 110 instead of 80, up by 30."""
    holding("known", [*NOW, *BEFORE])
    answer = said(visit(**LINK))
    assert answer.startswith(
        "You spent **\\$110\\.00** in these 10 days, 37.5 % more than in the 10 days before"
    )
    assert answer.endswith("1 call without a price is not in it.")
    assert "**Anna**" in answer


def test_no_part_explains_more_than_the_whole(holding: Holding) -> None:
    """Anna rose by 60 and Bob fell by 30: of a rise of 30, nothing explains 60."""
    holding("known", [*NOW, *BEFORE])
    assert "\\$60\\.00 of the rise" not in said(visit(**LINK))


def test_no_change_is_not_said_to_be_more(holding: Holding) -> None:
    holding("same", [*some(3, MONDAY, 4, 1, **ANNA), *some(3, MONDAY - timedelta(days=9), 4, 1, **ANNA)])
    app = visit(**LINK)
    assert "0.0 % more" not in said(app)
    assert app.metric[0].delta == "no change"


def test_a_price_of_nothing_is_known(holding: Holding) -> None:
    holding("free", some(3, MONDAY, 0, 1, **ANNA))
    app = visit(**LINK)
    assert said(app) == "You spent **\\$0\\.00** in these 10 days."
    assert app.metric[0].value == "$0.00"
    assert "known price" not in said(visit("usage/cost", **LINK))


def test_one_day_is_spoken_of_as_one(holding: Holding) -> None:
    holding("free", some(3, MONDAY, 0, 1, **ANNA))
    app = visit(**(LINK | {"range": ["2026-11-02", "2026-11-02"]}))
    assert said(app) == "You spent **\\$0\\.00** on this day."
    why = "There is nothing to compare with: no call was made on the day before."
    assert why in [each.value for each in app.main.markdown]


def test_what_is_unknown_is_said_to_be(holding: Holding) -> None:
    holding("unknown", [call(MONDAY)])
    app = visit(**LINK)
    assert said(app) == "The one call in these 10 days has no known price."
    assert [metric.value for metric in app.metric] == ["–", "1", "–", "– / –", "1"]
    assert said(visit("usage/latency", **LINK)).startswith("0 calls with a completion time so far")
    assert said(visit("usage/patterns", **LINK)) == "1 call so far; too few for a pattern."


def test_tiles_are_the_figures_by_hand(holding: Holding) -> None:
    holding("known", [*NOW, *BEFORE])
    app = visit(**LINK)
    check(app, "Overview")
    now, before = figures(NOW), figures(BEFORE)
    shown = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    times = " / ".join(wording.duration_ms(now[name]) for name in ("p50_ms", "p95_ms"))
    assert [value for value, _ in shown.values()] == [
        wording.money(now["cost_usd"]),
        wording.count(now["calls"]),
        wording.count(now["tokens"]),
        times,
        wording.count(now["active_keys"]),
    ]
    assert [delta for _, delta in shown.values()] == [
        "+37.5 % ($30.00)",
        "-21.5 % (14)",
        "-23.1 % (15.0 M)",
        wording.change(now["p95_ms"], before["p95_ms"], wording.duration_ms).text,
        "no change",
    ]


@pytest.mark.parametrize(
    ("page", "by"),
    [
        ("usage/cost", "API key"),
        ("usage/cost", "Model"),
    ],
)
def test_tables_are_the_figures_by_hand(holding: Holding, page: str, by: str) -> None:
    holding("known", [*NOW, *BEFORE])
    app = visit(page, by=by, **LINK)
    check(app, page.removeprefix("usage/").title())
    table = app.dataframe[0].value
    column = {"API key": "api_key_name", "Provider": "provider", "Model": "model"}[by]
    assert len(table) == 2
    for record in table.to_dict("records"):
        expected = figures([row for row in NOW if row[column] == record[by]])
        for name, metric in METRICS.items():
            label = f"{metric.label} ({metric.unit})" if metric.unit in ("USD", "ms") else metric.label
            if label in record:
                assert record[label] == pytest.approx(float(expected[name] or 0), rel=1e-12), label
        if "Share of cost" in record:
            assert record["Share of cost"] == pytest.approx(float(expected["cost_usd"] or 0) / 110)
