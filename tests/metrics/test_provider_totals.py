"""Totals of providers are counted where neither calls nor other totals tell of the same usage."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from tests.importing import Shelf
from usage_core.metrics.provider_totals import (
    CALLS,
    COUNTED,
    EDGE,
    OTHERS,
    By,
    Total,
    Wanted,
    provider_totals,
)
from usage_core.selection import SIGHT, Selection
from usage_core.timeframe import Timeframe

LANGDOCK = "period_start,period_end,org_id,api_key_id,api_key_name,requests,total_cost_usd\n"
BY_MODEL = "period_start,period_end,org_id,model,provider,requests\n"
CONSOLE = "usage_date_utc,model_version,api_key,usage_input_tokens_no_cache,usage_output_tokens\n"


def day(number: int, key: str, requests: int, end: int = 0) -> str:
    return f"2026-08-{number:02}T00:00:00Z,2026-08-{end or number:02},o,{key},{key} name,{requests},0.5\n"


def over(first: str, last: str, zone: str = "UTC", **filters: tuple[str, ...]) -> Selection:
    edges = (datetime.fromisoformat(edge).replace(tzinfo=UTC) for edge in (first, last))
    return Selection(Timeframe(*edges, zone), **filters)


AUGUST = over("2026-08-01", "2026-09-01")


def found(shelf: Shelf, selection: Selection = AUGUST, by: By | None = None) -> list[Total]:
    with shelf.lake.reading() as connection:
        return provider_totals(connection, Wanted(selection, by))


def calls(totals: Iterable[Total]) -> dict[str, int | None]:
    return {each.fate: each.calls for each in totals}


def test_what_is_unknown_is_counted_and_classes_do_not_overlap(shelf: Shelf) -> None:
    header = CONSOLE.replace("usage_output", "usage_input_tokens_cache_read,usage_output")
    shelf.take("2026-08-03,claude-sonnet-4-5,web,100,40,7\n2026-08-03,nobody-knows-it,web,1,0,1\n", header)
    [total] = found(shelf)
    cost = (100 * Decimal(3) + 40 * Decimal("0.3") + 7 * Decimal(15)) / 10**6
    assert total == Total(COUNTED, None, 2, 2, 1, None, 101, 40, None, None, 8, cost)


def test_single_calls_of_the_key_and_period_win(shelf: Shelf) -> None:
    shelf.take(day(3, "key-1", 10) + day(4, "key-1", 20) + day(3, "key-2", 40), LANGDOCK)
    assert calls(found(shelf)) == {COUNTED: 70}
    shelf.rows({"called_at": "2026-08-03T23:59:59Z", "api_key_id": "key-1"})
    assert calls(found(shelf)) == {COUNTED: 60, CALLS: 10}
    assert {each.group: each.fate for each in found(shelf, AUGUST, "key") if each.calls == 10} == {
        "key-1": CALLS
    }


def test_a_key_that_is_told_by_its_name_is_the_one_that_calls_know_by_it(shelf: Shelf) -> None:
    shelf.take("2026-08-03,claude-sonnet-4-5,web,100,7\n2026-08-04,claude-sonnet-4-5,web,100,7\n", CONSOLE)
    at = {"called_at": "2026-08-03T09:00:00Z", "api_key_id": "key-9", "api_key_name": "web"}
    shelf.rows(at | {"provider": "OpenAI"})
    assert [(each.fate, each.totals) for each in found(shelf)] == [(COUNTED, 2)]  # another provider's key
    shelf.rows(at | {"provider": "Anthropic"})
    assert sorted((each.fate, each.group, each.totals) for each in found(shelf, AUGUST, "key")) == [
        (CALLS, "key-9", 1),
        (COUNTED, "key-9", 1),
    ]


def test_without_a_key_calls_of_the_model_win(shelf: Shelf) -> None:
    shelf.take(
        "2026-08-03,2026-08-03,o,gpt-4o,OpenAI,5\n2026-08-03,2026-08-03,o,gpt-4o-mini,OpenAI,7\n", BY_MODEL
    )
    shelf.rows({"called_at": "2026-08-03T09:00:00Z", "model": "gpt-4o"})
    assert calls(found(shelf)) == {COUNTED: 7, CALLS: 5}


def test_of_two_totals_of_the_same_usage_one_counts(shelf: Shelf) -> None:
    shelf.take("2026-08-03,2026-08-03,o,gpt-4o,OpenAI,5\n2026-08-09,2026-08-09,o,gpt-4o,OpenAI,1\n", BY_MODEL)
    shelf.take(day(3, "key-1", 2) + day(3, "key-2", 3), LANGDOCK)
    assert calls(found(shelf)) == {COUNTED: 2 + 3 + 1, OTHERS: 5}
    shelf.take(day(2, "key-1", 90, end=4), LANGDOCK)  # as much is told of, by a longer period
    assert calls(found(shelf)) == {COUNTED: 90 + 1, OTHERS: 2 + 3 + 5}


def test_the_newest_version_counts(shelf: Shelf) -> None:
    shelf.take(day(3, "key-1", 10), LANGDOCK)
    shelf.take(day(3, "key-1", 12), LANGDOCK)
    assert calls(found(shelf)) == {COUNTED: 12}


DAYS = [
    (over("2026-08-03", "2026-08-04"), {COUNTED: 10}),
    (over("2026-08-04", "2026-08-05"), {}),
    (over("2026-08-02T22:00", "2026-08-03T22:00", "Europe/Berlin"), {COUNTED: 10}),
    (over("2026-08-03T22:00", "2026-08-04T22:00", "Europe/Berlin"), {}),
    (over("2026-08-03T10:00", "2026-08-03T14:00"), {EDGE: 10}),
    (over("2026-08-03", "2026-08-04", model=("gpt-4o",)), {}),
    (over("2026-08-03", "2026-08-04", key=("key-1",)), {COUNTED: 10}),
]


def test_a_day_belongs_to_the_day_of_its_middle(shelf: Shelf) -> None:
    shelf.take(day(3, "key-1", 10), LANGDOCK)
    assert [calls(found(shelf, selection)) for selection, _ in DAYS] == [expected for _, expected in DAYS]
    for selection, expected in DAYS:
        groups = [each.group for each in found(shelf, selection, "day")]
        if expected == {COUNTED: 10}:
            assert groups == [datetime(2026, 8, 3)], selection  # noqa: DTZ001


def test_a_month_is_not_cut(shelf: Shelf) -> None:
    shelf.take(day(1, "key-1", 10, end=31), LANGDOCK)
    assert calls(found(shelf)) == {COUNTED: 10}
    assert calls(found(shelf, over("2026-08-01", "2026-08-20"))) == {EDGE: 10}


def test_nobody_sees_totals_of_keys_out_of_sight(shelf: Shelf) -> None:
    shelf.take(day(3, "key-1", 10) + day(3, "key-2", 40), LANGDOCK)
    shelf.take("2026-08-03,claude-sonnet-4-5,web,100,7\n", CONSOLE)
    shelf.take("2026-08-03,2026-08-03,o,gpt-4o,OpenAI,5\n", BY_MODEL)
    shelf.rows({"called_at": "2026-08-09T09:00:00Z", "api_key_id": "key-1", "api_key_name": "web"})
    token = SIGHT.set(("key-1",))
    try:
        seen = over("2026-08-01", "2026-09-01")
    finally:
        SIGHT.reset(token)
    assert [(each.fate, each.group, each.calls) for each in found(shelf, seen, "key")] == [
        (COUNTED, "key-1", 10)
    ]
