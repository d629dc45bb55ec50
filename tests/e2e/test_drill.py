"""Clicks in a real browser: a bar narrows, a row leads on, and Back and the browser's back undo it."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import House, expect_page

pytestmark = pytest.mark.browser


Settled = Callable[..., None]


def chart(page: Page, title: str) -> Locator:
    found = page.get_by_test_id("stVegaLiteChart").filter(has_text=title)
    expect(found.locator("svg")).to_be_visible()
    return found


def biggest(bars: Locator) -> Locator:
    heights = [(bars.nth(n).bounding_box() or {})["height"] for n in range(bars.count())]
    return bars.nth(heights.index(max(heights)))


def link(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def shown(page: Page) -> str:
    """How many calls the sidebar offers: those that are shown."""
    return page.get_by_test_id("stSidebar").get_by_test_id("stCaptionContainer").last.inner_text()


def test_clicks_and_keys_lead_on_and_back(filled: House, page: Page, settled: Settled) -> None:
    """One after the other: each begins on the page that the one before has come back to."""
    page.goto(filled.url + "/?tz=Europe/Berlin")
    settled(page)
    expect_page(page, "Overview")
    a_bar_narrows_and_every_way_back_undoes_it(page, settled)
    a_row_leads_to_cost_and_back(page, settled)
    the_keyboard_opens_the_numbers_and_chooses_a_row(page, settled)


def a_bar_narrows_and_every_way_back_undoes_it(page: Page, settled: Settled) -> None:
    all_calls, entries = shown(page), page.evaluate("history.length")
    bar = biggest(chart(page, "Cost per day").locator("g.mark-rect path"))
    period, name = bar.evaluate("({__data__: {datum}}) => [datum.period, datum.name]")
    bar.hover()
    expect(chart(page, "Cost per day").locator("svg")).to_have_css("cursor", "pointer")
    bar.click()
    settled(page)
    day = period.split(" ", 1)[1]
    expect(page.locator(".st-key-narrowed")).to_contain_text(f"Narrowed to {name}, {day}")
    assert link(page)["key"] == [name]
    assert link(page)["tf"] == ["Custom"]
    assert len(link(page)["range"]) == 2
    assert page.evaluate("history.length") == entries + 1
    few_calls = shown(page)
    assert few_calls != all_calls
    narrow = page.url

    page.get_by_role("button", name="Back to").click()
    settled(page)
    assert shown(page) == all_calls
    assert set(link(page)) == {"tz"}
    expect(page.locator(".st-key-narrowed")).to_have_count(0)

    page.go_back()
    settled(page)
    assert (page.url, shown(page)) == (narrow, few_calls)
    page.go_back()
    settled(page)
    assert shown(page) == all_calls
    page.go_forward()
    settled(page)
    assert shown(page) == few_calls
    page.get_by_role("button", name="Back to").click()
    settled(page)
    assert shown(page) == all_calls


def a_row_leads_to_cost_and_back(page: Page, settled: Settled) -> None:
    page.get_by_role("tab", name="Top keys and models").click()
    settled(page)
    rows = chart(page, "Top models by cost")
    rows.scroll_into_view_if_needed()
    settled(page)
    # Right of the shortest bar: the whole row is a way in.
    rows.locator("g.mark-rect path").last.click()
    expect(page.get_by_role("heading", name="Cost", exact=True)).to_be_visible()
    settled(page)
    (model,) = link(page)["model"]
    assert urlsplit(page.url).path == "/cost"
    expect(page.locator(".st-key-narrowed")).to_contain_text(f"Narrowed to {model}")
    count = page.locator(".st-key-filters summary p")
    expect(count).to_have_css("content", '" (1)"', pseudo="after")
    page.get_by_role("button", name="Back to Overview").click()
    expect(page.get_by_role("heading", name="Overview", exact=True)).to_be_visible()
    settled(page)
    assert "model" not in link(page)


def the_keyboard_opens_the_numbers_and_chooses_a_row(page: Page, settled: Settled) -> None:
    toggle = page.locator("summary", has_text="Numbers").first
    toggle.focus()
    page.keyboard.press("Enter")
    settled(page)
    assert link(page)["spend-numbers"] == ["true"]
    expect(page.get_by_test_id("stDataFrame").locator("canvas").first).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "CANVAS":
            break
        here = page.locator(":focus").first
        expect(here).to_have_css("outline-style", "solid")  # wherever the keyboard is, it is framed
    expect(page.get_by_test_id("stDataFrame").first).to_have_css("outline-style", "solid")
    page.keyboard.press("Shift+Space")
    settled(page)
    expect(page.locator(".st-key-narrowed")).to_be_visible()
    assert link(page)["tf"] == ["Custom"]
    back = page.get_by_role("button", name="Back to")
    back.focus()
    page.keyboard.press("Enter")
    settled(page)
    assert "tf" not in link(page)
