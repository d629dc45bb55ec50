"""Every address, as the first a console is ever asked for and later: its page in its frame, or no page."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.metrics.by_hand import as_log, call
from usage_core.intake.run import import_file
from usage_core.store.lake import open_lake

pytestmark = pytest.mark.browser

PAGES = {
    "/": "Overview",
    "/cost": "Cost",
    "/latency": "Latency",
    "/patterns": "Patterns",
    "/export": "Export",
    "/imports": "Imports",
}
NESTED = ("/usage/cost", "/usage/overview", "/admin/imports", "/pages/usage/cost.py", "/pages/usage/cost")
UNKNOWN = (*NESTED, "/nowhere", "/parts", "/frame", "/uploads")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one call, so that no sample is made at each start."""
    home = tmp_path_factory.mktemp("doors")
    (home / "log.csv").write_text(as_log([call(datetime.fromisoformat("2026-01-01T12:00"))]), newline="")
    lake = open_lake(home / "store")
    import_file(lake, home / "log.csv")
    lake.close()
    return home / "store"


@pytest.fixture
def cold(console: Callable[..., "object"], store: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a console that nobody has asked for anything."""
    running = console(store, DOOR=request.node.name)
    yield running.url
    running.stop()


@pytest.fixture
def warm(console: Callable[..., "object"], store: Path) -> str:
    """The address of a console that has shown pages before."""
    return console(store).url


def open_door(page: Page, url: str, settled: Callable[..., None]) -> None:
    page.goto(url)
    settled(page)


def expect_page(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_test_id("stSidebar").get_by_text("Timeframe", exact=True)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def expect_no_stray_page(page: Page) -> None:
    """Whatever is shown is shown inside the frame, and is the start page, not the one guessed at."""
    page.wait_for_timeout(1000)
    titles = page.get_by_role("heading", level=1).all_inner_texts()
    assert titles in ([], ["Overview"]), titles
    if titles:
        expect(page.get_by_test_id("stSidebar").get_by_text("Timeframe", exact=True)).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_a_first_visitor_with_a_deep_link(
    cold: str, page: Page, settled: Callable[..., None], path: str
) -> None:
    open_door(page, cold + path, settled)
    expect_page(page, PAGES[path])


@pytest.mark.parametrize("path", PAGES)
def test_a_later_visitor_with_a_deep_link(
    warm: str, page: Page, settled: Callable[..., None], path: str
) -> None:
    open_door(page, warm + path, settled)
    expect_page(page, PAGES[path])


@pytest.mark.parametrize("path", NESTED)
def test_a_first_visitor_with_an_unknown_address(cold: str, page: Page, path: str) -> None:
    page.goto(cold + path)
    expect_no_stray_page(page)
    assert_way_home(page)


@pytest.mark.parametrize("path", UNKNOWN)
def test_a_later_visitor_with_an_unknown_address(warm: str, page: Page, path: str) -> None:
    page.goto(warm + path)
    expect_no_stray_page(page)
    assert_way_home(page)


def assert_way_home(page: Page) -> None:
    """An address that is none is not a blank page: it says so, or shows the start page."""
    page.wait_for_timeout(2000)
    assert page.locator("body").inner_text().strip(), "blank"
