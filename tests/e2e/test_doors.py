"""Every address, as the first a console is ever asked for and later: its page in its frame, or no page."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.importing import open_copy
from tests.metrics.by_hand import as_log, call
from usage_core.intake.run import import_file

pytestmark = pytest.mark.browser

PAGES = {
    "/": "Overview",
    "/latency": "Latency",
    "/imports": "Imports",
}
UNKNOWN = ("/usage/cost", "/pages/usage/cost.py", "/nowhere")


@pytest.fixture(scope="module")
def store(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one call, so that no sample is made at each start."""
    home = tmp_path_factory.mktemp("doors")
    (home / "log.csv").write_text(as_log([call(datetime.fromisoformat("2026-01-01T12:00"))]), newline="")
    lake = open_copy(empty_store, home / "store")
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


def test_a_first_visitor_by_a_link(cold: str, page: Page, settled: Callable[..., None]) -> None:
    """Nobody has asked this console for anything before."""
    open_door(page, cold + "/cost", settled)
    expect_page(page, "Cost")


def test_later_visitors_by_a_link(warm: str, page: Page, settled: Callable[..., None]) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for path in ("/", "/latency", "/imports"):
        open_door(page, warm + path, settled)
        expect_page(page, PAGES[path])
    assert not [text for text in said if "Content Security Policy" in text]


def test_unknown_addresses_lead_to_the_start_page(
    warm: str, page: Page, settled: Callable[..., None]
) -> None:
    """No page is shown by a name it does not go by, and none outside the frame."""
    for path in UNKNOWN:
        open_door(page, warm + path, settled)
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        expect(page.get_by_test_id("stSidebar").get_by_text("Timeframe", exact=True)).to_be_visible()


def test_addresses_of_the_api_are_no_pages(warm: str, page: Page) -> None:
    for path in ("/api", "/api/v1", "/api/v1/call", "/api/v1/calls/"):
        answer = page.request.get(warm + path, headers={"Accept": "text/html"}, max_redirects=0)
        assert answer.status in (404, 307), path
        assert "stSidebar" not in answer.text()
