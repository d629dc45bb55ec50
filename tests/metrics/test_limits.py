"""Limits: what may be entered, and that it stays until it is changed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from usage_core.metrics.limits import LIMITED, Limit, Limited, LimitRefused, as_limit, change, limits
from usage_core.store.lake import Lake, open_lake

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
OPENAI = ("OpenAI", "gpt-4o")
NAMELESS = (None, "' OR 1=1 --")


def enter(lake: Lake, limited: Limited, at: datetime = NOW) -> None:
    with lake.writing() as connection:
        change(connection, limited, {OPENAI: 500, NAMELESS: 7}, at)


def known(lake: Lake) -> dict[object, Limit]:
    return dict(lake.answer(limits))


@pytest.mark.parametrize("value", [1, 500, 500.0, Decimal(500), 10**15])
def test_whole_numbers_are_limits(value: object) -> None:
    assert as_limit(value) == value


@pytest.mark.parametrize("value", [None, "", float("nan")])
def test_an_empty_field_is_no_limit(value: object) -> None:
    assert as_limit(value) is None


@pytest.mark.parametrize("value", [0, -5, 1.5, 10**15 + 1, "many", "500", float("inf"), Decimal("0.1")])
def test_anything_else_is_refused_with_the_reason(value: object) -> None:
    with pytest.raises(LimitRefused, match=r"is not a limit\. Give a whole number from 1 to"):
        as_limit(value)


def test_a_refused_limit_is_said_as_it_was_typed() -> None:
    for value, text in ((-3.0, "-3 is"), (1.5, "1.5 is"), ("many", "'many' is")):
        with pytest.raises(LimitRefused, match=f"^{text} not a limit"):
            as_limit(value)


def test_limits_of_a_store(lake: Lake) -> None:
    assert known(lake) == {}
    enter(lake, "calls_per_minute")
    assert known(lake) == {OPENAI: Limit(500, None, None, NOW), NAMELESS: Limit(7, None, None, NOW)}


def test_each_kind_is_changed_by_itself(lake: Lake) -> None:
    enter(lake, "calls_per_minute")
    with lake.writing() as connection:
        change(connection, "calls_in_flight", {OPENAI: 40}, LATER)
    assert known(lake) == {OPENAI: Limit(500, None, 40, LATER), NAMELESS: Limit(7, None, None, NOW)}
    assert [known(lake)[OPENAI].of(name) for name in LIMITED] == [500, None, 40]


def test_a_limit_is_taken_back_by_editing_again(lake: Lake) -> None:
    enter(lake, "calls_per_minute")
    with lake.writing() as connection:
        change(connection, "calls_per_minute", {OPENAI: None, NAMELESS: 8}, LATER)
        change(connection, "tokens_per_minute", {("nobody", "none"): None}, LATER)
    assert known(lake) == {NAMELESS: Limit(8, None, None, LATER)}


def test_limits_outlive_the_process_and_are_in_the_copy_in_memory(lake: Lake) -> None:
    enter(lake, "tokens_per_minute")
    before = known(lake)
    lake.keep_hot()
    assert lake.hot
    lake.hot.make()
    assert known(lake) == before
    other = open_lake(lake.folder)
    assert known(other) == before
    other.close()
