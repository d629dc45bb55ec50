"""Why cost changed: the parts add up whatever happens, and what alone happens is the only part."""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics.by_hand import Row, calls, held
from usage_core.metrics import change
from usage_core.metrics.answer import ask
from usage_core.metrics.change import Change, Period, Reason, explain
from usage_core.metrics.cost_steps import shared_out
from usage_core.metrics.question import Question
from usage_core.schema import pico_usd, usd
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe

KEYS = ("a", "b", "c")
MODELS = (("openai", "big"), ("openai", "small"), (None, "small"))
Groups = dict[tuple[str, str | None, str], dict[str, Any]]

FEWER = settings(max_examples=15)
usage = st.fixed_dictionaries(
    {
        "n": st.integers(1, 1000),
        "sent": st.integers(0, 10**6),
        "received": st.integers(0, 10**6),
        "sent_price": st.integers(0, 10**8),
        "received_price": st.integers(0, 10**8),
    }
)
groups = st.dictionaries(
    st.tuples(st.sampled_from(KEYS), st.sampled_from(MODELS)).map(lambda kept: (kept[0], *kept[1])),
    usage,
    max_size=6,
)


def figures(each: Mapping[str, Any]) -> dict[str, Any]:
    """The answer for n calls of so many tokens and such prices (pico-USD a token)."""
    n, sent, received = each["n"], each["sent"], each["received"]
    costs = n * sent * each["sent_price"], n * received * each["received_price"]
    return {
        "cost_usd": usd(sum(costs)),
        "priced_calls": n,
        "input_tokens": n * sent,
        "output_tokens": n * received,
        "priced_tokens": n * (sent + received),
        "input_cost_usd": usd(costs[0]),
        "output_cost_usd": usd(costs[1]),
    }


def period(rows: Iterable[Mapping[str, Any]], beyond: int = 0) -> Period:
    rows = list(rows)
    columns = {name: pd.Series([row[name] for row in rows], dtype=object) for name in _COLUMNS}
    known = [row["cost_usd"] for row in rows if row["cost_usd"] is not None]
    return Period(pd.DataFrame(columns), sum(known, usd(beyond)) if known or beyond else None)


_COLUMNS = ("key", "provider", "model", *change.FIGURES)


def made(groups: Groups) -> Period:
    return period(
        {"key": key, "provider": provider, "model": model, **figures(each)}
        for (key, provider, model), each in groups.items()
    )


def amounts(found: Change) -> dict[Reason, Decimal]:
    """The parts that are not 0."""
    return {part.reason: part.amount for part in found.parts if part.amount}


def total(found: Change) -> Decimal:
    return usd(sum(pico_usd(part.amount) for part in found.parts))


@given(before=groups, now=groups)
@FEWER
def test_the_parts_are_the_difference(before: Groups, now: Groups) -> None:
    found = explain(made(before), made(now))
    assert total(found) == found.difference == (made(now).cost or 0) - (made(before).cost or 0)
    assert [part.reason for part in found.parts] == list(Reason)
    assert Reason.NOT_SPLIT not in amounts(found)
    assert not found.cut


@given(before=groups, now=groups)
@FEWER
def test_new_and_vanished_keys_are_all_they_cost(before: Groups, now: Groups) -> None:
    found = explain(made(before), made(now))
    had, has = ({key for key, _, _ in each} for each in (before, now))
    new, gone = (
        {k: v for k, v in one.items() if k[0] not in other} for one, other in ((now, had), (before, has))
    )
    parts = {part.reason: part.amount for part in found.parts}
    assert parts[Reason.NEW_KEYS] == (made(new).cost or 0)
    assert parts[Reason.VANISHED_KEYS] == -(made(gone).cost or 0)
    assert (found.new_keys, found.vanished_keys) == (len(has - had), len(had - has))


def altered(groups: Groups, alter: Callable[[dict[str, Any]], dict[str, Any]]) -> Groups:
    return {group: {**each, **alter(each)} for group, each in groups.items()}


def only(before: Groups, now: Groups, reason: Reason) -> None:
    found = explain(made(before), made(now))
    assert amounts(found) == ({reason: found.difference} if found.difference else {})


@given(before=groups, times=st.integers(1, 5))
@FEWER
def test_more_calls_alone_are_volume(before: Groups, times: int) -> None:
    only(before, altered(before, lambda each: {"n": each["n"] * times}), Reason.VOLUME)


@given(before=groups, percent=st.integers(0, 300), side=st.sampled_from(["sent_price", "received_price"]))
@FEWER
def test_another_price_alone_is_price(before: Groups, percent: int, side: str) -> None:
    only(before, altered(before, lambda each: {side: each[side] * percent // 100}), Reason.PRICE)


@given(before=groups, times=st.integers(0, 5), side=st.sampled_from(["sent", "received"]))
@FEWER
def test_other_tokens_per_call_alone_are_tokens(before: Groups, times: int, side: str) -> None:
    only(before, altered(before, lambda each: {side: each[side] * times}), Reason.TOKENS)


@given(before=groups, shift=st.data())
@FEWER
def test_another_mix_alone_is_mix(before: Groups, shift: st.DataObject) -> None:
    """As many calls of each key, of other models."""
    now = {}
    for key in {key for key, _, _ in before}:
        of_key = {group: each for group, each in before.items() if group[0] == key}
        n = [each["n"] for each in of_key.values()]
        other = shift.draw(st.permutations(n))
        now |= {group: {**each, "n": m} for (group, each), m in zip(of_key.items(), other, strict=True)}
    only(before, now, Reason.MIX)


@given(new=usage, old=usage)
@FEWER
def test_a_model_that_takes_over_is_mix_alone(new: dict[str, Any], old: dict[str, Any]) -> None:
    one, other = ("a", "openai", "big"), ("a", "openai", "small")
    only({one: old}, {other: {**new, "n": old["n"]}}, Reason.MIX)


def test_all_at_once_by_hand() -> None:
    """Key a: 10 calls of 100 tokens at 1, then 20 of 150 at 2. Volume 1000, tokens 1000, price 3000."""
    one = {"n": 10, "sent": 100, "received": 0, "sent_price": 1, "received_price": 0}
    two = {"n": 20, "sent": 150, "received": 0, "sent_price": 2, "received_price": 0}
    before: Groups = {("a", None, "m"): one, ("gone", None, "m"): one}
    found = explain(made(before), made({("a", None, "m"): two, ("new", None, "x"): two}))
    assert amounts(found) == {
        Reason.NEW_KEYS: usd(6000),
        Reason.VANISHED_KEYS: usd(-1000),
        Reason.VOLUME: usd(1000),
        Reason.TOKENS: usd(1000),
        Reason.PRICE: usd(3000),
    }
    named = {
        part.reason: (part.key and part.key.name, part.model and part.model.name) for part in found.parts
    }
    assert found.apart
    assert named[Reason.NEW_KEYS] == ("new", "x")
    assert named[Reason.VANISHED_KEYS] == ("gone", "m")
    assert named[Reason.MIX] == (None, None)


def test_a_part_names_what_contributes_most_in_its_direction() -> None:
    one = {"n": 10, "sent": 1, "received": 0, "sent_price": 100, "received_price": 0}
    before: Groups = {(key, None, key): one for key in KEYS}
    now: Groups = {(key, None, key): {**one, "n": n} for key, n in zip(KEYS, (90, 8, 20), strict=True)}
    found = {part.reason: part for part in explain(made(before), made(now)).parts}[Reason.VOLUME]
    assert found.key is not None
    assert (found.amount, found.key.name, found.key.amount) == (usd(8800), "a", usd(8000))


def test_nothing_before_and_nothing_now() -> None:
    one: Groups = {("a", None, "m"): {"n": 1, "sent": 5, "received": 1, "sent_price": 3, "received_price": 1}}
    assert amounts(explain(made({}), made(one))) == {Reason.NEW_KEYS: usd(16)}
    assert amounts(explain(made(one), made({}))) == {Reason.VANISHED_KEYS: usd(-16)}
    assert amounts(explain(made({}), made({}))) == {}


def row(key: str, cost: int | None, priced: int, **given: Any) -> dict[str, Any]:
    figures = dict.fromkeys(change.FIGURES)
    figures |= {"key": key, "provider": None, "model": "m", "priced_calls": priced, **given}
    return figures | {"cost_usd": None if cost is None else usd(cost)}


def test_calls_without_a_price_in_one_period_are_not_split() -> None:
    """What they cost then is unknown, so neither their volume nor a price explains the rest."""
    before = period([row("a", None, 0, input_tokens=7)])
    assert amounts(explain(before, period([row("a", 50, 2, priced_tokens=7)]))) == {Reason.NOT_SPLIT: usd(50)}
    other_model = period([row("a", 50, 2, priced_tokens=7, model="other")])
    assert amounts(explain(before, other_model)) == {Reason.NOT_SPLIT: usd(50)}
    assert explain(before, other_model).new_keys == 0


def test_tokens_of_calls_without_a_price_are_not_counted() -> None:
    """Twice the tokens for each priced call, at one price; what the unpriced calls held is beside it."""
    before = period([row("a", 100, 1, priced_tokens=10, input_tokens=10, input_cost_usd=usd(100))])
    now = period([row("a", 200, 1, priced_tokens=20, input_tokens=999, input_cost_usd=usd(200))])
    assert amounts(explain(before, now)) == {Reason.TOKENS: usd(100)}
    assert not explain(before, now).apart


def test_a_cost_of_calls_whose_tokens_are_unknown_has_a_price_for_each_call() -> None:
    before = period([row("a", 100, 10, priced_tokens=0)])
    now = period([row("a", 300, 20, priced_tokens=0)])
    assert amounts(explain(before, now)) == {Reason.VOLUME: usd(100), Reason.PRICE: usd(100)}
    assert not explain(before, now).apart
    known = period([row("a", 300, 20, priced_tokens=50)])
    assert amounts(explain(before, known)) == {Reason.VOLUME: usd(100), Reason.PRICE: usd(100)}


def test_more_groups_than_an_answer_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that one answer lacks may have been cut off, so it is not new; the unseen is not split."""
    monkeypatch.setattr(change, "MOST_ROWS", 2)
    before = period([row("a", 100, 10, priced_tokens=10), row("b", 90, 1, priced_tokens=1)], beyond=7)
    now = period([row("a", 200, 20, priced_tokens=20), row("c", 95, 1, priced_tokens=1)], beyond=30)
    found = explain(before, now)
    assert found.cut
    assert amounts(found) == {Reason.VOLUME: usd(100), Reason.NOT_SPLIT: usd(95 - 90 + 30 - 7)}
    assert total(found) == found.difference


@given(
    parts=st.lists(st.fractions(-100, 100, max_denominator=1000), min_size=1, max_size=8), up=st.booleans()
)
@settings(max_examples=12)
def test_sharing_out_adds_up_and_leaves_whole_numbers_alone(parts: list[Fraction], up: bool) -> None:
    """To the next whole number below the sum, or above it."""
    total = math.ceil(sum(parts)) if up else math.floor(sum(parts))
    found = shared_out(parts, total)
    assert sum(found) == total
    for part, shown in zip(parts, found, strict=True):
        assert abs(shown - part) < 1


def test_a_total_out_of_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="too far"):
        shared_out([Fraction(1, 2), Fraction(1)], 3)


WEEK = Timeframe(datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 9, tzinfo=UTC), "Europe/Berlin")
FIRST, LAST = (edge.replace(tzinfo=None) for edge in (WEEK.previous.start, WEEK.end))


@given(rows=calls(FIRST, LAST - timedelta(microseconds=1), most=20))
@settings(max_examples=12)
def test_any_calls_of_a_store_are_split_without_a_rest(engine: sa.Engine, rows: list[Row]) -> None:
    """Whatever prices, tokens and recorded costs they have: exact to the last decimal."""
    selection = Selection(WEEK)
    with held(engine, rows) as connection:
        before, now = (
            Period(
                ask(connection, change.question(which)),
                ask(connection, Question(which, ("cost_usd",))).at[0, "cost_usd"],
            )
            for which in (selection.previous, selection)
        )
    found = explain(before, now)
    start = WEEK.start.replace(tzinfo=None)
    costs = [row["cost_pico"] * (1 if row["called_at"] >= start else -1) for row in rows if row["cost_pico"]]
    assert total(found) == found.difference == usd(sum(costs))
    known = {row["api_key_id"] for row in rows if row["cost_pico"] is not None}
    assert {part.key.name for part in found.parts if part.key} <= known
