"""Every control of the pages of figures is restored from the link and writes itself to it."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import HOME, visit
from tests.pages.test_drill_everywhere import OPEN
from tests.pages.varied import varied

pytestmark = pytest.mark.usefixtures("every_view")

Holding = Callable[..., None]

State = Mapping[str, Any]
"""Parameters of a link with other values than the page's own, and what the controls then hold."""

OF_THE_FRAME: State = {
    "tf": "90 days",
    "key": ["other"],
    "provider": ["OpenAI"],
    "model": ["small", "large"],
    "kind": ["completion"],
}

WHAT_IF, KEYS = {"view": "What if"}, {"view": "Keys to look at"}

STATES: list[tuple[str, State]] = [
    (HOME, {"by": "Model", "view": "Unusual days"} | OF_THE_FRAME),
    (
        "usage/cost",
        {"by": "Provider", "rows": "Week", "columns": "Model", "cells": "Calls", "most": "100 rows"},
    ),
    ("usage/cost", {"change": True, "key": ["other"]}),
    ("usage/cost", WHAT_IF | {"calls-of": "Embeddings"}),
    ("usage/cost", WHAT_IF | {"replay-at": "small (OpenAI)"}),
    ("usage/cost", WHAT_IF | {"priced-as": "A listed model", "listed-by": "openai", "listed-as": "gpt-4o"}),
    ("usage/cost", WHAT_IF | {"priced-as": "A price I type", "price-input": 1.5, "price-output": 0.25}),
    (
        "usage/cost",
        KEYS | {"stands-for": "One I choose", "stand-in": "small (OpenAI)", "silent-for": "7 days"},
    ),
    ("usage/latency", {"of-kind": "All kinds", "by": "Provider", "figure": "p99", "target": 2.5}),
    ("usage/latency", {"compare": ["small"], "view": "Distribution"}),
    (
        "usage/patterns",
        {
            "of": "Cost",
            "hour": "Peak",
            "capacity": "Calls per minute",
            "enter-limits": True,
            "view": "Capacity",
        },
    ),
]
"""Every control of the four pages, set to something else."""

NOT_IN_THE_LINK = {"Time zone", "Filters"}
"""The zone stands in it by another name, always; the filters are open where one is in use."""


@pytest.fixture(autouse=True)
def everything(holding: Holding) -> None:
    holding("varied", varied())


def written(state: State) -> dict[str, str | list[str]]:
    """The values of controls as a link has them."""
    texts = {True: "true", False: "false"}
    return {
        name: value if isinstance(value, list) else texts.get(value, str(value))
        for name, value in state.items()
    }


def controls(app: AppTest) -> Iterator[tuple[str, str]]:
    """The parameter of the link that each control writes ("" where it writes none), and its label."""
    for node in chain(walk(app.main), walk(app.sidebar)):
        proto = getattr(node, "proto", None)
        for message in (proto, getattr(proto, "tab_container", None), getattr(proto, "expandable", None)):
            if "query_param_key" in getattr(getattr(message, "DESCRIPTOR", None), "fields_by_name", ()):
                yield message.query_param_key, getattr(message, "label", "")


def walk(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", {}).values():
        yield from walk(child)


@pytest.mark.parametrize(("page", "state"), STATES, ids=str)
def test_a_link_restores_every_control(page: str, state: State) -> None:
    app = visit(page, **written(state))
    assert not app.exception
    assert {name: app.session_state[name] for name in state} == dict(state)
    assert all(name in dict(controls(app)) for name in state)


@pytest.mark.parametrize("page", OPEN)
def test_every_control_is_known_here_and_writes_itself_to_the_link(page: str) -> None:
    states = [state for known, state in STATES if known == page]
    known = {name for state in (*states, OF_THE_FRAME) for name in state}
    found = {
        pair
        for params in (*OPEN[page], *map(written, [*states, OF_THE_FRAME]))
        for pair in controls(visit(page, **params))
    }
    drawn = {name for name, _ in found if not name.endswith("-numbers")}
    assert drawn - {""} == known
    assert {re.split(r" \(|: ", label)[0] for name, label in found if not name} - {""} <= NOT_IN_THE_LINK


@pytest.mark.parametrize("page", OPEN)
def test_the_numbers_of_a_chart_are_opened_by_a_link(page: str) -> None:
    app = visit(page, **OPEN[page][0])
    closed = [name for name, _ in controls(app) if name.endswith("-numbers")]
    assert closed
    app = visit(page, **OPEN[page][0], **dict.fromkeys(closed, "true"))
    assert all(app.session_state[name] for name in closed)
