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


def test_limits_that_are_being_entered_stay_while_another_part_is_looked_at(holding: Holding) -> None:
    holding("varied", varied())
    app = visit("usage/patterns", **{"capacity": "Calls per minute", "enter-limits": "true"})
    assert drawn(app) == ["Shares"], "no calls are read for what nobody has looked at"
    app.session_state["view"] = "Capacity"
    before = limits_form(app.run())
    assert before
    for label in ("Shares", "Keys that changed"):
        app.session_state["view"] = label
        assert drawn(app.run()) == [label, "Capacity"]
        assert limits_form(app) == before
    app.session_state["enter-limits"] = False
    assert drawn(app.run()) == ["Keys that changed"]


def limits_form(app: AppTest) -> list[str]:
    return [each.proto.id for each in app.dataframe if "-limits-" in each.proto.id]


def test_the_part_that_was_left_is_open_when_its_page_is_come_back_to(holding: Holding) -> None:
    holding("varied", varied())
    app = visit("usage/patterns")
    app.session_state["view"] = "Keys that changed"
    app.run().switch_page("pages/usage/cost.py").run()
    assert drawn(app) == ["Table"]
    assert drawn(app.switch_page("pages/usage/patterns.py").run()) == ["Keys that changed"]
    app.switch_page("pages/usage/export.py").run()
    app.query_params["view"] = "Capacity"
    assert drawn(app.switch_page("pages/usage/patterns.py").run()) == ["Capacity"], "a link says what is open"
