"""Calls in flight, against the definition: count those that have begun and not ended, at every instant."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing import open_copy
from tests.metrics.by_hand import GROUPS, KEYS, MODELS, PROVIDERS, Row, call, held
from tests.metrics.test_zones import CASES, IDS
from usage_core import sample
from usage_core.errors import SelectionError
from usage_core.intake.run import import_file
from usage_core.metrics import in_flight, sweep
from usage_core.metrics.answer import coverage
from usage_core.metrics.in_flight import Peak, over_time, peak, peaks
from usage_core.metrics.slices import slices
from usage_core.selection import FILTERS, UNKNOWN, Selection
from usage_core.store.rows import arrow
from usage_core.timeframe import MINUTE, Timeframe, custom

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
MS, MICROSECOND = timedelta(milliseconds=1), timedelta(microseconds=1)
WEEKEND = Timeframe(
    datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 26, 1, tzinfo=UTC), "Europe/Berlin"
)
START, END = (edge.replace(tzinfo=None) for edge in (WEEKEND.start, WEEKEND.end))
NOBODY = Peak(0, None, 0)


def span(row: Row) -> tuple[datetime, datetime]:
    """When a call is in flight, as aware instants; the end is not part of it."""
    start = row["called_at"].replace(tzinfo=UTC)
    took = row["completion_time_ms"]
    return start, start + min(took, 10**12) * MS  # 31 years are as good as any longer time


def counted(rows: Sequence[Row], frame: Timeframe) -> dict[datetime, int]:
    """How many calls are in flight at every instant where that can change, and at every minute."""
    spans = [span(row) for row in rows if row["completion_time_ms"] is not None]
    minutes = (frame.start + MINUTE * n for n in range(frame.length // MINUTE))
    instants = {*minutes, *(start for start, _ in spans if frame.start <= start < frame.end)}
    return {at: sum(start <= at < end for start, end in spans) for at in sorted(instants)}


def highest(levels: dict[datetime, int], untimed: int = 0) -> Peak:
    """The peak among instants in order of time."""
    at = max(levels, key=lambda at: levels[at])  # the first, if there are several
    return Peak(levels[at], at if levels[at] else None, untimed)


def untimed(rows: Sequence[Row], frame: Timeframe) -> int:
    within = (row for row in rows if frame.start <= row["called_at"].replace(tzinfo=UTC) < frame.end)
    return sum(row["completion_time_ms"] is None for row in within)


def by_hand(rows: Sequence[Row], frame: Timeframe) -> Peak:
    return highest(counted(rows, frame), untimed(rows, frame))


def touches(row: Row, frame: Timeframe) -> bool:
    """Whether a call was made in a timeframe or still ran in it."""
    start = row["called_at"].replace(tzinfo=UTC)
    if frame.start <= start < frame.end:
        return True
    return start < frame.start and row["completion_time_ms"] is not None and span(row)[1] > frame.start


edges = st.sampled_from([START, START + HOUR, START + 3 * HOUR, START + 26 * HOUR, END])
near = st.builds(lambda edge, step: edge + step * SECOND, edges, st.integers(-5, 5))
moments = (
    near
    | st.builds(lambda at, off: at + off * MICROSECOND, near, st.sampled_from([-1000, -1, 1, 500]))
    | st.datetimes(START - 3 * HOUR, END)
    | st.datetimes(START - timedelta(days=20), END + HOUR)
)
HOUR_MS = in_flight.LONG_MS
times = (
    st.integers(0, 5).map(lambda n: n * 1000)
    | st.integers(0, 20_000)
    | st.sampled_from([None, 0, 1, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1, HOUR_MS + 2000])
    | st.integers(0, 30 * 86_400_000)
    | st.integers(10**12, 10**18 - 1)
)
QUARTER = 15 * MINUTE
on_the_quarter = st.integers(-12, 32).map(lambda n: START + n * QUARTER)  # clocks change at 12
quarters = st.integers(-1, 12).map(lambda n: n * QUARTER // MS if n >= 0 else None)


def some(moments: st.SearchStrategy[datetime], times: st.SearchStrategy[int | None]) -> Any:
    row = st.builds(
        call,
        moments,
        completion_time_ms=times,
        api_key_id=st.sampled_from(KEYS),
        provider=st.sampled_from(PROVIDERS),
        model=st.sampled_from(MODELS),
        kind=st.sampled_from(("completion", "embedding")),
    )
    return st.lists(row, max_size=16)


# Those of quarters of an hour end when others begin, and when hours and timeframes do.
calls = some(on_the_quarter, quarters) | some(moments, times)
sizes = st.sampled_from([1, 2, 5, 1000])


@st.composite
def frames(draw: st.DrawFn, zone: str = "Europe/Berlin") -> Timeframe:
    """The weekend in which Berlin's clocks are put back, or a part of it."""
    step = draw(st.sampled_from([MINUTE, QUARTER, HOUR, WEEKEND.length]))
    edge = st.integers(0, WEEKEND.length // step)
    start, end = sorted(draw(st.lists(edge, min_size=2, max_size=2, unique=True)))
    return Timeframe(WEEKEND.start + start * step, WEEKEND.start + end * step, zone)


def read_by(size: int) -> Any:
    """Have stretches of about so many calls, for as long as this lasts."""
    return patch.object(in_flight, "STRETCH_ROWS", size)


@given(rows=calls, frame=frames(), size=sizes)
@settings(max_examples=15)
def test_the_peak_is_what_counting_gives(
    engine: sa.Engine, rows: list[Row], frame: Timeframe, size: int
) -> None:
    with held(engine, rows) as connection, read_by(size):
        assert peak(connection, Selection(frame)) == by_hand(rows, frame)


@given(
    rows=calls,
    frame=frames(),
    size=sizes,
    by=st.sampled_from(list(FILTERS)),
    lanes=st.sampled_from([1, 2, 10**6]),
)
@settings(max_examples=12)
def test_each_value_has_the_peak_of_its_own_calls(
    engine: sa.Engine, rows: list[Row], frame: Timeframe, size: int, by: str, lanes: int
) -> None:
    """However many lanes fit on one line."""
    line = lanes * (frame.length // MICROSECOND + 1)
    with held(engine, rows) as connection, read_by(size), patch.object(sweep, "LINE", min(line, 2**62)):
        found = peaks(connection, Selection(frame), by)
    groups: dict[str | None, list[Row]] = {}
    for row in rows:
        if touches(row, frame):
            groups.setdefault(row[FILTERS[by]], []).append(row)
    assert found == {value: by_hand(each, frame) for value, each in groups.items()}
    heights = [each.calls for each in found.values()]
    assert heights == sorted(heights, reverse=True)


@given(
    rows=calls,
    frame=frames(),
    accepted=st.fixed_dictionaries(
        {},
        optional={
            "key": st.lists(st.sampled_from(KEYS), min_size=1, max_size=2),
            "provider": st.lists(st.sampled_from([UNKNOWN, *PROVIDERS[1:]]), min_size=1, max_size=2),
            "model": st.lists(st.sampled_from([*MODELS, "nothing"]), min_size=1, max_size=2),
        },
    ),
)
@settings(max_examples=15)
def test_filters(
    engine: sa.Engine, rows: list[Row], frame: Timeframe, accepted: dict[str, list[str]]
) -> None:
    through = [
        row
        for row in rows
        if all((row[FILTERS[name]] or UNKNOWN) in values for name, values in accepted.items())
    ]
    selection = Selection(frame, **{name: tuple(values) for name, values in accepted.items()})
    with held(engine, rows) as connection, read_by(3):
        assert peak(connection, selection) == by_hand(through, frame)


def periods_by_hand(found: dict[datetime, int], zone: str, grain: str) -> dict[datetime, Peak]:
    """Each instant's period is the one that the zone's clocks show then."""
    levels: dict[datetime, dict[datetime, int]] = {}
    for at, level in found.items():
        period = GROUPS[grain]({"called_at": at.replace(tzinfo=None)}, zone)
        levels.setdefault(period, {})[at] = level
    return {period: highest(levels[period]) for period in sorted(levels)}


def same_over_time(connection: sa.Connection, rows: Sequence[Row], frame: Timeframe, *grains: Any) -> None:
    levels = counted(rows, frame)
    for grain in grains:
        found = over_time(connection, Selection(frame), grain)
        assert found.peak == highest(levels, untimed(rows, frame))
        at = [None if pd.isna(moment) else moment.to_pydatetime() for moment in found.periods["at"]]
        starts = [start.to_pydatetime() for start in found.periods[grain]]
        shown = zip(starts, found.periods["in_flight"].tolist(), at, strict=True)
        expected = periods_by_hand(levels, frame.zone, grain)
        assert list(shown) == [(start, each.calls, each.at) for start, each in expected.items()], grain


@given(
    rows=calls,
    frame=frames() | frames("UTC") | frames("Asia/Kathmandu"),
    size=sizes,
    grain=st.sampled_from(["hour", "hour", "hour", "day", "week", "month"]),
)
@settings(max_examples=15)
def test_each_period_has_the_peak_of_its_own_instants(
    engine: sa.Engine, rows: list[Row], frame: Timeframe, size: int, grain: str
) -> None:
    """Also where nothing begins in it, and where clocks show an hour twice."""
    with held(engine, rows) as connection, read_by(size):
        same_over_time(connection, rows, frame, grain)


def test_an_hour_has_what_begins_with_it_and_not_what_ends_with_it(engine: sa.Engine) -> None:
    frame = Timeframe(WEEKEND.start, WEEKEND.start + 5 * HOUR)
    rows = [
        call(START + HOUR, completion_time_ms=1000),
        call(START + 3 * HOUR - SECOND, completion_time_ms=1000),
    ]
    for size in (1, 1000):
        with held(engine, rows) as connection, read_by(size):
            found = over_time(connection, Selection(frame), "hour")
        assert found.periods["in_flight"].tolist() == [0, 1, 1, 0, 0]
        assert found.periods["at"].dropna().tolist() == [at(HOUR), at(3 * HOUR - SECOND)]


@pytest.mark.parametrize(("zone", "day"), CASES, ids=IDS)
def test_periods_of_every_kind_of_zone(engine: sa.Engine, zone: str, day: date) -> None:
    frame = custom(day - timedelta(days=1), day + timedelta(days=1), zone)
    draw, start = Random(3), frame.start.replace(tzinfo=None) - HOUR
    rows = [
        call(start + draw.random() * (frame.length + HOUR), completion_time_ms=int(draw.expovariate(1e-6)))
        for _ in range(40)
    ]
    with held(engine, rows) as connection, read_by(7):
        same_over_time(connection, rows, frame, "hour", "day")


def found(engine: sa.Engine, *rows: tuple[timedelta, int | None]) -> Peak:
    """The peak of the weekend's calls, each from so long after its start for so many ms."""
    made = [call(START + after, completion_time_ms=took) for after, took in rows]
    with held(engine, made) as connection:
        return peak(connection, Selection(WEEKEND))


def at(after: timedelta) -> datetime:
    return WEEKEND.start + after


def test_one_ends_before_another_begins(engine: sa.Engine) -> None:
    assert found(engine, (HOUR, 1000), (HOUR + SECOND, 1000)) == Peak(1, at(HOUR), 0)
    assert found(engine, (HOUR, 1000), (HOUR + SECOND - MICROSECOND, 1)).calls == 2
    together = found(engine, (HOUR, 1000), (HOUR + SECOND, 5), (HOUR + SECOND, 5), (HOUR + SECOND, 0))
    assert together == Peak(2, at(HOUR + SECOND), 0)


def test_what_takes_no_time_and_what_takes_nobody_knows_how_long(engine: sa.Engine) -> None:
    assert found(engine) == NOBODY
    assert found(engine, (HOUR, 0), (HOUR, 0)) == NOBODY
    assert found(engine, (HOUR, None), (2 * HOUR, None), (-HOUR, None), (WEEKEND.length, None)) == Peak(
        0, None, 2
    )
    assert found(engine, (HOUR, 0), (HOUR, 1), (HOUR, None)) == Peak(1, at(HOUR), 1)


@pytest.mark.parametrize("took", [1, 1000, HOUR_MS, HOUR_MS + 1, 10 * 86_400_000])
def test_a_call_counts_until_it_is_over_however_long_ago_it_was_made(engine: sa.Engine, took: int) -> None:
    assert found(engine, (-took * MS, took)) == NOBODY
    assert found(engine, (-took * MS + MICROSECOND, took)) == Peak(1, at(timedelta()), 0)
    assert found(engine, (-took * MS + MICROSECOND, took), (timedelta(), 1)) == Peak(2, at(timedelta()), 0)


def test_what_begins_when_the_timeframe_is_over_does_not_count(engine: sa.Engine) -> None:
    assert found(engine, (WEEKEND.length, 1000)) == NOBODY
    last = WEEKEND.length - MICROSECOND
    assert found(engine, (last, 10**18 - 1), (WEEKEND.length, 1000)) == Peak(1, at(last), 0)


def test_an_unknown_breakdown_is_refused(engine: sa.Engine) -> None:
    with held(engine, []) as connection, pytest.raises(SelectionError, match="'day' has no peaks"):
        peaks(connection, Selection(WEEKEND), "day")


def test_no_stretch_is_longer_than_asked(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def told(connection: sa.Connection, statement: sa.Select[Any]) -> pa.Table:
        table = arrow(connection, statement)
        read.append(table.num_rows)
        return table

    monkeypatch.setattr(in_flight, "arrow", told)
    rows = [call(START + n * 7 * SECOND, completion_time_ms=60_000) for n in range(1000)]
    with held(engine, rows) as connection, read_by(50):
        assert peak(connection, Selection(WEEKEND)) == Peak(9, at(8 * 7 * SECOND), 0)
    assert sum(read) == 1000
    assert max(read) <= 50


def test_a_failure_lets_go_of_the_connection(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """No statement is left running when the error is told."""

    def failing(*_: object) -> None:
        raise MemoryError

    rows = [call(START + n * HOUR, completion_time_ms=1) for n in range(20)]
    with held(engine, rows) as connection, read_by(2):
        with monkeypatch.context() as broken, pytest.raises(MemoryError):
            broken.setattr(sweep.Sweep, "take", failing)
            peak(connection, Selection(WEEKEND))
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPool")]
        assert peak(connection, Selection(WEEKEND)).calls == 1


LAST = datetime(2026, 4, 20, tzinfo=UTC)

EVENTS = """
    WITH spans AS (SELECT greatest(called_at, :start) AS begun,
        called_at + to_milliseconds(completion_time_ms) AS over
    FROM calls WHERE called_at < :end AND completion_time_ms > 0),
    events AS (SELECT begun AS moment, 1 AS step FROM spans WHERE over > :start
        UNION ALL SELECT over, -1 FROM spans WHERE over > :start),
    levels AS (SELECT moment,
        sum(step) OVER (ORDER BY moment, step ROWS UNBOUNDED PRECEDING) AS level FROM events)
    SELECT level, min(moment) FROM levels WHERE moment < :end GROUP BY 1 ORDER BY 1 DESC LIMIT 1
"""


@pytest.fixture(scope="module")
def filled(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Connection]:
    """A store with rollups."""
    home = tmp_path_factory.mktemp("in-flight")
    lake = open_copy(empty_store, home / "store")
    sample.write_csv(home / "log.csv", calls=6_000, days=12, seed=3, until=LAST)
    import_file(lake, home / "log.csv")
    with lake.reading() as connection:
        yield connection
    lake.close()


@given(
    minutes=st.tuples(st.integers(0, 12 * 1440), st.integers(1, 12 * 1440)),
    size=st.sampled_from([1000, 10**6]),
)
@settings(max_examples=8)
def test_in_a_store_as_one_query_gives_with_rollups_and_without(
    filled: sa.Connection, minutes: tuple[int, int], size: int
) -> None:
    start, end = (
        LAST - timedelta(days=12) + minutes[0] * MINUTE,
        LAST - timedelta(days=12) + sum(minutes) * MINUTE,
    )
    selection = Selection(Timeframe(start, end, "Asia/Kolkata"))
    window = {"start": start.replace(tzinfo=None), "end": end.replace(tzinfo=None)}
    level, when = filled.execute(sa.text(EVENTS), window).one_or_none() or (0, None)
    with read_by(size):
        with_rollups, without = (peak(filled, selection, known) for known in (coverage(filled), None))
    assert with_rollups == without
    assert (with_rollups.calls, with_rollups.at) == (level, when and when.replace(tzinfo=UTC))


@pytest.mark.parametrize("size", [40, 700, 10**6])
def test_slices_hold_every_call_once_and_are_not_too_large(filled: sa.Connection, size: int) -> None:
    frame = Timeframe(
        LAST - timedelta(days=9, minutes=7), LAST - timedelta(hours=3, minutes=1), "Europe/Berlin"
    )
    selection = Selection(frame)
    found = list(slices(filled, selection, size, coverage(filled)))
    assert found == list(slices(filled, selection, size))
    assert all(start < end for start, end in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))
    count = sa.text("SELECT count(*) FROM calls WHERE called_at >= :start AND called_at < :end")

    def calls_in(start: datetime, end: datetime) -> int:
        return int(filled.execute(count, {"start": start, "end": end}).scalar_one())

    held_by = [calls_in(start, end) for start, end in found]
    assert sum(held_by) == calls_in(frame.start.replace(tzinfo=None), frame.end.replace(tzinfo=None))
    assert min(held_by) > 0
    assert max(held_by) <= size
