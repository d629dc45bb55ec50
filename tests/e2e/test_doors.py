"""Addresses that are no pages. Those of pages, and those of nothing, are asked for where they are used."""

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import House

pytestmark = pytest.mark.browser


def test_addresses_of_the_api_are_no_pages(filled: House, page: Page) -> None:
    for path in ("/api", "/api/v1", "/api/v1/call", "/api/v1/calls/"):
        answer = page.request.get(filled.url + path, headers={"Accept": "text/html"}, max_redirects=0)
        assert answer.status in (404, 307), path
        assert "stSidebar" not in answer.text()
