"""Rollups answer as the calls do: everything exactly, percentiles of large stores within 1 %."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing import open_copy
from usage_core import sample
from usage_core.intake.run import import_file
from usage_core.metrics import answer, day_rows, held_times, slow_days
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.covers import Coverage
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.plan import plan
from usage_core.metrics.question import Question
from usage_core.selection import UNKNOWN, Selection
from usage_core.store import rollups
from usage_core.store.lake import Lake
from usage_core.store.settings import reporting_zone, set_reporting_zone
from usage_core.timeframe import Timeframe

LAST = datetime(2026, 4, 20, tzinfo=UTC)
DAYS = 40
ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Honolulu", "America/New_York"]
SUMS = tuple(name for name, metric in METRICS.items() if not metric.percent)
PERCENTILES = tuple(name for name, metric in METRICS.items() if metric.percent)


@pytest.fixture(scope="module")
def lake(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Two imports over one another's days, in a workspace of Berlin, whose clocks change within them."""
    home = tmp_path_factory.mktemp("rollups")
    lake = open_copy(empty_store, home / "store")
    with lake.writing() as connection:
        set_reporting_zone(connection, "Europe/Berlin")
    for seed in (1, 2):
        sample.write_csv(home / "log.csv", calls=4_000, days=DAYS, seed=seed, until=LAST)
        import_file(lake, home / "log.csv")
    yield lake
    lake.close()


@pytest.fixture(scope="module")
def connection(lake: Lake) -> Iterator[sa.Connection]:
    with lake.reading() as connection:
        yield connection


@pytest.fixture(scope="module")
def known(connection: sa.Connection) -> Coverage:
    return coverage(connection)


def values(column: str, connection: sa.Connection) -> list[str]:
    return list(connection.execute(sa.text(f"SELECT DISTINCT {column} FROM calls ORDER BY 1")).scalars())  # noqa: S608


@st.composite
def selections(draw: st.DrawFn, connection: sa.Connection) -> Selection:
    first = LAST - timedelta(days=DAYS + 2)
    minutes = st.integers(0, (DAYS + 4) * 24 * 60)
    whole_days = draw(st.booleans())
    step = 24 * 60 if whole_days else 1
    start, end = sorted(draw(st.lists(minutes, min_size=2, max_size=2, unique_by=lambda m: m // step)))
    frame = Timeframe(
        first + timedelta(minutes=start // step * step),
        first + timedelta(minutes=end // step * step),
        draw(st.sampled_from(ZONES)),
    )
    some = {
        name: tuple(draw(st.lists(st.sampled_from(values(column, connection)), max_size=2)))
        for name, column in (("key", "api_key_id"), ("provider", "provider_name"), ("model", "model_name"))
        if draw(st.integers(0, 3)) == 0
    }
    return Selection(frame, **some)


def same(left: pd.DataFrame, right: pd.DataFrame, by: tuple[str, ...]) -> None:
    rows = [
        sorted(frame.to_dict("records"), key=lambda row: str([row[name] for name in by]))
        for frame in (left, right)
    ]
    assert rows[0] == rows[1]


BREAKDOWNS = st.lists(st.sampled_from(sorted(set(DIMENSIONS) - {"time_bin"})), max_size=2, unique=True).map(
    tuple
)


@settings(max_examples=12)
@given(data=st.data())
def test_sums_are_those_of_the_calls(connection: sa.Connection, known: Coverage, data: st.DataObject) -> None:
    question = Question(data.draw(selections(connection)), SUMS, data.draw(BREAKDOWNS))
    same(ask(connection, question, known), ask(connection, question), question.by)


@pytest.fixture(scope="module", params=[True, False], ids=["everything read ahead", "read as asked for"])
def copy(request: pytest.FixtureRequest, lake: Lake) -> Iterator[sa.Connection]:
    """A copy in memory of the store."""
    lake.keep_hot((day_rows.ahead, held_times.ahead) if request.param else ())
    assert lake.hot
    lake.hot.make()
    with lake.hot.reading(lake.version()) as connection:
        assert connection
        yield connection
    lake.hot.close()
    lake.hot = None


@settings(max_examples=12)
@given(data=st.data())
def test_sums_that_were_read_once_are_those_of_statements(
    connection: sa.Connection, copy: sa.Connection, known: Coverage, data: st.DataObject
) -> None:
    selection, by = data.draw(selections(connection)), data.draw(BREAKDOWNS)
    metrics = tuple(data.draw(st.lists(st.sampled_from(SUMS), min_size=1, unique=True)))
    keep = data.draw(st.none() | st.just(("gpt-5-mini", UNKNOWN))) if by and by[-1] == "model" else None
    question = Question(selection, metrics, by, keep, data.draw(st.sampled_from([3, 5000])))
    pd.testing.assert_frame_equal(ask(copy, question, known), ask(connection, question, known))


def test_a_figure_of_days_takes_no_statement_where_they_were_read_ahead(
    copy: sa.Connection, known: Coverage, monkeypatch: pytest.MonkeyPatch
) -> None:
    day_rows.ahead(copy)
    monkeypatch.setattr(answer, "by_column", None)
    question = Question(Selection(WEEK), SUMS, ("day", "key"))
    assert len(ask(copy, question, known)) > 7


def test_many_sums_are_left_where_they_are(
    connection: sa.Connection, copy: sa.Connection, known: Coverage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_rows, "MOST_ROWS_READ", 3)
    frame = Timeframe(LAST - timedelta(days=9), LAST - timedelta(hours=5), "Europe/Berlin")
    question = Question(Selection(frame), SUMS, ("model",))
    pd.testing.assert_frame_equal(ask(copy, question, known), ask(connection, question, known))


@settings(max_examples=12)
@given(data=st.data())
def test_times_that_were_read_ahead_are_those_of_statements(
    connection: sa.Connection, copy: sa.Connection, known: Coverage, data: st.DataObject
) -> None:
    by = data.draw(
        st.sampled_from([(), ("day",), ("model",), ("key",), ("week", "kind"), ("month", "model")])
    )
    selection = data.draw(selections(connection))
    large = Coverage(known.zone, 10**9, known.first, known.last)
    keep = data.draw(st.none() | st.just(("gpt-5-mini", UNKNOWN))) if by and by[-1] == "model" else None
    question = Question(selection, PERCENTILES, by, keep)
    pd.testing.assert_frame_equal(ask(copy, question, large), ask(connection, question, large))
    own = [slow_days.daily(each, selection, large) for each in (copy, connection)]
    pd.testing.assert_frame_equal(*own)


def test_long_lists_are_left_where_they_are(
    connection: sa.Connection, copy: sa.Connection, known: Coverage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_times, "MOST_BINS_READ", 3)
    monkeypatch.setattr(held_times, "_key", lambda table: ("anew", table.name))
    held_times.ahead(copy)
    large = Coverage(known.zone, 10**9, known.first, known.last)
    question = Question(Selection(WEEK), PERCENTILES, ("model",))
    pd.testing.assert_frame_equal(ask(copy, question, large), ask(connection, question, large))


@settings(max_examples=12)
@given(data=st.data())
def test_percentiles_from_bins_are_within_one_percent(
    connection: sa.Connection, known: Coverage, data: st.DataObject
) -> None:
    by = data.draw(st.sampled_from([(), ("day",), ("model",), ("key",), ("week", "kind"), ("week", "model")]))
    selection = data.draw(selections(connection))
    question = Question(selection, (*PERCENTILES, "calls"), by)
    large = Coverage(known.zone, 10**9, known.first, known.last)
    exact = ask(connection, question).set_index(list(by)) if by else ask(connection, question)
    near = ask(connection, question, large).set_index(list(by)) if by else ask(connection, question, large)
    assert list(near.index.sort_values()) == list(exact.index.sort_values())
    for name in PERCENTILES:
        for group, time in exact[name].items():
            found = near.at[group, name]
            assert (found is None) == (time is None)
            if time is not None:
                assert abs(found - time) <= max(0.5, 0.01 * time), (group, name)


def test_distribution_is_that_of_the_calls(connection: sa.Connection, known: Coverage) -> None:
    frame = Timeframe(LAST - timedelta(days=20, hours=3), LAST, "Europe/Berlin")
    question = Question(Selection(frame), ("calls",), ("time_bin",))
    assert plan(question, known).sources == ["rollup_day_times_lists"]
    same(ask(connection, question, known), ask(connection, question), question.by)


WEEK = Timeframe(LAST - timedelta(days=7), LAST, "Europe/Berlin")
ELSEWHERE = Timeframe(LAST - timedelta(days=7), LAST, "America/New_York")
HALF_HOUR = Timeframe(LAST - timedelta(days=7), LAST, "Asia/Kolkata")


@pytest.mark.parametrize(
    ("selection", "metrics", "by", "source"),
    [
        (Selection(WEEK), ("calls", "active_keys"), ("key",), "rollup_days"),
        (Selection(WEEK, provider=("OpenAI",)), ("cost_usd",), ("day", "key"), "rollup_days"),
        (Selection(ELSEWHERE, model=("gpt-6-luna",)), ("cost_usd",), ("key",), "rollup_days"),
        (Selection(ELSEWHERE), ("cost_usd",), ("day", "key"), "rollup_key_hours"),
        (Selection(ELSEWHERE), ("cost_usd",), ("day", "model"), "rollup_model_hours"),
        (Selection(WEEK), ("calls",), ("weekday", "hour_of_day"), "rollup_key_hours"),
        (Selection(WEEK), ("max_ms", "output_cost_usd"), ("key", "model"), "rollup_days"),
        (Selection(WEEK), ("output_cost_usd",), ("hour",), "calls"),
        (Selection(WEEK), ("calls",), ("model", "time_bin"), "rollup_times_lists"),
        (Selection(WEEK), ("cost_usd",), ("time_bin",), "calls"),
        (Selection(HALF_HOUR), ("calls",), ("weekday", "hour_of_day"), "calls"),
        (Selection(ELSEWHERE), ("cost_usd",), ("day", "key", "model"), "calls"),
        (
            Selection(Timeframe(LAST - timedelta(hours=3), LAST - timedelta(hours=1))),
            ("calls",),
            ("key",),
            "rollup_key_hours",
        ),
    ],
)
def test_the_rollup_that_answers(
    connection: sa.Connection,
    known: Coverage,
    selection: Selection,
    metrics: tuple[str, ...],
    by: tuple[str, ...],
    source: str,
) -> None:
    question = Question(selection, metrics, by)
    frame = ask(connection, question, known)
    assert frame.attrs["sources"] == [source]
    same(frame, ask(connection, question), by)


def test_small_stores_have_exact_percentiles(connection: sa.Connection, known: Coverage) -> None:
    question = Question(Selection(WEEK), ("p95_ms", "calls"))
    frame = ask(connection, question, known)
    assert frame.attrs["sources"] == ["calls", "rollup_days"]
    same(frame, ask(connection, question), ())


def test_another_zone_rebuilds(empty_store: Path, tmp_path: Path) -> None:
    home = tmp_path / "store"
    lake = open_copy(empty_store, home)
    sample.write_csv(tmp_path / "log.csv", calls=500, days=70, seed=5, until=LAST)
    import_file(lake, tmp_path / "log.csv")
    told: list[float] = []
    with lake.writing() as connection:
        set_reporting_zone(connection, "Asia/Kolkata")
        rollups.rebuild(connection, "Asia/Kolkata", told.append)
        with lake.reading() as reader:  # sees the store as it was until the end
            assert reporting_zone(reader) == "UTC"
    frame = Timeframe(LAST - timedelta(days=70), LAST, "Asia/Kolkata")
    with lake.reading() as connection:
        question = Question(Selection(frame), SUMS, ("day", "key"))
        answer = ask(connection, question, coverage(connection))
        assert answer.attrs["sources"] == ["rollup_days"]
        same(answer, ask(connection, question), question.by)
    assert told == sorted(told)
    assert told[-1] == 1.0
    lake.close()
