"""What the Latency page says, shows and keeps in its link, over calls whose figures are known by hand."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.metrics.by_hand import Row, call, figures
from tests.pages.conftest import check, texts, visit

Holding = Callable[..., None]

# Ten days of November, and the ten before.
FIRST = datetime(2026, 11, 1, 9, tzinfo=UTC).replace(tzinfo=None)
DAY = timedelta(days=1)
LINK: dict[str, str | list[str]] = {"tf": "Custom", "range": ["2026-11-01", "2026-11-10"]}
EMBEDDING = {
    "model": "text-embedding-3-small",
    "provider": "OpenAI",
    "api_key_id": "b",
    "api_key_name": "Bob",
}
COMPLETION = {"model": "steady", "provider": "Anthropic", "api_key_id": "a", "api_key_name": "Anna"}


def rows() -> Iterator[Row]:
    """Every day 15 calls that took 1 s before and take 2 s now, 5 that always take 4 s, 20 embeddings."""
    for day in range(-10, 10):
        at = FIRST + day * DAY
        for n in range(15):
            second = 2000 if day >= 0 else 1000
            made = at + timedelta(minutes=n)
            yield call(
                made,
                input_tokens=10,
                output_tokens=100,
                completion_time_ms=second + n,
                **COMPLETION | {"model": "waits"},
            )
        for n in range(5):
            yield call(
                at + timedelta(hours=1, minutes=n),
                input_tokens=10,
                output_tokens=100,
                completion_time_ms=4000 + n,
                **COMPLETION,
            )
        for n in range(20):
            yield call(
                at + timedelta(hours=2, minutes=n), input_tokens=10, completion_time_ms=40 + n, **EMBEDDING
            )


ROWS = list(rows())
COMPLETIONS = [row for row in ROWS if row["model"] != EMBEDDING["model"] and row["called_at"] >= FIRST]


def opened(holding: Holding, **params: str | list[str]) -> AppTest:
    holding("latency", ROWS)
    app = visit("usage/latency", **{**LINK, **params})
    check(app, "Latency")
    return app


def said(app: AppTest) -> str:
    return str(app.main.markdown[0].value)


def table(app: AppTest, column: str) -> list[dict[str, Any]]:
    """The rows of the one table that has such a column."""
    [found] = [each.value for each in app.dataframe if column in each.value.columns]
    records: list[dict[str, Any]] = found.to_dict("records")
    return records


def choices(app: AppTest) -> dict[str, Any]:
    return {each.label: each.value for each in app.main.get("button_group")}


SLOWER = "Got slower than in the 10 days before: **waits** (p50 1.0 s → 2.0 s)."
LEFT_OUT = "Completions only: embeddings are left out. Percentiles are exact."


@pytest.mark.usefixtures("every_view")
def test_completions_alone_are_answered_for(holding: Holding) -> None:
    app = opened(holding)
    assert said(app) == (
        "Half of the completions took at most **2.0 s**, 95 of 100 at most **4.0 s**. "
        f"Slowest is **steady** with a p95 of 4.0 s. {SLOWER}"
    )
    assert LEFT_OUT in texts(app)
    assert choices(app)["Kind of calls"] == "Completions"
    now = figures(COMPLETIONS)
    assert [metric.label for metric in app.metric] == ["p50", "p95", "p99", "Longest", "Output tokens/s"]
    assert [metric.value for metric in app.metric] == ["2.0 s", "4.0 s", "4.0 s", "4.0 s", "39.9 tokens/s"]
    assert round(float(now["output_tokens_per_s"] or 0), 1) == 39.9
    assert [metric.delta.split(" %")[0] for metric in app.metric[:3]] == ["+99.1", "no change", "no change"]


@pytest.mark.parametrize(
    ("kind", "sentence", "caption"),
    [
        (
            "Embeddings",
            "Half of the embeddings took at most **49 ms**, 95 of 100 at most **58 ms**.",
            "Embeddings only",
        ),
        (
            "All kinds",
            "Half of the calls took at most **59 ms**",
            "Completions and embeddings are mixed in these figures.",
        ),
        ("nothing", "Half of the completions took", "Completions only"),
    ],
)
def test_the_kind_of_calls_stands_in_the_link(
    holding: Holding, kind: str, sentence: str, caption: str
) -> None:
    app = opened(holding, **{"of-kind": kind})
    assert said(app).startswith(sentence)
    assert [text for text in texts(app) if text.startswith(caption)]


def test_a_kind_chosen_in_the_sidebar_is_not_asked_for_again(holding: Holding) -> None:
    app = opened(holding, kind="embedding", **{"of-kind": "Completions"})
    assert said(app).startswith("Half of the embeddings took at most **49 ms**")
    assert "Kind of calls" not in choices(app)
    assert "Percentiles are exact." in texts(app)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("2.007", "**40.0 %** of 200 completions took at most 2.0 s, counted exactly."),
        ("1.999", "**0.0 %** of 200 completions took at most 2.0 s, counted exactly."),
        ("60", "**100.0 %** of 200 completions took at most 1 min 00 s, counted exactly."),
    ],
)
def test_the_target_stands_in_the_link(holding: Holding, target: str, sentence: str) -> None:
    assert sentence in texts(opened(holding, view="Within a target", target=target))


@pytest.mark.usefixtures("every_view")
@pytest.mark.parametrize(
    "params",
    [
        {"target": "soon"},
        {"target": "-5"},
        {"target": "1e99"},
        {"target": "0"},
        {"figure": "p100"},
        {"compare": ["nobody", "waits"]},
        {"compare": [f"m{n}" for n in range(20)]},
        {"of-kind": "completion'"},
        {"view": "perhaps"},
    ],
    ids=str,
)
def test_nonsense_in_a_link_is_left_out(holding: Holding, params: dict[str, str | list[str]]) -> None:
    app = opened(holding, **params)
    assert said(app).endswith(SLOWER)


@pytest.mark.parametrize(
    ("by", "column"), [("API key", "api_key_name"), ("Provider", "provider"), ("Model", "model")]
)
def test_tables_are_the_figures_by_hand(holding: Holding, by: str, column: str) -> None:
    app = opened(holding, view="Compare", by=by)
    shown = {row[by]: row for row in table(app, "p50 (ms)")}
    assert shown.keys() == {row[column] for row in COMPLETIONS}
    for name, row in shown.items():
        expected = figures([each for each in COMPLETIONS if each[column] == name])
        for heading, figure in (
            ("Calls", "calls"),
            ("p50 (ms)", "p50_ms"),
            ("p90 (ms)", "p90_ms"),
            ("p95 (ms)", "p95_ms"),
            ("p99 (ms)", "p99_ms"),
            ("Longest (ms)", "max_ms"),
            ("Tokens/s", "output_tokens_per_s"),
            ("Without a time", "untimed_calls"),
        ):
            assert row[heading] == pytest.approx(float(expected[figure] or 0)), heading


def test_what_changed_has_both_periods_and_the_calls_behind(holding: Holding) -> None:
    waits, steady = table(opened(holding), "Verdict")
    assert (waits["Model"], waits["Verdict"]) == ("waits", "▲ slower")
    assert (waits["p50 before"], waits["p50 now"], waits["p50 change"]) == (
        1007,
        2007,
        pytest.approx(99.3, abs=0.01),
    )
    assert (waits["Calls before"], waits["Calls now"]) == (150, 150)
    assert 2 < waits["Time cost (min)"] < 3
    assert (steady["Model"], steady["Verdict"], steady["Calls now"]) == ("steady", "too few calls", 50)


def test_with_nothing_before_nothing_changed(holding: Holding) -> None:
    app = opened(holding, range=["2026-10-22", "2026-10-31"])
    assert "There are no calls in the 10 days before to compare with." in texts(app)
    assert not [each for each in app.dataframe if "Verdict" in each.value.columns]
    assert "slower" not in said(app)


def test_the_slowest_calls_are_shown_whole(holding: Holding) -> None:
    column = "Completion Time (ms)"
    found = table(opened(holding, view="Slowest calls"), column)
    expected = sorted(
        COMPLETIONS, key=lambda row: (row["completion_time_ms"], row["called_at"]), reverse=True
    )[:50]
    assert [row[column] for row in found] == [row["completion_time_ms"] for row in expected]
    assert [row["Date (UTC)"].to_pydatetime() for row in found] == [row["called_at"] for row in expected]
    assert {(row["API Key Name"], row["Model"], row["Output Tokens"]) for row in found} == {
        ("Anna", "steady", 100)
    }


@pytest.mark.usefixtures("every_view")
def test_one_call_and_none_with_a_time(holding: Holding) -> None:
    one = [call(FIRST, completion_time_ms=700, output_tokens=0, input_tokens=1)]
    for name, rows_, sentence in (
        ("latency-one", one, "1 call with a completion time so far; too few for percentiles."),
        ("latency-none", [call(FIRST)], "0 calls with a completion time so far; too few for percentiles."),
    ):
        holding(name, rows_)
        app = visit("usage/latency", **LINK)
        check(app, "Latency")
        assert said(app) == sentence
    assert "No call has a completion time." in texts(app)
