"""Keys that came, went and changed, against the same rules in plain Python."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.by_hand import KEYS, call, held
from usage_core.metrics.movement import RULES, Moved, Movement, movement
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe

NOW = Selection(Timeframe(datetime(2026, 11, 8, tzinfo=UTC), datetime(2026, 11, 15, tzinfo=UTC)))
START = NOW.timeframe.start.replace(tzinfo=None)
DAY = timedelta(days=1)


def moved(engine: sa.Engine, calls: dict[str, tuple[int, int]], most: int = 3) -> Moved:
    """The movement of keys with so many calls (before, now)."""
    rows = [
        call(at, api_key_id=key)
        for key, (before, now) in calls.items()
        for at in [START - DAY] * before + [START + DAY] * now
    ]
    with held(engine, rows) as connection:
        return movement(connection, NOW, NOW.previous, most)


def by_hand(before: int, now: int) -> Movement:
    if not before:
        return Movement.NEW
    if not now:
        return Movement.DORMANT
    if abs(now - before) < 20 or abs(now - before) / before < 0.25:
        return Movement.STEADY
    return Movement.GROWING if now > before else Movement.SHRINKING


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (0, 1, "new"),
        (1, 0, "dormant"),
        (1, 20, "steady"),
        (1, 21, "growing"),
        (80, 99, "steady"),
        (80, 100, "growing"),
        (84, 104, "steady"),  # 23.8 %
        (21, 1, "shrinking"),
        (20, 1, "steady"),
        (80, 60, "shrinking"),
        (80, 61, "steady"),
        (50, 50, "steady"),
    ],
)
def test_where_one_movement_ends_and_the_next_begins(
    engine: sa.Engine, before: int, now: int, expected: str
) -> None:
    counts = moved(engine, {"a": (before, now)}).counts
    assert counts == {each: int(each == expected) for each in Movement}


@given(
    calls=st.dictionaries(
        st.sampled_from([*KEYS, *"cdefghij"]),
        st.tuples(st.integers(0, 60), st.integers(0, 60)).filter(any),
        max_size=12,
    ),
    most=st.integers(1, 4),
)
@settings(max_examples=12)
def test_every_key_moves_in_one_way(engine: sa.Engine, calls: dict[str, tuple[int, int]], most: int) -> None:
    found = moved(engine, calls, most)
    ways = {key: by_hand(*each) for key, each in calls.items()}
    assert found.counts == {each: Counter(ways.values())[each] for each in Movement}
    expected = []
    for way in Movement:
        keys = sorted(
            (key for key in calls if ways[key] is way and way is not Movement.STEADY),
            key=lambda key: (-abs(calls[key][1] - calls[key][0]), key),
        )
        expected += [(way, key, calls[key][1], calls[key][0]) for key in keys[:most]]
    assert [tuple(row) for row in found.keys.itertuples(index=False)] == expected


def test_only_selected_calls_count(engine: sa.Engine) -> None:
    rows = [call(START, api_key_id="a", model="big"), call(START - 8 * DAY, api_key_id="a")]
    rows += [call(START + 7 * DAY, api_key_id="b"), call(START - DAY, api_key_id="a", model="big")]
    with held(engine, rows) as connection:
        big = Selection(NOW.timeframe, model=("big",))
        found = movement(connection, big, big.previous, 3)
        every = movement(connection, NOW, NOW.previous, 3)
    assert found.counts[Movement.STEADY] == every.counts[Movement.STEADY] == 1
    assert sum(found.counts.values()) == sum(every.counts.values()) == 1


def test_every_movement_has_a_rule_and_none_is_said_of_nobody(engine: sa.Engine) -> None:
    assert set(RULES) == set(Movement)
    found = moved(engine, {})
    assert found.keys.empty
    assert not any(found.counts.values())
