"""Of the parts of a page in tabs, one is drawn: the one that the link names."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import HOME, check, visit
from tests.pages.test_pages import PAGES
from tests.pages.varied import varied

Holding = Callable[..., None]

LABELS = {
    HOME: ["Why cost changed", "Unusual days", "Top keys and models"],
    "usage/cost": ["Table", "What if", "Keys to look at"],
    "usage/latency": [
        "What changed",
        "Compare",
        "Within a target",
        "Distribution",
        "By output tokens",
        "Slowest calls",
    ],
    "usage/patterns": ["Shares", "Keys that changed", "Capacity"],
}


def drawn(app: AppTest) -> list[str]:
    """The tabs that hold anything."""
    return [tab.label for tab in app.tabs if tab.children]


@pytest.mark.parametrize("page", LABELS)
def test_the_first_part_is_drawn_and_that_which_the_link_names(holding: Holding, page: str) -> None:
    holding("varied", varied())
    app = visit(page)
    check(app, PAGES[page])
    assert [tab.label for tab in app.tabs] == LABELS[page]
    assert drawn(app) == LABELS[page][:1]
    for label in LABELS[page][1:]:
        app = visit(page, view=label)
        check(app, PAGES[page])
        assert drawn(app) == [label]


def test_a_part_that_is_not_there_is_the_first(holding: Holding) -> None:
    holding("varied", varied())
    assert drawn(visit("usage/latency", view="What if")) == ["What changed"]


def test_what_is_being_entered_stays_while_another_part_is_looked_at(holding: Holding) -> None:
    holding("varied", varied())
    app = visit("billing/prices", view="Price history")
    assert drawn(app) == ["Enter a price", "Price history"]
