"""Faults put into a bill are found in their class with their amount, and nothing else is blamed."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bills.made import (
    DAY,
    DAYS,
    FIRST,
    PRICES,
    Billed,
    Books,
    Made,
    bill_of,
    cents,
    cost,
    gathered,
)
from usage_core.bills.explain import Explained, explain
from usage_core.bills.parts import Part

HOUR = timedelta(hours=1)
CLASSES = ("input", "read", "output")


@st.composite
def logs(draw: st.DrawFn) -> list[Made]:
    """Calls of every model and key on every day and around, at hours and sizes of their own."""
    tokens = st.tuples(st.integers(1, 90_000), st.integers(1, 9_000), st.integers(1, 9_000))
    made = []
    for model in PRICES:
        for key in ("k1", "k2"):
            hour = -30 + draw(st.integers(0, 5))
            while hour < 24 * DAYS + 30:
                amounts = dict(zip(CLASSES, draw(tokens), strict=True))
                made.append(Made(FIRST + hour * HOUR, model, key, amounts))
                hour += draw(st.integers(5, 11))
    return made


def check(found: Explained, expected: dict[Part, Decimal]) -> None:
    assert sum(found.parts.values()) == found.difference
    assert {part: usd for part, usd in found.parts.items() if part is not Part.ROUNDING} == {
        part: usd for part, usd in expected.items() if usd
    }
    assert abs(found.parts.get(Part.ROUNDING, Decimal(0))) <= found.rounding


def inside(call: Made) -> bool:
    return FIRST <= call.at < FIRST + DAYS * DAY


FAULTS = ("none", "missing", "not billed", "price", "twice", "cache", "tokens")


def inject(kind: str, model: str, day: int, books: Books, whole_day: bool) -> tuple[Part, Decimal]:
    """Put a fault of a kind into the books of one model; the part and amount that should be found."""
    at = FIRST + day * DAY
    calls = [c for c in books.calls if c.model == model and at <= c.at < at + DAY]
    lines = [n for n in books.lines if n.model == model]
    if kind in ("missing", "not billed"):
        gone = calls if whole_day else calls[:1]
        total = sum((cost(call, name) for call in gone for name in CLASSES), Decimal(0))
        left = [call for call in books.calls if call not in gone]
        if kind == "missing":
            books.calls = left
            return Part.NO_CALLS, total
        books.lines = [n for n in books.lines if n.model != model] + [
            n for n in bill_of(left) if n.model == model
        ]
        return Part.NOT_BILLED, -total
    if kind == "price":
        dearer = {n: replace(n, usd=n.usd * 3) for n in lines if n.cls == "output"}
        books.lines = [dearer.get(n, n) for n in books.lines]
        return Part.PRICE, sum((2 * n.usd for n in dearer), Decimal(0))
    if kind == "twice":
        again = [n for n in lines if n.day == at]
        books.lines += again
        return Part.TWICE, sum((n.usd for n in again), Decimal(0))
    if kind == "none":
        return Part.UNEXPLAINED, Decimal(0)
    part, bill = {"cache": (Part.CACHE, bill_cache_as_input), "tokens": (Part.TOKENS, bill_more_tokens)}[kind]
    return part, bill(model, lines, books)


def bill_more_tokens(model: str, lines: list[Billed], books: Books) -> Decimal:
    """Charge more output tokens of one line; gives what they cost."""
    one = next(n for n in lines if n.cls == "output")
    more = Decimal(1000 * PRICES[model]["output"]).scaleb(-12)
    books.lines[books.lines.index(one)] = replace(one, tokens=(one.tokens or 0) + 1000, usd=one.usd + more)
    return more


def bill_cache_as_input(model: str, lines: list[Billed], books: Books) -> Decimal:
    """Charge all tokens read from the cache as input; gives what that costs more."""
    total = Decimal(0)
    for read in [n for n in lines if n.cls == "cache read"]:
        tokens = read.tokens or 0
        at_input = Decimal(tokens * PRICES[model]["input"]).scaleb(-12)
        place = next(
            n for n in books.lines if (n.day, n.model, n.key, n.cls) == (read.day, model, read.key, "input")
        )
        books.lines[books.lines.index(place)] = replace(
            place, tokens=(place.tokens or 0) + tokens, usd=place.usd + at_input
        )
        books.lines.remove(read)
        total += at_input - read.usd
    return total


@settings(max_examples=12, deadline=None)
@given(
    calls=logs(),
    faults=st.tuples(*(st.sampled_from(FAULTS) for _ in PRICES)),
    day=st.integers(0, DAYS - 1),
    credit=st.sampled_from([Decimal(0), Decimal(-5)]),
)
def test_each_fault_is_found_with_its_amount(
    calls: list[Made], faults: tuple[str, ...], day: int, credit: Decimal
) -> None:
    books = Books(list(calls), bill_of(calls))
    expected: dict[Part, Decimal] = {Part.CREDIT: credit}
    for model, kind in zip(PRICES, faults, strict=True):
        part, usd = inject(kind, model, day, books, whole_day=False)
        expected[part] = expected.get(part, Decimal(0)) + usd
    if credit:
        books.lines.append(Billed(FIRST, None, None, None, None, credit, "credit", days=DAYS))
    check(explain(gathered(books)), expected)


@settings(max_examples=6, deadline=None)
@given(
    calls=logs(),
    fault=st.sampled_from(("none", "missing", "not billed", "price", "twice", "cache")),
    model=st.sampled_from(sorted(PRICES)),
    printed=st.sampled_from((12, 2)),
)
def test_a_bill_of_amounts_alone(calls: list[Made], fault: str, model: str, printed: int) -> None:
    """Without quantities: to the exact amount, or, printed in cents, within what the cents can hide."""
    books = Books(list(calls), bill_of(calls))
    part, usd = inject(fault, model, 2, books, whole_day=True)
    shown = {2: cents, 12: lambda line: line}[printed]
    books.lines = [replace(shown(line), tokens=None) for line in books.lines]
    found = explain(gathered(books))
    assert sum(found.parts.values()) == found.difference
    if printed == 12:
        check(found, {part: usd})
    else:
        assert abs(found.parts.get(part, Decimal(0)) - usd) <= found.rounding


@settings(max_examples=6, deadline=None)
@given(calls=logs(), later=st.sampled_from([-14, -8, -1, 1, 5, 8, 24]), quantities=st.booleans())
def test_days_that_begin_elsewhere(calls: list[Made], later: int, quantities: bool) -> None:
    books = Books(calls, bill_of(calls, later=later))
    if not quantities:
        books.lines = [replace(line, tokens=None) for line in books.lines]
    found = explain(gathered(books))
    billed = sum((line.usd for line in books.lines), Decimal(0))
    ours = sum((line.usd for line in bill_of(calls)), Decimal(0))
    # Two beginnings between which no call was made are the same.
    assert bill_of(calls, later=found.hours) == bill_of(calls, later=later)
    check(found, {Part.SHIFT: billed - ours})


@settings(max_examples=3, deadline=None)
@given(calls=logs(), dear=st.sampled_from(sorted(PRICES)))
def test_calls_without_a_price(calls: list[Made], dear: str) -> None:
    books = Books(calls, bill_of(calls))
    found = explain(gathered(books, unpriced=[dear]))
    check(found, {Part.UNPRICED: sum((n.usd for n in books.lines if n.model == dear), Decimal(0))})
    assert found.unpriced_calls == sum(inside(call) for call in calls if call.model == dear)


CALLS = [
    Made(FIRST + hour * HOUR, model, key, {"input": 1000 + hour, "read": 500, "output": 100})
    for hour in range(0, 24 * DAYS, 7)
    for model in PRICES
    for key in ("k1", "k2")
]


def collapsed(*names: str) -> list[Billed]:
    """The bill without some of what its lines say, each line as it is otherwise."""
    lines = []
    for line in bill_of(CALLS):
        given = {name: None for name in names if name != "day"}
        days = {"day": FIRST, "days": DAYS} if "day" in names else {}
        lines.append(replace(line, **given, **days))
    return lines


@pytest.mark.parametrize(
    ("left_out", "grain"),
    [
        ((), "day × model × token class × key"),
        (("key",), "day × model × token class"),
        (("cls",), "day × model × key"),
        (("day",), "period × model × token class × key"),
        (("key", "cls", "day"), "period × model"),
        (("model", "key", "cls", "day"), "period"),
    ],
)
def test_the_grain_falls_back_step_by_step(left_out: tuple[str, ...], grain: str) -> None:
    found = explain(gathered(Books(CALLS, collapsed(*left_out))))
    assert {each.words for each in found.grains} == {grain}
    check(found, {})


def test_keys_are_left_aside_where_none_is_known() -> None:
    lines = [replace(line, key=f"their {line.key}", known=False) for line in bill_of(CALLS)]
    found = explain(gathered(Books(CALLS, lines)))
    assert {each.words for each in found.grains} == {"day × model × token class"}
    check(found, {})


def test_a_key_that_made_no_call_is_named() -> None:
    stolen = Billed(FIRST, "big", "leaked", "input", 4000, Decimal("0.01"), known=False)
    found = explain(gathered(Books(CALLS, [*bill_of(CALLS), stolen])))
    check(found, {Part.NO_CALLS: Decimal("0.01")})
    [finding] = found.findings
    assert (finding.key, finding.model, finding.their_price) == ("leaked", "big", Decimal("2.5"))


def test_the_price_they_must_have_used() -> None:
    lines = [replace(n, usd=n.usd * 2) if n.cls == "output" else n for n in bill_of(CALLS)]
    found = explain(gathered(Books(CALLS, lines)))
    [both] = {(each.our_price, each.their_price) for each in found.findings if each.model == "big"}
    assert both == (Decimal(10), Decimal(20))


@pytest.mark.parametrize(("requests", "part"), [(0, Part.TOKENS), (-3, Part.NOT_BILLED), (3, Part.NO_CALLS)])
def test_requests_tell_calls_from_tokens(requests: int, part: Part) -> None:
    """A bill by day and model with numbers of requests."""
    lines = []
    for day in range(DAYS):
        of_day = [n for n in bill_of(CALLS) if n.day == FIRST + day * DAY and n.model == "big"]
        calls = sum(c.model == "big" and c.at.date() == (FIRST + day * DAY).date() for c in CALLS)
        tokens, usd = sum(n.tokens or 0 for n in of_day), sum(n.usd for n in of_day)
        lines.append(
            Billed(FIRST + day * DAY, "big", None, None, tokens, Decimal(usd), requests=calls, known=False)
        )
    changed = replace(lines[1], tokens=2 * (lines[1].tokens or 0), usd=2 * lines[1].usd)
    lines[1] = replace(changed, requests=(changed.requests or 0) + requests)
    found = explain(gathered(Books([c for c in CALLS if c.model == "big"], lines)))
    check(found, {part: lines[1].usd / 2})


def test_other_charges_are_not_held_against_the_bill() -> None:
    charges = {"tax": 19, "fee": 20, "service": 3, "credit": -7, "discount": -2}
    extra = [
        Billed(FIRST, None, None, None, None, Decimal(usd), kind, days=DAYS) for kind, usd in charges.items()
    ]
    found = explain(gathered(Books(CALLS, [*bill_of(CALLS), *extra])))
    assert (found.difference, found.judged) == (33, -2)
    assert list(found.parts.values()) == [3, -7, -2, 19, 20]
