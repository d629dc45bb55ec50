"""Selections: from a link and back, refused by the name of what is wrong, equal where they mean the same."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage_core.errors import SelectionError
from usage_core.schema import Kind
from usage_core.selection import FILTERS, UNKNOWN, Selection
from usage_core.store.tables import CALLS
from usage_core.timeframe import Timeframe, zone_names

START, END = datetime(2026, 11, 1, 9, 30, tzinfo=UTC), datetime(2026, 11, 22, 17, 1, tzinfo=UTC)
FRAME = Timeframe(START, END, "Europe/Berlin")
EDGES = [("from", "2026-11-01T09:30Z"), ("to", "2026-11-22T17:01Z")]

minutes = st.integers(0, 100 * 365 * 24 * 60).map(
    lambda n: datetime(1980, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)
frames = st.builds(
    lambda edges, zone: Timeframe(min(edges), max(edges), zone),
    st.lists(minutes, min_size=2, max_size=2, unique=True),
    st.sampled_from(zone_names()),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [UNKNOWN, "' OR 1=1 --", "$1", "%", "%41", "a&b=c", "a+b", "#", "\u202e", "\x00", "\n"]
)
selections = st.builds(
    Selection,
    frames,
    **{name: st.lists(texts, max_size=3).map(tuple) for name in ("key", "provider", "model")},
    kind=st.lists(st.sampled_from([str(kind) for kind in Kind]), max_size=3).map(tuple),
)


@given(selections)
def test_a_link_and_back(selection: Selection) -> None:
    assert Selection.from_params(selection.params()) == selection


@given(selections)
def test_a_link_as_text_and_back(selection: Selection) -> None:
    pairs = parse_qsl(urlencode(selection.params()), keep_blank_values=True, strict_parsing=True)
    assert Selection.from_params(pairs) == selection


@given(selections, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(selection: Selection, draw: random.Random) -> None:
    pairs = selection.params()
    pairs += [pair for pair in pairs if pair[0] in FILTERS]
    draw.shuffle(pairs)
    same = Selection.from_params(pairs)
    assert same == selection
    assert hash(same) == hash(selection)
    assert {selection: "cached"}[same] == "cached"


def test_different_selections_are_different() -> None:
    every = [
        Selection(FRAME),
        Selection(FRAME.previous),
        Selection(Timeframe(START, END, "UTC")),
        Selection(FRAME, key=("a",)),
        Selection(FRAME, provider=("a",)),
        Selection(FRAME, model=("a",)),
        Selection(FRAME, model=("a", "b")),
        Selection(FRAME, model=("a,b",)),
        Selection(FRAME, model=("ab",)),
        Selection(FRAME, model=(UNKNOWN,)),
        Selection(FRAME, kind=("embedding",)),
    ]
    assert len(set(every)) == len(every)
    assert len({tuple(each.params()) for each in every}) == len(every)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ([], "from"),
        (EDGES[:1], "to"),
        (EDGES[1:], "from"),
        ([*EDGES, EDGES[0]], "from"),
        ([*EDGES, ("to", "2026-12-01")], "to"),
        ([*EDGES, ("tz", "UTC"), ("tz", "UTC")], "tz"),
        ([*EDGES, ("tz", "")], "tz"),
        ([("from", ""), EDGES[1]], "from"),
        ([*EDGES, ("tz", "Mars/Olympus")], "Mars/Olympus"),
        ([*EDGES, ("tz", "../../etc/passwd")], "passwd"),
        ([*EDGES, ("tz", "Europe")], "Europe"),
        ([*EDGES, ("tz", "\x00")], "time zone"),
        ([*EDGES, ("tz", "x" * 5000)], "xxx"),
        ([*EDGES, ("Model", "a")], "Model"),
        ([*EDGES, ("zone", "UTC"), ("by", "key")], "by, zone"),
        ([*EDGES, ("kind", "chat")], "chat"),
        ([*EDGES, ("kind", "")], "kind"),
        ([("from", "yesterday"), EDGES[1]], "yesterday"),
        ([("from", "2026-11-01T09:30:15Z"), EDGES[1]], "2026-11-01T09:30:15Z"),
        ([("from", "2026-11-23"), EDGES[1]], "Swap"),
        ([("from", EDGES[1][1]), EDGES[1]], "Swap"),
        ([("from", "0001-01-01T00:00+10:00"), EDGES[1]], "outside the calendar"),
        ([("from", "1900-01-01T00:00Z"), EDGES[1]], "1970"),
        ([EDGES[0], ("to", "9999-01-01")], "2200"),
    ],
)
def test_what_cannot_be_understood_is_named(params: list[tuple[str, str]], named: str) -> None:
    with pytest.raises(SelectionError, match=named) as refused:
        Selection.from_params(params)
    assert len(str(refused.value)) < 250


def test_a_long_unknown_parameter_is_not_repeated_in_full() -> None:
    with pytest.raises(SelectionError) as refused:
        Selection.from_params([*EDGES, ("x" * 10_000, "")])
    assert len(str(refused.value)) < 200


def test_dates_are_local_to_the_zone_of_the_link() -> None:
    found = Selection.from_params([("from", "2026-11-01"), ("to", "2026-11-02"), ("tz", "Asia/Kathmandu")])
    assert found.timeframe.start == datetime(2026, 10, 31, 18, 15, tzinfo=UTC)
    assert Selection.from_params(EDGES).timeframe.zone == "UTC"


def test_filters_are_columns_of_the_calls() -> None:
    given_all: dict[str, Any] = dict.fromkeys(FILTERS, ("completion",))
    assert dict(Selection(FRAME, **given_all).filters) == dict.fromkeys(FILTERS.values(), ("completion",))
    assert set(FILTERS.values()) <= set(CALLS.columns.keys())
    assert not Selection(FRAME).filters


def test_over_and_previous_keep_the_filters() -> None:
    selection = Selection(FRAME, key=("a",), provider=(UNKNOWN,), model=("m",), kind=("other",))
    before = selection.previous
    assert before.timeframe == FRAME.previous
    assert before.over(FRAME) == selection
