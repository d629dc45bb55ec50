"""What the Latency page asks beyond questions, against the same worked out by hand from the same calls."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.by_hand import GROUPS, Row, call, calls, held
from usage_core.charts.chart import whole_numbers
from usage_core.errors import SelectionError
from usage_core.metrics.answer import ask
from usage_core.metrics.question import Question
from usage_core.metrics.shift_counts import Part, counts
from usage_core.metrics.shifts import FIGURES, Verdict, errors, shifts
from usage_core.metrics.slow_calls import MOST, Within, slow_calls
from usage_core.metrics.slow_days import Slow, daily, slow_days
from usage_core.metrics.time_by_tokens import time_by_tokens
from usage_core.metrics.time_counts import time_counts
from usage_core.metrics.within_target import spread, within_target
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe

DAY = timedelta(days=1)
FRAME = Timeframe(datetime(2026, 3, 11, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC), "Europe/Berlin")
NOW = Selection(FRAME)
START, END = (edge.replace(tzinfo=None) for edge in (FRAME.start, FRAME.end))
MICROSECOND = timedelta(microseconds=1)

some_calls = calls(START, END - MICROSECOND)


@given(rows=some_calls, target_ms=st.integers(0, 10**6), by=st.sampled_from([(), ("provider",), ("day",)]))
@settings(max_examples=12)
def test_the_share_within_a_target_is_what_it_is_by_hand(
    engine: sa.Engine, rows: list[Row], target_ms: int, by: tuple[str, ...]
) -> None:
    with held(engine, rows) as connection:
        frame = within_target(connection, NOW, target_ms, by)
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in rows:
        if row["completion_time_ms"] is not None:
            groups[tuple(GROUPS[name](row, FRAME.zone) for name in by)].append(row["completion_time_ms"])
    found = {tuple(row[name] for name in by): row for row in frame.to_dict("records")}
    assert found.keys() == groups.keys()
    for group, times in groups.items():
        assert found[group]["timed"] == len(times)
        assert found[group]["share"] == sum(time <= target_ms for time in times) / len(times)
        assert found[group]["margin"] == 0


@pytest.mark.parametrize(("target_ms", "by"), [(-1, ()), (86_400_001, ()), (5, ("called_at",))])
def test_a_target_that_makes_no_sense_is_refused(
    engine: sa.Engine, target_ms: int, by: tuple[str, ...]
) -> None:
    with held(engine, []) as connection, pytest.raises(SelectionError):
        within_target(connection, NOW, target_ms, by)


@given(st.integers(1, 10**7))
def test_a_target_lies_in_its_bin(target_ms: int) -> None:
    cut = spread(target_ms)
    if cut is None:
        return
    assert cut.first <= target_ms < cut.last <= cut.first * 1.02
    assert cut.part == pytest.approx((target_ms - cut.first + 1) / (cut.last - cut.first + 1))


@given(rows=some_calls)
@settings(max_examples=12)
def test_cells_are_what_they_are_by_hand(engine: sa.Engine, rows: list[Row]) -> None:
    with held(engine, rows) as connection:
        frame = time_by_tokens(connection, NOW)
    both = [(row["output_tokens"], row["completion_time_ms"]) for row in rows]
    expected = Counter(
        (math.floor(math.log2(max(tokens, 1)) * 2), math.floor(math.log2(max(ms, 1)) * 4))
        for tokens, ms in both
        if tokens is not None and ms is not None
    )
    edges = zip(frame["tokens_from"], frame["ms_from"], frame["calls"], strict=True)
    assert {(round(math.log2(a) * 2), round(math.log2(b) * 4)): n for a, b, n in edges} == expected
    assert list(frame["tokens_to"]) == pytest.approx(list(frame["tokens_from"] * 2**0.5))


@given(rows=some_calls)
@settings(max_examples=12)
def test_the_slowest_calls_are_whole_and_in_order(engine: sa.Engine, rows: list[Row]) -> None:
    with held(engine, rows) as connection:
        found = slow_calls(connection, NOW).to_dict("records")
    timed = [row for row in rows if row["completion_time_ms"] is not None]
    order = [(row["completion_time_ms"], row["called_at"]) for row in found]
    expected = sorted(((row["completion_time_ms"], row["called_at"]) for row in timed), reverse=True)
    assert order == expected[:MOST]
    left = [{name: row[name] for name in found[0]} for row in timed] if found else []
    for row in found:
        left.remove(row)


@given(rows=some_calls)
@settings(max_examples=10)
def test_a_cell_and_a_bin_hold_the_calls_that_they_are_said_to_hold(
    engine: sa.Engine, rows: list[Row]
) -> None:
    with held(engine, rows) as connection:
        for cell in time_by_tokens(connection, NOW).to_dict("records"):
            took = whole_numbers(cell["ms_from"], cell["ms_to"])
            output = whole_numbers(cell["tokens_from"], cell["tokens_to"])
            assert len(slow_calls(connection, NOW, Within(took, output))) == min(cell["calls"], MOST)
        for each in time_counts(connection, NOW, ()).to_dict("records"):
            took = whole_numbers(each["lower"], each["upper"])
            assert len(slow_calls(connection, NOW, Within(took))) == min(each["calls"], MOST)


def _bin(ms: int) -> int:
    return ms if ms <= 256 else 257 + math.floor(math.log2(ms / 256) * 48)


def _cut(times: Sequence[int], percent: int) -> int:
    return sorted(map(_bin, times))[-(-percent * len(times) // 100) - 1]


BEFORE = NOW.previous
both_periods = calls(START - (END - START), END - MICROSECOND, most=30)


@given(rows=both_periods)
@settings(max_examples=12)
def test_counts_beyond_common_percentiles_are_what_they_are_by_hand(
    engine: sa.Engine, rows: list[Row]
) -> None:
    with held(engine, rows) as connection:
        found = counts(connection, NOW, BEFORE, "provider")
    timed = [row for row in rows if row["completion_time_ms"] is not None]
    for provider in {row["provider_name"] for row in timed}:
        own = [row for row in timed if row["provider_name"] == provider]
        cuts = [_cut([row["completion_time_ms"] for row in own], percent) for percent in (50, 95)]
        for which in (0, 1):
            period = [row for row in own if (row["called_at"] < START) == bool(which)]
            if not period:
                assert provider not in found[which]
                continue
            for part, cut in zip(found[which][provider][:2], cuts, strict=True):
                assert part == _by_day(period, cut)


def _by_day(rows: list[Row], cut: int) -> Part:
    days: dict[Any, list[int]] = defaultdict(list)
    for row in rows:
        days[GROUPS["day"](row, FRAME.zone)].append(_bin(row["completion_time_ms"]) > cut)
    n, x = [len(day) for day in days.values()], [sum(day) for day in days.values()]
    mixed = sum(a * b for a, b in zip(n, x, strict=True))
    return Part(len(days), sum(n), sum(x), sum(a * a for a in n), sum(b * b for b in x), mixed)


def times(day: int, ms: Sequence[int], **given: Any) -> list[Row]:
    """Calls of one day of the 60 that both periods have, the first one 0, a second apart."""
    at = START - 30 * DAY + day * DAY + timedelta(hours=9)
    return [call(at + timedelta(seconds=n), completion_time_ms=each, **given) for n, each in enumerate(ms)]


def judged(engine: sa.Engine, rows: list[Row]) -> dict[str, Any]:
    with held(engine, rows) as connection:
        now, before = (ask(connection, Question(each, FIGURES, ("model",))) for each in (NOW, BEFORE))
        frame = shifts(now, before, counts(connection, NOW, BEFORE, "model"))
    assert len(frame) == 1
    found: dict[str, Any] = frame.to_dict("records")[0]
    return found


USUAL = [1000 + n for n in range(20)]


def test_what_takes_twice_as_long_is_slower_and_back_is_faster(engine: sa.Engine) -> None:
    rows = [row for day in range(60) for row in times(day, [ms * (1 + day // 30) for ms in USUAL])]
    found = judged(engine, rows)
    assert (found["verdict"], found["p50_ms_verdict"]) == (Verdict.SLOWER,) * 2
    assert (found["p50_ms"], found["p50_ms_before"]) == (2018, 1009)
    assert (found["timed"], found["timed_before"]) == (600, 600)
    assert found["waited"] == pytest.approx(600 * 1009.5, rel=0.02)
    faster = judged(
        engine, [row for day in range(60) for row in times(day, [ms * (2 - day // 30) for ms in USUAL])]
    )
    assert faster["verdict"] == Verdict.FASTER
    assert faster["waited"] == pytest.approx(-600 * 1009.5, rel=0.02)


def test_one_bad_day_is_noise_however_many_calls_it_has(engine: sa.Engine) -> None:
    """It moves p50 and p95 of the whole period, and throws of dice would never do so."""
    rows = [row for day in range(60) for row in times(day, USUAL)] + times(45, [9000] * 700)
    found = judged(engine, rows)
    assert found["p50_ms"] == 9000
    assert found["verdict"] == Verdict.SAME


def test_a_small_change_is_none_even_where_it_is_sure(engine: sa.Engine) -> None:
    rows = [row for day in range(60) for row in times(day, [ms + 80 * (day // 30) for ms in USUAL])]
    assert judged(engine, rows)["verdict"] == Verdict.SAME


def test_a_slow_tail_alone_is_slower(engine: sa.Engine) -> None:
    rows = [row for day in range(60) for row in times(day, [*USUAL[2:], *[1000 + 4000 * (day // 30)] * 2])]
    found = judged(engine, rows)
    assert (found["verdict"], found["p50_ms_verdict"], found["p95_ms_verdict"]) == (
        Verdict.SLOWER,
        Verdict.SAME,
        Verdict.SLOWER,
    )


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([row for day in range(28, 32) for row in times(day, USUAL)], Verdict.FEW),
        ([row for day in (28, 29, 30, 31) for row in times(day, USUAL * 9)], Verdict.FEW),
        (times(40, USUAL * 9), Verdict.NEW),
        (times(5, USUAL * 9), Verdict.GONE),
        ([call(START)], Verdict.FEW),
    ],
    ids=["few calls", "few days", "new", "gone", "no times"],
)
def test_what_cannot_be_judged_is_not(engine: sa.Engine, rows: list[Row], verdict: Verdict) -> None:
    assert judged(engine, rows)["verdict"] == verdict


def test_errors_are_those_of_throws_where_days_are_alike() -> None:
    """100 of 400 against 60 of 400, in days alike: the difference by the pooled standard error."""
    now, before = (Part(4, 400, x, 4 * 100**2, x**2 / 4, 100 * x) for x in (100.0, 60.0))
    pooled = math.sqrt(0.2 * 0.8 * (2 / 400))
    assert errors(now, before) == pytest.approx((0.25 - 0.15) / pooled)
    assert errors(before, now) == pytest.approx((0.15 - 0.25) / pooled)


def slow(engine: sa.Engine, rows: list[Row]) -> list[Slow]:
    with held(engine, rows) as connection:
        return slow_days(daily(connection, NOW))


def usual_days(**given: Any) -> list[Row]:
    """30 days on which times differ a little from day to day."""
    return [
        row for day in range(30, 60) for row in times(day, [ms + 30 * (day % 7) for ms in USUAL], **given)
    ]


def test_slow_days_in_a_row_are_one_finding(engine: sa.Engine) -> None:
    rows = [row for row in usual_days(provider="A") if row["called_at"].day not in (18, 19)]
    bad = [
        *times(37, [4 * ms for ms in USUAL], provider="A"),
        *times(38, [8 * ms for ms in USUAL], provider="A"),
    ]
    [found] = slow(engine, rows + bad + usual_days(provider="B", model="other"))
    assert (found.provider, found.first.day, found.last.day, found.calls) == ("A", 18, 19, 40)
    assert found.times == pytest.approx(math.sqrt(4 * 8), rel=0.1)
    assert found.lost_ms == pytest.approx(20 * 1100 * (3 + 7), rel=0.1)


def test_more_calls_of_a_slow_model_are_no_slow_day(engine: sa.Engine) -> None:
    rows = usual_days(provider="A") + [
        row
        for day in range(30, 60)
        for row in times(day, [20_000 + 100 * (day % 5)] * 6, provider="A", model="slow")
    ]
    assert slow(engine, rows + times(44, [20_200] * 500, provider="A", model="slow")) == []


def test_a_provider_that_is_always_odd_has_no_slow_days(engine: sa.Engine) -> None:
    rows = [row for day in range(30, 60) for row in times(day, [ms * 3 ** (day % 3) for ms in USUAL])]
    assert slow(engine, rows) == []


def test_nothing_is_found_in_nothing(engine: sa.Engine) -> None:
    with held(engine, []) as connection:
        assert within_target(connection, NOW, 1000).empty
        assert time_by_tokens(connection, NOW).empty
        assert slow_calls(connection, NOW).empty
        assert slow_days(daily(connection, NOW)) == []
        assert counts(connection, NOW, BEFORE, "key") == ({}, {})
