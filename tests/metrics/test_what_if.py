"""Calls at other prices: every sum against the same sum worked out call by call."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing import open_copy
from tests.metrics.by_hand import GROUPS, Row, as_log, call, held
from usage_core.errors import SelectionError
from usage_core.intake.run import import_file
from usage_core.metrics.answer import coverage
from usage_core.metrics.covers import Coverage
from usage_core.metrics.newest_prices import Model, newest_prices
from usage_core.metrics.what_if import Price, break_even, comparable, cost, replayed, worth_moving
from usage_core.schema import MAX_PICO, usd
from usage_core.selection import Selection
from usage_core.store import rollups
from usage_core.store.lake import Lake
from usage_core.timeframe import Timeframe

FRAME = Timeframe(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 4, tzinfo=UTC))
START = FRAME.start.replace(tzinfo=None)
PRICES = st.decimals(0, 999_999, places=6)
TOKENS = st.none() | st.integers(0, 10**9)


def is_known(row: Row) -> bool:
    output = row["output_tokens"] is not None or row["kind"] == "embedding"
    return row["cost_pico"] is not None and row["input_tokens"] is not None and output


def priced(row: Row) -> Row:
    """A call whose cost is that of its tokens at its prices, as an import makes it, or unknown."""
    sent, received = row["input_tokens"], row["output_tokens"]
    if sent is None or (received is None and row["kind"] != "embedding") or row["input_price"] is None:
        return row | {"cost_pico": None}
    output = (received or 0) * int((row["output_price"] or 0) * 10**6)
    cost = sent * int(row["input_price"] * 10**6) + output
    return row | {"cost_pico": cost if cost <= MAX_PICO else None}


made = st.builds(
    call,
    st.datetimes(START, START + timedelta(days=2, hours=23)),
    api_key_id=st.sampled_from(("a", "b")),
    provider=st.sampled_from((None, "OpenAI", "Mistral")),
    model=st.sampled_from(("small", "large")),
    kind=st.sampled_from(("completion", "embedding", "other")),
    input_tokens=TOKENS,
    output_tokens=TOKENS,
    input_price=st.none() | PRICES,
    output_price=PRICES,
)
recorded = made.flatmap(
    lambda row: st.integers(0, 10**15).map(lambda pico: row | {"cost_pico": pico, "cost_basis": "recorded"})
)
some_calls = st.lists(made.map(priced) | recorded, max_size=10)


def sums(rows: Iterable[Row]) -> tuple[Decimal, int, int, int, int]:
    rows = list(rows)
    known = [row for row in rows if is_known(row)]
    return (
        usd(sum(row["cost_pico"] for row in known)),
        len(known),
        sum(row["input_tokens"] for row in known),
        sum(row["output_tokens"] or 0 for row in known),
        len(rows) - len(known),
    )


def found(frame: pd.DataFrame, by: tuple[str, ...]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    columns = ("cost_usd", "calls", "input_tokens", "output_tokens", "left_out")
    return {
        tuple(row[name] for name in by): tuple(row[name] for name in columns)
        for row in frame.to_dict("records")
    }


breakdowns = st.lists(st.sampled_from(("key", "provider", "model", "kind")), max_size=4, unique=True).map(
    tuple
)


def by_hand(rows: list[Row], by: tuple[str, ...]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    groups: dict[tuple[Any, ...], list[Row]] = {} if by else {(): []}
    for row in rows:
        groups.setdefault(tuple(GROUPS[name](row, "UTC") for name in by), []).append(row)
    return {group: sums(each) for group, each in groups.items()}


@given(rows=some_calls, by=breakdowns)
@settings(max_examples=12)
def test_only_calls_whose_cost_and_tokens_are_known_are_compared(
    engine: sa.Engine, rows: list[Row], by: tuple[str, ...]
) -> None:
    with held(engine, rows) as connection:
        assert found(comparable(connection, Selection(FRAME), by), by) == by_hand(rows, by)


@given(rows=some_calls.filter(bool), by=breakdowns)
@settings(max_examples=8)
def test_the_same_from_rollups(engine: sa.Engine, rows: list[Row], by: tuple[str, ...]) -> None:
    times = [row["called_at"].replace(tzinfo=UTC) for row in rows]
    known = Coverage("UTC", len(rows), min(times), max(times))
    with held(engine, rows) as connection:
        rollups.rebuild(connection, "UTC")
        assert found(comparable(connection, Selection(FRAME), by, known), by) == by_hand(rows, by)


def test_a_breakdown_that_is_no_filter_is_refused(engine: sa.Engine) -> None:
    with held(engine, []) as connection, pytest.raises(SelectionError, match="key, provider, model, kind"):
        comparable(connection, Selection(FRAME), ("day",))


@pytest.fixture(scope="module")
def lake(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A log with holes, prices that change, and a day with two prices of one model."""
    home = tmp_path_factory.mktemp("what-if")
    lake = open_copy(empty_store, home / "store")
    (home / "log.csv").write_text(as_log(LOG), encoding="utf-8")
    import_file(lake, home / "log.csv")
    yield lake
    lake.close()


def at(price: str, output: str | None, day: int, minute: int, **given: Any) -> Row:
    values = {"provider": "OpenAI", "model": "big", "input_tokens": 1000, "output_tokens": 100} | given
    return call(
        START + timedelta(days=day, minutes=minute),
        input_price=Decimal(price),
        output_price=None if output is None else Decimal(output),
        **values,
    )


LOG = [
    *(at("5", "25", 0, minute) for minute in range(9)),
    *(at("4", "20", 1, minute) for minute in range(2)),
    *(at("3", "15.000001", 1, minute) for minute in range(2, 5)),
    at("7", "7", 2, 1, model="big", provider="Mistral"),
    at("0.02", None, 0, 3, model="vectors", kind="embedding", output_tokens=None),
    call(START, provider="OpenAI", model="nobody knows", input_tokens=5, output_tokens=5),
    at("9", "9", 0, 15, output_tokens=None),
    at("9", "9", 0, 16, input_tokens=None),
]


def test_the_rollups_answer_as_the_calls_do(lake: Lake) -> None:
    for by in ((), ("key",), ("provider", "model", "kind"), ("kind", "key")):
        with lake.reading() as connection:
            one, other = (
                comparable(connection, Selection(FRAME), by, known) for known in (coverage(connection), None)
            )
        assert found(one, by) == found(other, by)
    with lake.reading() as connection:
        [whole] = found(comparable(connection, Selection(FRAME)), ()).values()
    assert whole[1] == 9 + 2 + 3 + 1 + 1
    assert whole[4] == 3


def test_the_newest_price_is_that_of_most_calls_of_the_newest_day(lake: Lake) -> None:
    prices = lake.answer(newest_prices)
    assert prices == {
        Model("OpenAI", "big", "completion"): Price(Decimal(3), Decimal("15.000001")),
        Model("Mistral", "big", "completion"): Price(Decimal(7), Decimal(7)),
        Model("OpenAI", "vectors", "embedding"): Price(Decimal("0.02")),
    }


def test_no_calls_have_no_prices(engine: sa.Engine, tmp_path: Path) -> None:
    with held(engine, []) as connection:
        rollups.rebuild(connection, "UTC")
        assert newest_prices(connection) == {}


@given(sent=st.integers(0, 10**12), received=st.integers(0, 10**12), prices=st.tuples(PRICES, PRICES))
def test_a_cost_is_exact(sent: int, received: int, prices: tuple[Decimal, Decimal]) -> None:
    expected = (sent * int(prices[0] * 10**6) + received * int(prices[1] * 10**6)) / Decimal(10**12)
    assert cost(sent, received, Price(*prices)) == expected


def test_output_without_a_price_has_no_cost() -> None:
    assert cost(10**6, 1, Price(Decimal(2))) is None
    assert cost(10**6, 0, Price(Decimal(2))) == 2


@given(
    now=st.integers(0, 10**15),
    sent=st.integers(0, 10**9),
    received=st.integers(0, 10**9),
    prices=st.tuples(PRICES, PRICES),
)
def test_at_the_break_even_costs_are_equal(
    now: int, sent: int, received: int, prices: tuple[Decimal, Decimal]
) -> None:
    price, paid = Price(*prices), usd(now)
    even = break_even(paid, sent, received, price)
    of_input = cost(sent, 0, price)
    assert of_input is not None
    if even.output_price is None:
        assert received == 0 or of_input > paid
    else:
        assert of_input + even.output_price * received / 10**6 == pytest.approx(paid, rel=Decimal("1e-20"))
        assert even.output_price >= 0
    then = cost(sent, received, price)
    if then:
        assert even.factor is not None
        assert then * even.factor == pytest.approx(paid, rel=Decimal("1e-20"))
    else:
        assert even.factor is None


def test_only_what_is_cheaper_is_worth_moving() -> None:
    frame = pd.DataFrame(
        {
            "key": ["dear", "cheap", "even"],
            "cost_usd": [Decimal(10), Decimal(1), Decimal(3)],
            "calls": [5, 7, 9],
            "input_tokens": [10**6, 10**6, 10**6],
            "output_tokens": [0, 0, 0],
        }
    ).astype(object)
    then = replayed(frame, Price(Decimal(3), Decimal(99)))
    assert list(then["then_usd"]) == [3, 3, 3]
    assert list(then["change_usd"]) == [-7, 2, 0]
    assert worth_moving(then) == (1, 5, 7)
    nothing = replayed(frame.assign(output_tokens=[1, 1, 1]), Price(Decimal(3)))
    assert list(nothing["change_usd"]) == [None] * 3
    assert worth_moving(nothing) == (0, 0, 0)


def test_a_kind_is_replayed_by_itself(lake: Lake) -> None:
    with lake.reading() as connection:
        embeddings = comparable(connection, replace(Selection(FRAME), kind=("embedding",)))
    assert found(embeddings, ()) == {(): (Decimal("0.00002"), 1, 1000, 0, 0)}
