"""Calls without a price get one, in the order of truth; pricing anew is previewed, applied and undone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing import LABELS, Shelf, as_csv, row
from usage_core.intake import price_rules, repricing
from usage_core.intake.pricing import FALLS_INTO, cost, price_list
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.question import Question
from usage_core.prices.rules import Rule, RuleKind
from usage_core.schema import Tier
from usage_core.selection import Selection
from usage_core.store.tables import DAYS, KEY_HOURS, MODEL_HOURS, PRICES
from usage_core.timeframe import Timeframe

JULY, AUGUST = (datetime(2026, month, 1, tzinfo=UTC) for month in (7, 8))
UNPRICED = {"input_price": "", "output_price": ""}
OURS = {"model": "house-model", "provider": "House"}
FIELDS = ("api_key_id", "cost_pico", "cost_basis", "input_price", "output_price")


def enter(shelf: Shelf, rule: Rule) -> str:
    shelf.dirty = True
    with shelf.lake.writing() as connection:
        return price_rules.enter(connection, rule)


def house(price: str, **given: Any) -> Rule:
    return Rule(
        kind=RuleKind.PRICE,
        provider="House",
        model="house-model",
        input_price=Decimal(price),
        output_price=Decimal(0),
        **given,
    )


def test_the_order_of_truth(shelf: Shelf) -> None:
    enter(shelf, house("3"))
    shelf.rows(
        {"api_key_id": "1 row", **OURS, "input_price": "7", "output_price": "0", "input_tokens": "10"},
        {"api_key_id": "2 own", **OURS, **UNPRICED, "input_tokens": "10", "output_tokens": "0"},
        {"api_key_id": "3 listed", **UNPRICED, "input_tokens": "10", "output_tokens": "1"},
        {"api_key_id": "4 unknown", "model": "unheard-of", "provider": "Nobody", **UNPRICED},
        {"api_key_id": "5 no tokens", **UNPRICED, "output_tokens": ""},
    )
    assert sorted(shelf.stored(None, *FIELDS)) == [
        ("1 row", 70_000_000, "row", Decimal(7), Decimal(0)),
        ("2 own", 30_000_000, "override", Decimal(3), Decimal(0)),
        ("3 listed", 35_000_000, "catalogue", Decimal("2.5"), Decimal(10)),
        ("4 unknown", None, "unknown", None, None),
        ("5 no tokens", None, "unknown", None, None),
    ]


def test_the_price_is_that_of_the_time_of_the_call(shelf: Shelf) -> None:
    enter(shelf, house("1", until=AUGUST))
    enter(shelf, house("2", since=AUGUST))
    calls = {**OURS, **UNPRICED, "input_tokens": "1", "output_tokens": "0"}
    shelf.rows(
        {**calls, "called_at": "2026-07-31T23:59:59.999999Z", "api_key_id": "a"},
        {**calls, "called_at": "2026-08-01T00:00:00Z", "api_key_id": "b"},
    )
    assert [found[1] for found in sorted(shelf.stored(None, *FIELDS))] == [1_000_000, 2_000_000]


def test_a_service_tier_has_prices_of_its_own(shelf: Shelf) -> None:
    """The catalogue has half the price for a batch of gpt-4o, and none for one of a model of 2026-10-13; an
    administrator's price for calls served as usual is none for a batch."""
    enter(shelf, house("3"))
    enter(shelf, house("1", service_tier=Tier.BATCH))
    header = f"{','.join(LABELS)},Call Kind,Service Tier\r\n"
    tiers = [("a", "batch"), ("b", ""), ("c", "flex"), ("d", "default")]
    given: list[list[str]] = []
    for key, tier in tiers:
        calls = {"api_key_id": key, **UNPRICED, "input_tokens": "10", "output_tokens": "0"}
        for of, at in ((OURS, "2026-10-20"), ({}, "2026-10-20"), ({}, "2026-10-13")):
            given.append([*row(**calls, **of, called_at=f"{at}T00:00:00Z"), "completion", tier])
    assert shelf.take(as_csv(given), header).rows_stored == 12
    found = shelf.stored(None, "called_at", "model", "api_key_id", "service_tier", "cost_pico")
    costs = {(at.day, model, key): cost for at, model, key, _, cost in found}
    usual = {"b", "d"}
    assert {key for *_, key, tier, _ in found if tier is None} == usual
    for key in usual:
        assert [costs[20, "house-model", key], costs[20, "gpt-4o", key]] == [30_000_000, 25_000_000]
        assert costs[13, "gpt-4o", key] == 25_000_000
    assert [costs[20, "house-model", "a"], costs[20, "gpt-4o", "a"]] == [10_000_000, 12_500_000]
    assert costs[13, "gpt-4o", "a"] is None
    assert [costs[20, "house-model", "c"], costs[20, "gpt-4o", "c"]] == [None, None]
    assert repricing.preview(shelf.lake) == []
    enter(shelf, house("2", service_tier=Tier.FLEX))
    [change] = repricing.preview(shelf.lake)
    assert (change.api_key_id, change.calls, change.after) == ("c", 1, Decimal("0.00002"))
    assert repricing.apply(shelf.lake) == 1


@pytest.fixture
def priced(own_shelf: Shelf) -> Iterator[Shelf]:
    """Calls of a model nobody knows in two months, and others, in a workspace west of Greenwich."""
    calls = {**OURS, **UNPRICED, "input_tokens": "1000000", "output_tokens": "5"}
    at = ("2026-07-01T00:30:00Z", "2026-07-31T23:30:00Z", "2026-08-01T03:00:00Z", "2026-08-09T12:00:00Z")
    own_shelf.rows(
        *({**calls, "called_at": moment, "api_key_id": key} for moment in at for key in ("x", "y")),
        {"api_key_id": "z", "called_at": "2026-07-31T23:45:00Z"},
        {"api_key_id": "z", "called_at": "2026-08-01T00:00:00Z", **UNPRICED},
    )
    yield own_shelf


def everything(shelf: Shelf) -> tuple[list[tuple[Any, ...]], ...]:
    """Calls and rollups, rows added up."""
    tables = []
    with shelf.lake.reading() as connection:
        for table in (DAYS, KEY_HOURS, MODEL_HOURS, PRICES):
            groups = [column for column in table.columns if not isinstance(column.type, sa.BigInteger)]
            groups = [column for column in groups if not str(column.type).startswith("NUMERIC(38")]
            sums = sa.select(*groups, sa.func.sum(table.c.calls), sa.func.sum(table.c.cost_pico))
            found = connection.execute(sums.group_by(*groups)).all()
            tables.append(sorted([tuple(row) for row in found], key=str))
    return shelf.stored(None, *FIELDS, "called_at"), *tables


def check_rollups(shelf: Shelf) -> None:
    selection = Selection(Timeframe(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)))
    with shelf.lake.reading() as connection:
        known = coverage(connection)
        for by in (("day", "key"), ("hour", "key"), ("hour", "model"), ("kind",)):
            question = Question(selection, ("cost_usd", "calls", "unpriced_calls"), by)
            rows = [ask(connection, question, each).to_dict("records") for each in (known, None)]
            assert sorted(rows[0], key=str) == sorted(rows[1], key=str), by


def test_pricing_anew_is_previewed_applied_and_undone(priced: Shelf) -> None:
    before = everything(priced)
    assert repricing.preview(priced.lake) == []
    assert repricing.apply(priced.lake) == 0
    rule = enter(priced, house("2", since=JULY, until=AUGUST))
    changes = repricing.preview(priced.lake)
    assert [(each.month.month, each.api_key_id, each.calls, each.before, each.after) for each in changes] == [
        (7, "x", 2, 0, 4),
        (7, "y", 2, 0, 4),
    ]
    assert {(each.unpriced_before, each.unpriced_after) for each in changes} == {(2, 0)}
    assert everything(priced) == before
    told: list[float] = []
    assert repricing.apply(priced.lake, told.append) == 4
    assert told == sorted(told)
    assert told[-1] <= 1
    assert repricing.preview(priced.lake) == []
    check_rollups(priced)
    with priced.lake.writing() as connection:
        price_rules.withdraw(connection, rule)
    assert repricing.apply(priced.lake) == 4
    assert everything(priced) == before
    check_rollups(priced)
    with priced.lake.reading() as connection:
        [kept] = price_rules.every(connection)
        assert (kept.rule_id, kept.rule.input_price, kept.withdrawn_at is None) == (rule, Decimal(2), False)
        assert price_rules.in_force(connection) == []


some_tokens = st.integers(0, 10**9)
some_price = st.decimals(0, 9_999, places=6)


@settings(max_examples=30)
@given(
    uncached=some_tokens,
    read=some_tokens,
    write=some_tokens,
    hour=some_tokens,
    received=some_tokens,
    prices=st.tuples(some_price, some_price, *[st.none() | some_price] * 3),
)
def test_cost_of_the_parts_is_the_cost(
    uncached: int, read: int, write: int, hour: int, received: int, prices: tuple[Decimal, ...]
) -> None:
    """What is kept for an hour costs nothing that is known where only other writes have a price."""
    names = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
    rule = Rule(
        kind=RuleKind.PRICE,
        model="m",
        **{f"{name}_price": price for name, price in zip(names, prices, strict=True)},
    )
    calls = [
        (uncached + read + write + hour, received, read, write + hour, hour),
        (uncached, 0, None, None, None),
        (read, 0, read, None, None),
        (write, 0, 0, write, None),
        (hour, 0, 0, hour, hour),
        (0, received, None, 0, 0),
        (None, received, None, None, None),
    ]
    with duckdb.connect() as connection:
        connection.register("listed", price_list([(None, "m", None)], [rule]))
        rows = ", ".join(
            f"({', '.join('NULL' if count is None else str(count) for count in call)}, {n})"
            for n, call in enumerate(calls)
        )
        found = connection.execute(
            f"SELECT {cost('c', 'c.kind')} FROM (SELECT *, 'm' AS model_name, NULL AS provider_name, "  # noqa: S608
            "NULL AS service_tier, "
            "TIMESTAMP '2026-08-01' AS called_at, 'completion' AS kind FROM (VALUES "
            f"{rows}) t(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, "
            "cache_write_1h_tokens, n)) c "
            f"JOIN listed p ON {FALLS_INTO.format(names='c', call='c')} ORDER BY n"
        ).fetchall()
    whole, *parts, unknown = [row[0] for row in found]
    assert unknown is None
    if whole is not None and None not in parts:
        assert whole == sum(parts)
    exact = uncached * prices[0] + received * prices[1]
    exact += read * (prices[0] if prices[2] is None else prices[2])
    exact += write * (prices[0] if prices[3] is None else prices[3])
    if hour and prices[4] is None and prices[3] is not None:
        assert whole is None
        return
    exact += hour * (prices[0] if prices[4] is None else prices[4])
    assert whole == (int(exact * 10**6) if exact * 10**6 < 2**63 else None)
