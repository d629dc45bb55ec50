"""The busiest minutes against plain Python, and that no stretch cuts one in two."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.by_hand import GROUPS, Row, call, calls, figures, held
from usage_core.metrics import peaks
from usage_core.metrics.peaks import Minutes, PerMinute, Top, over_all, per_minute
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe

FRAME = Timeframe(
    datetime(2026, 10, 24, 21, 50, tzinfo=UTC), datetime(2026, 10, 26, 0, 5, tzinfo=UTC), "Europe/Berlin"
)
START, END = (edge.replace(tzinfo=None) for edge in (FRAME.start, FRAME.end))
MONDAY = datetime(2026, 10, 19, tzinfo=UTC).replace(tzinfo=None)
SECOND = timedelta(seconds=1)

# Few moments, so that minutes hold several calls, on both sides of a week's end and of a clock change.
moments = st.builds(
    lambda at, seconds: at + seconds * SECOND,
    st.sampled_from(
        [START, END - timedelta(minutes=70), datetime(2026, 10, 25, 1, tzinfo=UTC).replace(tzinfo=None)]
    ),
    st.integers(0, 130),
)


@st.composite
def crowded(draw: st.DrawFn) -> list[Row]:
    rows = draw(calls(START, END - SECOND, most=14))
    return [row | {"called_at": draw(moments)} if draw(st.booleans()) else row for row in rows]


def minutes(rows: list[Row]) -> Minutes:
    found: dict[datetime, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["called_at"]):
        found.setdefault(row["called_at"].replace(second=0, microsecond=0), []).append(row)

    def top(metric: str) -> Top | None:
        amounts = {at: figures(some)[metric] for at, some in found.items()}
        known = {at: amount for at, amount in amounts.items() if amount is not None}
        if not known:
            return None
        at = max(known, key=lambda at: known[at])  # the first of equal ones
        return Top(known[at], at.replace(tzinfo=UTC))

    most = top("calls")
    assert most
    return Minutes(most, top("tokens"))


def by_week(rows: list[Row]) -> dict[datetime, Minutes]:
    weeks: dict[datetime, list[Row]] = {}
    for row in rows:
        weeks.setdefault(GROUPS["week"](row, FRAME.zone), []).append(row)
    return {week: minutes(some) for week, some in weeks.items()}


def by_hand(rows: list[Row]) -> PerMinute:
    served: dict[tuple[Any, Any], list[Row]] = {}
    for row in rows:
        served.setdefault((row["provider_name"], row["model_name"]), []).append(row)
    unmeasured = sum(row["input_tokens"] is None and row["output_tokens"] is None for row in rows)
    return PerMinute(by_week(rows), {each: by_week(some) for each, some in served.items()}, unmeasured)


@given(rows=crowded(), size=st.integers(1, 6))
@settings(max_examples=20)
def test_busiest_minutes_are_what_they_are_by_hand(engine: sa.Engine, rows: list[Row], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch, held(engine, rows) as connection:
        patch.setattr(peaks, "STRETCH_CALLS", size)
        found = per_minute(connection, Selection(FRAME))
    assert found == by_hand(rows)
    expected = minutes(rows) if rows else None
    assert over_all(found.every.values()) == expected


def test_a_minute_with_more_calls_than_a_stretch_is_one_minute(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peaks, "STRETCH_CALLS", 2)
    rows = [call(START + n * SECOND) for n in range(60)] + [call(START - SECOND)]
    with held(engine, rows) as connection:
        found = over_all(per_minute(connection, Selection(FRAME)).every.values())
    assert found == Minutes(Top(60, FRAME.start), None)


def test_only_selected_calls_count(engine: sa.Engine) -> None:
    rows = [call(START), *[call(START, model="other", provider="openai", input_tokens=3)] * 5]
    with held(engine, rows) as connection:
        found = per_minute(connection, Selection(FRAME, model=("small",)))
    assert found == PerMinute(
        {MONDAY: Minutes(Top(1, FRAME.start), None)},
        {(None, "small"): {MONDAY: Minutes(Top(1, FRAME.start), None)}},
        1,
    )


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(lambda n: n, 9), (lambda n: -n, 0), (lambda _n: 7, 0)],
    ids=["rising", "falling", "equal"],
)
def test_the_first_of_the_greatest_weeks(amount: Callable[[int], int], expected: int) -> None:
    weeks = [Minutes(Top(amount(n), FRAME.start + n * SECOND), None) for n in range(10)]
    assert over_all(weeks) == weeks[expected]
    assert over_all(reversed(weeks)) == weeks[expected]
    assert over_all([]) is None
