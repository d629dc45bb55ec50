"""Whole ways through the console, each from a question to its answer.

Others stand elsewhere: from a stranger's link to the first figures of their own (`test_arriving`), a month's
end with its bill (`test_main_job`), a viewer of two keys (`test_sign_in`). Of what goes wrong, what needs no
browser is tried without one: a full disk (`store/test_room`), killed imports (`store/test_many_processes`), a
store another process writes to (`store/test_lake`), a clock that is ahead (`pages/test_overview`).
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import House, expect_page
from usage_core.metrics.limits import change
from usage_core.schema import EXPORT_HEADER
from usage_core.store.lake import open_lake

pytestmark = pytest.mark.browser

Settled = Callable[..., None]


def file_of(page: Page) -> list[dict[str, str]]:
    """The calls behind the charts, as the button in the sidebar gives them."""
    button = page.get_by_test_id("stSidebar").get_by_role("link", name="Download CSV")
    answer = page.request.get(str(button.evaluate("link => link.href")))
    return list(csv.DictReader(io.StringIO(answer.text(), newline="")))


def choose(page: Page, chart: str, name: str) -> None:
    """Click the bar of this name in a chart; over it lies what makes a whole row a way in."""
    drawn = page.get_by_test_id("stVegaLiteChart").filter(has_text=chart).last
    expect(drawn.locator("svg")).to_be_visible()
    drawn.scroll_into_view_if_needed()
    drawn.locator(f'path[aria-label^="{name},"]').first.click(force=True)


def named_by(page: Page, beginning: str, name: str) -> str:
    """The name in the sentence that begins so."""
    said = page.get_by_text(re.compile(f"^{beginning}")).inner_text()
    [found] = re.findall(name, said)
    return str(found)


def test_who_costs_more_why_and_with_which_calls(filled: House, page: Page, settled: Settled) -> None:
    page.goto(f"{filled.url}/?tz=UTC&tf=7+days")
    settled(page)
    name = named_by(page, "You spent", r"; (.+) explains ")
    page.get_by_role("tab", name="Top keys and models").click()
    settled(page)
    choose(page, "Top keys by cost", name)
    expect(page.get_by_role("heading", level=1)).to_have_text("Cost")
    settled(page)
    # All of it is in the link; what a link shows to somebody else is seen in `test_main_job`.
    chosen = {"tz": ["UTC"], "tf": ["7 days"], "key": [name], "by": ["Model"]}
    assert parse_qs(urlsplit(page.url).query) == chosen
    expect(page.get_by_text(re.compile("^Cost (rose|fell|stayed)"))).to_be_visible()
    calls = file_of(page)
    assert calls
    assert {call["API Key Name"] for call in calls} == {name}


def test_what_answers_slowly_and_when(filled: House, page: Page, settled: Settled) -> None:
    page.goto(f"{filled.url}/latency?tz=UTC")
    settled(page)
    model = named_by(page, "Half of the completions", r"Slowest is (\S+) with")
    page.get_by_role("tab", name="Within a target").click()
    settled(page)
    choose(page, "least first", model)
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["model"] == [model]
    page.get_by_role("tab", name="Slowest calls").click()
    settled(page)
    slowest = max(file_of(page), key=lambda call: int(call["Completion Time (ms)"] or 0))
    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    row = table.locator("[role=row][aria-rowindex='2']")
    moment = slowest["Date"][:19].replace("T", " ")
    expect(row).to_contain_text(f"{slowest['Completion Time (ms)']}{moment}{slowest['API Key Name']}{model}")


def test_how_near_the_limit_the_peak_was(filled: House, page: Page, settled: Settled) -> None:
    lake = open_lake(filled.store)
    served, limit = ("OpenAI", "gpt-6-luna"), 50
    with lake.writing() as connection:
        change(connection, "calls_per_minute", {served: limit}, datetime.now(UTC).replace(tzinfo=None))
    lake.close()
    page.goto(f"{filled.url}/patterns?tz=UTC")
    settled(page)
    page.get_by_role("tab", name="Capacity").click()
    page.get_by_test_id("stMain").get_by_text("Calls per minute", exact=True).click()
    settled(page)
    minutes = Counter((call["Provider"], call["Model"], call["Date"][:16]) for call in file_of(page))
    of_all = Counter[str]()
    for (*_, minute), calls in minutes.items():
        of_all[minute] += calls
    peak = max(calls for (*of, _), calls in minutes.items() if tuple(of) == served)
    said = page.get_by_text(re.compile("^There (was|were) at most"))
    expect(said).to_contain_text(f"at most {max(of_all.values())} call")
    expect(said).to_contain_text(f"gpt-6-luna of OpenAI, with {peak} of {limit}, {100 * peak / limit:.1f} %")


def test_files_that_are_wrong_keep_no_other_from_being_imported(
    filled: House, page: Page, settled: Settled
) -> None:
    good = f"{EXPORT_HEADER}\n2024-02-03T04:05:06Z,k-old,old,OpenAI,gpt-4o,500,1200,3821,2.50,10.00\n"
    dropped = {
        "picture.csv": b"\x89PNG\r\n\x1a\n\x00\x00",
        "nothing.csv": b"",
        "notes.csv": b"What,When\nlunch,noon\n",
        "good.csv": good.encode(),
    }
    page.goto(f"{filled.url}/imports?tz=UTC")
    settled(page)
    expect_page(page, "Imports")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        [{"name": name, "mimeType": "text/csv", "buffer": raw} for name, raw in dropped.items()]
    )
    page.get_by_role("button", name="Import files").click()
    for said in (
        "picture.csv is not UTF-8 text",
        "nothing.csv is empty",
        "notes.csv is not in a format the console knows",
        "good.csv (Langdock API usage CSV): 1 row read = 1 stored",
    ):
        expect(page.get_by_text(said)).to_be_visible()
    page.get_by_role("button", name="Show the calls of 3 Feb 2024").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    settled(page)
    assert [call["API Key ID"] for call in file_of(page)] == ["k-old"]
