"""What an administrator does: look, narrow, download, send a link, bring in a log."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Download, Page, expect

from tests.e2e.conftest import CALLS, House, expect_page
from tests.metrics.by_hand import as_log, call
from usage_core import wording
from usage_core.export.stream import csv_stream
from usage_core.intake.run import import_file
from usage_core.selection import Selection
from usage_core.store.lake import open_lake

pytestmark = pytest.mark.browser


def spend(page: Page) -> str:
    return page.get_by_test_id("stMetricValue").first.inner_text()


def download(page: Page) -> Download:
    """Click the sidebar's button; the file arrives through a tab of its own."""
    found: list[Download] = []
    # Playwright looks at a handler's attributes, which a list's own method does not have.
    keep = lambda file: found.append(file)  # noqa: E731, PLW0108
    page.context.on("page", lambda tab: tab.on("download", keep))
    page.on("download", keep)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Download CSV").click()
    for _ in range(600):
        if found:
            return found[0]
        page.wait_for_timeout(100)
    raise AssertionError("nothing was downloaded")


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))[1:]


def cost_of(rows: list[list[str]]) -> Decimal:
    total = Decimal(0)
    for *_, sent, received, _ms, sent_price, received_price in rows:
        if sent_price:
            total += int(sent) * Decimal(sent_price) + int(received or 0) * Decimal(received_price or 0)
    return total / 1_000_000


UNKNOWN = ("/pages/usage/cost.py", "/nowhere")
"""Addresses by which no page goes, and none outside the frame: they lead to the start page."""


def test_dates_figures_and_file_agree_and_choices_stay(
    filled: House, page: Page, settled: Callable[..., None]
) -> None:
    for path in UNKNOWN:
        page.goto(filled.url + path)
        settled(page)
        page.keyboard.press("Escape")  # it may be said that there is no such page
        expect_page(page, "Overview")
    first = spend(page)
    page.get_by_test_id("stSidebar").get_by_text("7 days", exact=True).click()
    settled(page)
    assert "tf=7+days" in page.url
    assert spend(page) != first

    link = page.get_by_test_id("stSidebar").get_by_role("link", name="Download CSV").get_attribute("href")
    assert link
    file = download(page)
    content = Path(file.path()).read_bytes()
    assert re.fullmatch(
        r"api-calls_\d{4}-\d\d-\d\d_to_\d{4}-\d\d-\d\d_Europe-Berlin\.csv", file.suggested_filename
    )

    lake = open_lake(filled.store)
    try:
        selection = Selection.from_params(parse_qsl(urlsplit(link).query))
        assert content == b"".join(csv_stream(lake, selection))
    finally:
        lake.close()
    rows = rows_of(content)
    assert 0 < len(rows) < CALLS
    assert spend(page) == wording.money(cost_of(rows))
    expect(page.get_by_test_id("stSidebar")).to_contain_text(f"{len(rows):,} calls")
    choices_stay_on_every_page(page, settled)


def choices_stay_on_every_page(page: Page, settled: Callable[..., None]) -> None:
    page.get_by_test_id("stSidebar").get_by_text("90 days", exact=True).click()
    settled(page)
    for name in ("Patterns", "Export"):
        page.get_by_test_id("stSidebarNav").get_by_text(name, exact=True).click()
        settled(page)
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        assert "tf=90+days" in page.url
        assert "tz=Europe%2FBerlin" in page.url


def test_a_copied_link_shows_a_colleague_elsewhere_the_same(
    filled: House, browser: Browser, page: Page, settled: Callable[..., None]
) -> None:
    page.goto(filled.url + "/cost?tf=Last+month&model=gpt-6-luna")
    settled(page)
    assert "tz=Europe%2FBerlin" in page.url
    elsewhere = browser.new_context(
        timezone_id="America/Los_Angeles",
        locale="en-US",
        viewport=page.viewport_size,
        reduced_motion="reduce",
    )
    try:
        other = elsewhere.new_page()
        other.goto(page.url)
        settled(other)
        count = other.locator(".st-key-filters summary p")
        expect(count).to_have_css("content", '" (1)"', pseudo="after")
        for part in ("stSidebarUserContent", "stMain"):
            expect(other.get_by_test_id(part)).to_have_text(
                page.get_by_test_id(part).text_content() or "none"
            )
        assert "tz=Europe%2FBerlin" in other.url
    finally:
        elsewhere.close()


def test_check_a_bill_and_sign_it_off(
    filled: House, page: Page, settled: Callable[..., None], tmp_path: Path
) -> None:
    def log(hour: int) -> None:
        made = call(
            datetime(2026, 1, 3, hour),  # noqa: DTZ001 - the store's instants are naive UTC
            **{"provider": "Billing Ltd", "input_tokens": 1_000_000, "input_price": Decimal("2.5")},
            **{"output_tokens": 0, "output_price": Decimal(10)},
        )
        (tmp_path / "log.csv").write_text(as_log([made]), encoding="utf-8", newline="")
        lake = open_lake(filled.store)
        assert import_file(lake, tmp_path / "log.csv").rows_stored == 1
        lake.close()

    log(9)
    page.goto(filled.url + "/reconcile")
    settled(page)
    header = "Provider,First Day,Model,Token Class,Tokens,Amount,Currency\n"
    dropped = {
        "books.csv": "Booking,Value\n1,2\n",
        "january.csv": f"{header}Billing Ltd,2026-01-03,small,input,1000000,7.50,USD\n",
    }
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        [{"name": name, "mimeType": "text/csv", "buffer": text.encode()} for name, text in dropped.items()]
    )
    page.get_by_role("button", name="Check bills").click()
    settled(page)
    expect(page.get_by_text("books.csv is not a bill in a format the console knows")).to_be_visible()
    expect(page.get_by_text("january.csv (Plain CSV): 1 row read = 1 stored")).to_be_visible()
    expect(page.get_by_text("Ask before you pay: usage is billed $5.00 more than computed")).to_be_visible()
    expect(page.get_by_text("billed at $7.50 per million tokens, $2.50 expected")).to_be_visible()
    with page.expect_download() as file:
        page.get_by_role("button", name="Download evidence").click()
    [difference] = csv.DictReader(io.StringIO(Path(file.value.path()).read_text(encoding="utf-8")))
    assert {"7.5", "2.5", "5"} <= set(difference.values())
    page.get_by_role("tab", name="Sign off").click()
    page.get_by_label("Note").fill("the provider agreed")
    page.get_by_role("button", name="Sign off").click()
    settled(page)
    page.get_by_role("tab", name="Sign off").click()
    signed = page.get_by_text("Signed off by administrator on")
    expect(signed.last).to_contain_text("the provider agreed")  # first, and where it can be taken back
    log(10)
    page.get_by_test_id("stSidebar").get_by_text("7 days", exact=True).click()  # whatever draws it anew
    settled(page)
    expect(page.get_by_text("This month changed since it was signed off")).to_be_visible()
