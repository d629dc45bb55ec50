"""Every address: its page in its frame, or no page. `test_arriving` has the first that is ever asked for."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import House

pytestmark = pytest.mark.browser

PAGES = {
    "/": "Overview",
    "/imports": "Imports",
}
UNKNOWN = ("/pages/usage/cost.py", "/nowhere")


def open_door(page: Page, url: str, settled: Callable[..., None]) -> None:
    page.goto(url)
    settled(page)


def expect_page(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_test_id("stSidebar").get_by_text("Timeframe", exact=True)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_later_visitors_by_a_link(filled: House, page: Page, settled: Callable[..., None]) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for path, title in PAGES.items():
        open_door(page, filled.url + path, settled)
        expect_page(page, title)
    assert not [text for text in said if "Content Security Policy" in text]


def test_unknown_addresses_lead_to_the_start_page(
    filled: House, page: Page, settled: Callable[..., None]
) -> None:
    """No page is shown by a name it does not go by, and none outside the frame."""
    for path in UNKNOWN:
        open_door(page, filled.url + path, settled)
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        expect(page.get_by_test_id("stSidebar").get_by_text("Timeframe", exact=True)).to_be_visible()


def test_addresses_of_the_api_are_no_pages(filled: House, page: Page) -> None:
    for path in ("/api", "/api/v1", "/api/v1/call", "/api/v1/calls/"):
        answer = page.request.get(filled.url + path, headers={"Accept": "text/html"}, max_redirects=0)
        assert answer.status in (404, 307), path
        assert "stSidebar" not in answer.text()
