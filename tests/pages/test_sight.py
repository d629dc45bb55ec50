"""A viewer of some keys sees the console there would be if nobody else had made a call."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.server import visitor
from tests.pages.conftest import APP, check, texts, visit
from tests.pages.test_pages import PAGES, many
from usage_core.access.rules import Role, Visitor

pytestmark = pytest.mark.usefixtures("every_view")

Holding = Callable[..., None]
KEYS = ("key-1", "key-4")
EVERYTHING = many()
THEIRS = [row for row in EVERYTHING if row["api_key_id"] in KEYS]
VIEWER = Visitor("eve@example.com", Role.VIEWER, KEYS)
OPEN_TO_ALL = Visitor("eve@example.com", Role.VIEWER)


@pytest.fixture
def as_visitor(monkeypatch: pytest.MonkeyPatch) -> Callable[[Visitor], None]:
    return lambda found: monkeypatch.setattr(visitor, "judged", lambda _claims: found)


def seen(app: AppTest) -> list[str]:
    tables = [table.value.to_csv() for table in app.dataframe]
    metrics = [f"{metric.label} {metric.value} {metric.delta}" for metric in app.metric]
    choices = [f"{each.label} {each.options}" for each in (*app.multiselect, *app.selectbox)]
    return texts(app) + metrics + tables + choices


@pytest.mark.parametrize("page", ["usage/overview", "usage/cost", "usage/patterns"])
def test_nothing_tells_of_other_keys(
    holding: Holding, as_visitor: Callable[[Visitor], None], page: str
) -> None:
    as_visitor(VIEWER)
    holding("many", EVERYTHING)
    restricted = visit(page)
    check(restricted, PAGES[page])
    told = seen(restricted)
    as_visitor(OPEN_TO_ALL)
    holding("theirs", THEIRS)
    alone = visit(page)
    check(alone, PAGES[page])
    assert told == seen(alone)


def test_a_link_to_other_keys_shows_nothing_of_them(
    holding: Holding, as_visitor: Callable[[Visitor], None]
) -> None:
    holding("many", EVERYTHING)
    as_visitor(VIEWER)
    asked, unasked = visit("usage/cost", key=["Team 5", "key-0"], model="model-2"), visit("usage/cost")
    assert next(each.value for each in asked.sidebar.multiselect) == []
    assert all("Team 5" not in text and "key-0" not in text for text in seen(asked) + seen(unasked))


def test_the_next_visitor_sees_all_again(holding: Holding, as_visitor: Callable[[Visitor], None]) -> None:
    holding("many", EVERYTHING)
    as_visitor(VIEWER)
    theirs = seen(visit("usage/cost"))
    as_visitor(Visitor("ada@example.com", Role.ADMINISTRATOR))
    everything = seen(visit("usage/cost"))
    assert any("Team 5" in text for text in everything)
    assert everything != theirs


@pytest.mark.parametrize("page", ["admin/imports", "admin/workspace", "billing/prices"])
def test_administrators_pages_are_not_there(
    holding: Holding, as_visitor: Callable[[Visitor], None], page: str
) -> None:
    holding("many", EVERYTHING)
    as_visitor(OPEN_TO_ALL)
    app = AppTest.from_file(str(APP)).switch_page(f"pages/{page}.py").run()
    assert [each.value for each in app.title] == ["For administrators"]
    assert not [*app.main.button, *app.main.dataframe, *app.main.selectbox, *app.get("file_uploader")]
