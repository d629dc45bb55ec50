"""A stranger's first minutes with a console that nobody has asked for anything: a link, the sample, a log."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import House, expect_page
from usage_core.schema import EXPORT_HEADER

pytestmark = pytest.mark.browser

LEGENDS_CUT = """() => [...document.querySelectorAll('.role-legend')].map(
  legend => legend.getBoundingClientRect().bottom > legend.closest('svg').getBoundingClientRect().bottom)"""
"""Of each legend of the page's charts, whether it goes on below its picture."""


def test_from_a_link_to_the_first_figures_of_ones_own(
    untouched: House, page: Page, settled: Callable[..., None]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(untouched.url + "/cost")
    settled(page)
    expect_page(page, "Cost")
    for width in (1410, 1440):  # at which a legend was cut
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(700)
        assert page.evaluate(LEGENDS_CUT) == [False, False]

    expect(page.get_by_text("Sample workspace.")).to_be_visible()
    page.get_by_role("link", name="Import files").click()
    settled(page)
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None).isoformat()
    log = (
        f"{EXPORT_HEADER}\n"
        f"{now}Z,k1,<b>prod</b>,OpenAI,gpt-4o,500,1200,3821,2.50,10.00\n"
        f"{now}Z,k1,<b>prod</b>,OpenAI,gpt-4o,-5,1200,3821,2.50,10.00\n"
    )
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        {"name": "march.csv", "mimeType": "text/csv", "buffer": log.encode()}
    )
    page.get_by_role("button", name="Import files").click()
    settled(page)
    expect(
        page.get_by_text(
            "march.csv (Langdock API usage CSV): 2 rows read = 1 stored + 0 already there + 1 set aside."
        )
    ).to_be_visible()
    expect(page.get_by_text("Sample workspace.")).to_have_count(0)
    page.get_by_role("button", name="Show the calls of ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    settled(page)
    assert "tf=Custom" in page.url
    assert page.get_by_test_id("stMetricValue").first.inner_text() == "$0.0133"
    assert not [each for each in asked if not each.startswith((untouched.url, "data:", "blob:"))]
