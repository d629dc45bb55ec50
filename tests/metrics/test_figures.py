"""Every figure, against the same figure worked out by hand from the same calls."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.by_hand import KEYS, MODELS, PROVIDERS, Row, answered, call, calls, figures, grouped, held
from usage_core.errors import SelectionError
from usage_core.metrics.answer import ask
from usage_core.metrics.definitions import METRICS, OVERVIEW, SUMMARY, Unit
from usage_core.metrics.dimensions import DIMENSIONS, time_bin_edges
from usage_core.metrics.question import Question
from usage_core.metrics.sources import OTHER
from usage_core.selection import FILTERS, UNKNOWN, Selection
from usage_core.timeframe import Timeframe

EVERY = tuple(METRICS)
WEEKEND = Timeframe(
    datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 26, 1, tzinfo=UTC), "Europe/Berlin"
)
START, END = (edge.replace(tzinfo=None) for edge in (WEEKEND.start, WEEKEND.end))
MICROSECOND = timedelta(microseconds=1)

some_calls = calls(START, END - MICROSECOND)


def _of_nothing(figure: str) -> int | None:
    """Sums over no calls are 0; a time or a ratio is not known."""
    return None if METRICS[figure].unit is Unit.MS or METRICS[figure].ratio else 0


@given(rows=some_calls)
@settings(max_examples=12)
def test_every_figure_is_what_it_is_by_hand(engine: sa.Engine, rows: list[Row]) -> None:
    with held(engine, rows) as connection:
        found = ask(connection, Question(Selection(WEEKEND), EVERY)).to_dict("records")
    expected = figures(rows)
    if not rows:
        expected |= {name: _of_nothing(name) for name in EVERY}
    assert found == [expected]


@given(rows=some_calls, by=st.lists(st.sampled_from(tuple(DIMENSIONS)), min_size=1, max_size=2, unique=True))
@settings(max_examples=15)
def test_every_breakdown_is_what_it_is_by_hand(engine: sa.Engine, rows: list[Row], by: list[str]) -> None:
    question = Question(Selection(WEEKEND), EVERY, tuple(by))
    with held(engine, rows) as connection:
        found = answered(connection, question)
    assert found == {group: figures(each) for group, each in grouped(rows, question).items()}


@given(
    rows=some_calls,
    by=st.sampled_from([("model",), ("day", "model"), ("hour", "key"), ("provider",), ("kind", "provider")]),
    keep=st.sets(st.sampled_from([*KEYS, *MODELS, *PROVIDERS[1:], UNKNOWN, "not there"]), max_size=4),
)
@settings(max_examples=15)
def test_folding_loses_nothing(
    engine: sa.Engine, rows: list[Row], by: tuple[str, ...], keep: set[str]
) -> None:
    question = Question(Selection(WEEKEND), EVERY, by, tuple(keep))
    with held(engine, rows) as connection:
        found = answered(connection, question)
        assert {group[-1] or "" for group in found} <= keep | {OTHER}
        assert found == {group: figures(each) for group, each in grouped(rows, question).items()}


filters = st.fixed_dictionaries(
    {
        "key": st.lists(st.sampled_from([*KEYS, "key-%", "' OR '1'='1"]), max_size=2),
        "provider": st.lists(st.sampled_from([UNKNOWN, *PROVIDERS[1:], "nobody"]), max_size=2),
        "model": st.lists(st.sampled_from([*MODELS, "_mall", "SMALL", "\x00"]), max_size=2),
        "kind": st.lists(st.sampled_from(["completion", "embedding", "other"]), max_size=2),
    }
)


@given(rows=some_calls, accepted=filters)
@settings(max_examples=15)
def test_filters_let_through_what_they_name(
    engine: sa.Engine, rows: list[Row], accepted: dict[str, list[str]]
) -> None:
    selection = Selection(WEEKEND, **{name: tuple(values) for name, values in accepted.items()})
    through = [
        row
        for row in rows
        if all((row[FILTERS[name]] or UNKNOWN) in values for name, values in accepted.items() if values)
    ]
    question = Question(selection, EVERY, ("model",))
    with held(engine, rows) as connection:
        found = answered(connection, question)
    assert found == {group: figures(each) for group, each in grouped(through, question).items()}


HOSTILE = (
    "' OR 1=1 --",
    "$1",
    "$model_name_1",
    "%",
    "%s",
    ":x",
    ":model_name_1",
    "?",
    "\\",
    "\x1f",
    "{{7*7}}",
)
HOSTILE += ("a\nb", "\u202eabc", "NULL", "😀" * 40, "x" * 4000, "\x00")


@pytest.mark.parametrize("name", ["key", "provider", "model"])
def test_hostile_filters_are_only_values(engine: sa.Engine, name: str) -> None:
    column = {"key": "api_key_id"}.get(name, name)
    rows = [call(START, **{column: value}) for value in HOSTILE]
    with held(engine, rows) as connection:
        for value in HOSTILE:
            for keep in (None, (value,)):
                question = Question(Selection(WEEKEND, **{name: (value,)}), ("calls",), (name,), keep)
                assert answered(connection, question) == {(value,): {"calls": 1}}


def test_a_range_holds_its_start_and_not_its_end(engine: sa.Engine) -> None:
    times = [START - MICROSECOND, START, END - MICROSECOND, END]
    with held(engine, [call(time, input_tokens=10**n) for n, time in enumerate(times)]) as connection:
        now, before, after = (
            ask(connection, Question(Selection(frame), ("input_tokens",))).at[0, "input_tokens"]
            for frame in (WEEKEND, WEEKEND.previous, Timeframe(WEEKEND.end, WEEKEND.end + WEEKEND.length))
        )
    assert (before, now, after) == (1, 110, 1000)


def test_sums_beyond_64_bits_stay_exact(engine: sa.Engine) -> None:
    most = 2**63 - 1
    rows = [call(START, cost_pico=most, input_tokens=10**18 - 1, output_tokens=10**18 - 1) for _ in range(40)]
    with held(engine, [*rows, call(START, cost_pico=1)]) as connection:
        [found] = ask(connection, Question(Selection(WEEKEND), EVERY)).to_dict("records")
    assert found["cost_usd"] == Decimal(most * 40 + 1) / 10**12 > 368_000_000
    assert str(found["cost_usd"]) == "368934881.474191032281"
    assert (found["input_tokens"], found["tokens"]) == (40 * (10**18 - 1), 80 * (10**18 - 1))


@pytest.mark.parametrize(("figure", "percent"), [(m.name, m.percent) for m in METRICS.values() if m.percent])
def test_percentiles_are_nearest_rank_at_every_number_of_calls(
    engine: sa.Engine, figure: str, percent: int
) -> None:
    """Rank = percent of n, rounded up, in whole numbers: where n is round, floating point may miss it."""
    most = 800
    expression = (
        METRICS[figure].expression({"completion_time_ms": sa.column("completion_time_ms")}).compile(engine)
    )
    ranks = sa.text(
        f"SELECT api_key_id, {expression} FROM (SELECT n AS api_key_id, unnest(range(1, n + 1)) AS "  # noqa: S608
        f"completion_time_ms FROM range(1, {most + 1}) t(n)) calls GROUP BY api_key_id ORDER BY api_key_id"
    )
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(ranks)]
    assert found == [(n, -(-percent * n // 100)) for n in range(1, most + 1)]


@pytest.mark.parametrize("time", [0, 1, 2, 3, 7, 8, 9, 1000, 1024, 10**6, 10**12])
def test_a_time_lies_within_the_edges_of_its_bin(engine: sa.Engine, time: int) -> None:
    with held(engine, [call(START, completion_time_ms=time)]) as connection:
        [(number,)] = answered(connection, Question(Selection(WEEKEND), ("calls",), ("time_bin",)))
    lower, upper = time_bin_edges(number)
    assert lower <= max(time, 1) < upper <= lower * 1.19
    assert upper == time_bin_edges(number + 1)[0]


@pytest.mark.parametrize("figure", EVERY)
def test_with_no_calls_sums_are_zero_and_times_unknown(engine: sa.Engine, figure: str) -> None:
    """Whether or not the number of calls is asked for beside it."""
    with held(engine, []) as connection:
        [found] = ask(connection, Question(Selection(WEEKEND), (figure,))).to_dict("records")
        by_key = ask(connection, Question(Selection(WEEKEND), (figure,), ("day", "key")))
    assert found == {figure: _of_nothing(figure)}
    assert by_key.empty
    assert list(by_key.columns) == ["day", "key", figure]
    assert pd.api.types.is_datetime64_dtype(by_key["day"])


def test_what_is_unknown_is_not_zero(engine: sa.Engine) -> None:
    with held(engine, [call(START)]) as connection:
        [found] = ask(connection, Question(Selection(WEEKEND), EVERY)).to_dict("records")
    known = {"calls", "unpriced_calls", "untimed_calls", "active_keys", "priced_calls"}
    assert {name for name, amount in found.items() if amount is not None} == known


def test_rows_come_in_order(engine: sa.Engine) -> None:
    rows = [
        call(START + timedelta(hours=n), model=f"m{n % 5}", cost_pico=None if n % 5 == 4 else n)
        for n in range(26)
    ]
    with held(engine, rows) as connection:
        days = ask(connection, Question(Selection(WEEKEND), ("calls",), ("hour", "model")))
        models = ask(connection, Question(Selection(WEEKEND), ("cost_usd", "calls"), ("model",)))
        two = ask(connection, Question(Selection(WEEKEND), ("cost_usd",), ("model",), limit=2))
    assert list(days["hour"]) == sorted(days["hour"])
    assert list(models["model"]) == ["m0", "m3", "m2", "m1", "m4"]  # what is unknown comes last
    assert list(two["model"]) == ["m0", "m3"]


UNKNOWN_NAMES: list[dict[str, Any]] = [
    {"metrics": ("calls; DROP TABLE calls",)},
    {"metrics": ("calls", "")},
    {"metrics": ()},
    {"metrics": ("calls", "calls")},
    {"by": ("called_at",)},
    {"by": ("key", "Key")},
    {"by": ("key", "key")},
    {"by": ("day",), "keep": ("2026-10-25",)},
    {"by": (), "keep": ("a",)},
    {"limit": 0},
    {"limit": 10**9},
]


@pytest.mark.parametrize("wrong", UNKNOWN_NAMES, ids=str)
def test_a_question_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    right = Question(Selection(WEEKEND), ("calls",), ("key",))
    with pytest.raises(SelectionError):
        replace(right, **wrong)


def test_figures_of_the_overview_exist() -> None:
    assert set(SUMMARY) <= set(OVERVIEW) <= set(METRICS)
    assert all(name == metric.name and metric.meaning for name, metric in METRICS.items())
    assert all(name == dimension.name and dimension.label for name, dimension in DIMENSIONS.items())
