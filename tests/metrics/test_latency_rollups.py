"""What the Latency page asks beyond questions: rollups answer as the calls do, in a store of any size."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing import open_copy
from tests.metrics.by_hand import as_log, call
from usage_core import sample
from usage_core.intake.run import import_file
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.covers import Coverage
from usage_core.metrics.question import Question
from usage_core.metrics.shift_counts import counts
from usage_core.metrics.slow_calls import EVERY, MOST, slow_calls
from usage_core.metrics.slow_days import daily, slow_days
from usage_core.metrics.time_counts import time_counts
from usage_core.metrics.within_target import spread, within_target
from usage_core.selection import UNKNOWN, Selection
from usage_core.store.kept import KEPT, Kept
from usage_core.store.lake import Lake
from usage_core.store.settings import set_reporting_zone
from usage_core.timeframe import Timeframe

LAST = datetime(2026, 4, 20, tzinfo=UTC)
DAYS = 100  # of which two months are whole
RAG_ANSWERS = sample.key_id(1, "rag-answers")


@pytest.fixture(scope="module")
def connection(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Connection]:
    """Two imports over one another's days, in a workspace of Berlin, whose clocks change within them."""
    home = tmp_path_factory.mktemp("latency")
    lake = open_copy(empty_store, home / "store")
    with lake.writing() as connection:
        set_reporting_zone(connection, "Europe/Berlin")
    for seed in (1, 2):
        sample.write_csv(home / "log.csv", calls=3_000, days=DAYS, seed=seed, until=LAST)
        import_file(lake, home / "log.csv")
    with lake.reading() as connection:
        yield connection
    lake.close()


@pytest.fixture(scope="module")
def large(connection: sa.Connection) -> Coverage:
    """As if the store had too many calls to sort."""
    return replace(coverage(connection), calls=10**9)


frames = st.builds(
    lambda start, length, zone: Timeframe(
        LAST - timedelta(minutes=start), LAST - timedelta(minutes=max(start - length, 0)), zone
    ),
    st.integers(1, (DAYS + 2) * 1440),
    st.integers(1, (DAYS + 2) * 1440),
    st.sampled_from(["Europe/Berlin", "UTC", "Asia/Kolkata"]),
)
selections = st.builds(
    Selection,
    frames,
    kind=st.sampled_from([(), ("completion",)]),
    provider=st.sampled_from([(), ("OpenAI",)]),
    key=st.sampled_from([(), (RAG_ANSWERS,)]),
    model=st.sampled_from([(), ("claude-sonnet-5-5", UNKNOWN)]),
)


@settings(max_examples=12)
@given(
    selection=selections,
    target_ms=st.integers(0, 300) | st.integers(0, 120_000),
    by=st.sampled_from([(), ("day",), ("model",), ("key",), ("week",), ("model", "day")]),
)
def test_shares_from_bins_are_right_within_their_margin(
    connection: sa.Connection, large: Coverage, selection: Selection, target_ms: int, by: tuple[str, ...]
) -> None:
    near = within_target(connection, selection, target_ms, by, large)
    exact = within_target(connection, selection, target_ms, by)
    if by:
        near, exact = (frame.set_index(list(by)).sort_index() for frame in (near, exact))
    assert list(near["timed"]) == list(exact["timed"])
    assert ((near["share"] - exact["share"]).abs() <= near["margin"] + 1e-12).all()
    if spread(target_ms) is None:
        assert (near["margin"] == 0).all()


def test_bins_answer_a_large_store(connection: sa.Connection, large: Coverage) -> None:
    month = Selection(Timeframe(LAST - timedelta(days=30), LAST, "Europe/Berlin"))
    for by, table in (
        ((), "rollup_day_times_lists"),
        (("model",), "rollup_times_lists"),
        (("day", "key"), "rollup_key_times_lists"),
    ):
        assert within_target(connection, month, 5_000, by, large).attrs["sources"] == [table]
    of_a_key = replace(month, key=(RAG_ANSWERS,))
    sources = within_target(connection, of_a_key, 5_000, ("model",), large).attrs["sources"]
    assert sources == ["calls in lists"]
    assert within_target(connection, month, 5_000, (), coverage(connection)).attrs["sources"] == ["calls"]


@settings(max_examples=12)
@given(selection=selections)
def test_the_slowest_calls_are_found_by_their_days(
    connection: sa.Connection, large: Coverage, selection: Selection
) -> None:
    quick, plain = (slow_calls(connection, selection, EVERY, known) for known in (large, None))
    assert quick.to_dict("records") == plain.to_dict("records")
    assert len(quick) <= MOST


def test_equally_long_calls_come_newest_first(lake: Lake, tmp_path: Path) -> None:
    """Thirty calls of each of sixty days took as long: the fifty slowest are of the last two days."""
    start = (LAST - timedelta(days=60)).replace(tzinfo=None)
    at = [start + timedelta(days=day, minutes=n) for day in range(60) for n in range(30)]
    (tmp_path / "log.csv").write_text(as_log(call(each, completion_time_ms=600_000) for each in at))
    import_file(lake, tmp_path / "log.csv")
    everything = Selection(Timeframe(LAST - timedelta(days=60), LAST))
    with lake.reading() as connection:
        found = slow_calls(connection, everything, EVERY, coverage(connection))
    assert list(found["called_at"]) == sorted(at, reverse=True)[:MOST]


@settings(max_examples=15)
@given(selection=selections, by=st.sampled_from(["model", "provider", "key"]))
def test_counts_are_those_of_the_calls(
    connection: sa.Connection, large: Coverage, selection: Selection, by: str
) -> None:
    # In days of the store's zone, whichever the selection has.
    there = selection.over(replace(selection.timeframe, zone="Europe/Berlin"))
    from_bins = counts(connection, selection, selection.previous, by, large)
    from_calls = counts(connection, there, there.previous, by)
    for left, right in zip(from_bins, from_calls, strict=True):
        assert left.keys() == right.keys()
        for value in left:
            assert left[value][:2] == right[value][:2]
            assert left[value].spent == pytest.approx(right[value].spent)


def test_the_slow_days_of_the_sample_are_found(connection: sa.Connection, large: Coverage) -> None:
    told = sample.story(LAST)
    month = Selection(Timeframe(LAST - timedelta(days=30), LAST, "Europe/Berlin"), kind=("completion",))
    days = daily(connection, month, large)
    in_order = [
        frame.sort_values(["provider", "at"], ignore_index=True) for frame in (days, daily(connection, month))
    ]
    pd.testing.assert_frame_equal(*in_order)
    found = [slow for slow in slow_days(days) if slow.provider == told.slow_provider]
    assert all(told.slow_from <= slow.first.date() <= slow.last.date() < told.slow_until for slow in found)


def test_a_large_store_keeps_its_own_days(connection: sa.Connection, large: Coverage) -> None:
    month = Selection(Timeframe(LAST - timedelta(days=30), LAST, "Asia/Kolkata"))
    assert daily(connection, month, large).attrs["zone"] == "Europe/Berlin"
    assert daily(connection, month, coverage(connection)).attrs["zone"] == "Asia/Kolkata"


@settings(max_examples=15)
@given(selection=selections, models=st.sampled_from([(), ("gpt-6-luna",), ("gpt-6-luna", "gemini-2.5-pro")]))
def test_bins_that_are_shown_are_made_of_fine_ones(
    connection: sa.Connection, large: Coverage, selection: Selection, models: tuple[str, ...]
) -> None:
    selection = replace(selection, model=models and selection.model and models)
    from_lists = time_counts(connection, selection, models, large)
    pd.testing.assert_frame_equal(from_lists, time_counts(connection, selection, models), check_dtype=False)


@pytest.mark.parametrize("key", [(), (RAG_ANSWERS,)])
@pytest.mark.parametrize("by", [("day", "model"), ("model",), ("day",), ()])
def test_what_was_read_of_all_models_serves_for_some(
    connection: sa.Connection, large: Coverage, key: tuple[str, ...], by: tuple[str, ...]
) -> None:
    """As on a copy of the store, which keeps what was read of it."""
    every = Selection(Timeframe(LAST - timedelta(days=9), LAST, "Europe/Berlin"), key=key)
    some = replace(every, model=("gpt-6-sol", "claude-sonnet-5-5"))
    keeping = connection.execution_options(**{KEPT: Kept(2**20)})
    try:
        for selection in (every, some):
            counts(keeping, selection, selection.previous, "model", large)
        kept = ask(keeping, Question(some, ("p95_ms", "calls"), by), large)
    finally:
        connection.execution_options(**{KEPT: None})
    pd.testing.assert_frame_equal(kept, ask(connection, Question(some, ("p95_ms", "calls"), by), large))
    assert len(kept)
