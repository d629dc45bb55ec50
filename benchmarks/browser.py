"""Chromium on the console: how long from a click until everything it asked for is drawn.

Drawn means: the script has finished, the heading is the page's, nothing is stale or waiting, every chart
holds a picture, and for a while neither the page's elements nor a canvas have changed. The time counted
ends with the last of these changes, not with the while.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "chromium-headless-shell",
)
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
QUIET_MS = 500
PATIENCE_MS = 60_000

# Runs in the page before anything else. `seen.began` is the time of the last click, `seen.changed` of the
# last change a reader can see in the page's own part, or of the script's state. What a table holds for
# screen readers is inside its canvas, and not seen: the table renews it a fifth of a second after it
# is drawn.
WATCH = """
const seen = window.seen = {began: 0, changed: 0};
const now = () => performance.now();
addEventListener('pointerdown', () => { seen.began = seen.changed = now(); }, true);
for (const name of ['clearRect', 'fillRect', 'fillText', 'drawImage']) {
  const draw = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    if (this.canvas.isConnected) seen.changed = now();
    return draw.apply(this, given);
  };
}
new MutationObserver(changes => {
  for (const {target, attributeName} of changes) {
    const element = target.nodeType === 1 ? target : target.parentElement;
    if (!element) continue;
    const unseen = '[data-testid=stHeader], canvas';
    const inMain = element.closest('[data-testid=stMain]') && !element.closest(unseen);
    if (inMain || attributeName === 'data-test-script-state') seen.changed = now();
  }
}).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
"""

# Gives the milliseconds from the click, or nothing as long as something is still to come.
DRAWN = """
({heading, before, quiet}) => {
  const all = name => [...document.querySelectorAll(`[data-testid=${name}]`)]
    .filter(element => element.checkVisibility());  // not what a closed part hides
  const main = document.querySelector('[data-testid=stMain]');
  const app = document.querySelector('[data-testid=stApp]');
  if (!main || app.dataset.testScriptState !== 'notRunning') return null;
  if (main.querySelector('h1')?.textContent !== heading) return null;
  if (main.querySelector('[data-stale=true], [data-testid=stSkeleton]')) return null;
  if (before !== null && all('stSidebarUserContent')[0].textContent === before) return null;
  const pictures = all('stVegaLiteChart').map(chart => chart.querySelector('svg, canvas'));
  pictures.push(...all('stDataFrame').map(table => table.querySelector('canvas')));
  if (pictures.some(picture => !picture || !picture.getBoundingClientRect().width)) return null;
  if (performance.now() - window.seen.changed < quiet) return null;
  if (main.querySelector('[data-testid=stException]')) throw new Error('the page shows an exception');
  return [window.seen.changed - window.seen.began, pictures.length];
}
"""


@contextmanager
def opened() -> Iterator[Page]:
    """A tab of a fresh visitor of UTC days; Playwright's own downloads are not used."""
    path = next((found for name in COMMANDS if (found := shutil.which(name))), None)
    if not path:
        raise SystemExit("No Chromium here. On Debian: apt install chromium.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(OPTIONS))
        try:
            yield visit(chromium)
        finally:
            chromium.close()


def visit(chromium: Any) -> Page:
    """A tab of another fresh visitor, who holds nothing of the console yet."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, timezone_id="UTC", locale="en-GB")
    context.add_init_script(WATCH)
    page: Page = context.new_page()
    return page


def drawn(page: Page, heading: str, before: str | None = None) -> tuple[float, int]:
    """Seconds from the last click, or from opening the address, until the page is drawn; its pictures.

    `before` is the sidebar's text before a click that changes it.
    """
    asked = {"heading": heading, "before": before, "quiet": QUIET_MS}
    found = page.wait_for_function(DRAWN, arg=asked, timeout=PATIENCE_MS, polling=50)
    milliseconds, pictures = found.json_value()
    return milliseconds / 1000, pictures


def open_page(page: Page, title: str) -> tuple[float, int]:
    """Click a page's link in the sidebar."""
    page.get_by_test_id("stSidebarNav").get_by_text(title, exact=True).click()
    return drawn(page, title)


def pick_timeframe(page: Page, title: str, timeframe: str) -> tuple[float, int]:
    """Click a timeframe in the sidebar, on the page of this title."""
    sidebar = page.get_by_test_id("stSidebarUserContent")
    before = sidebar.text_content()
    sidebar.get_by_text(timeframe, exact=True).click()
    return drawn(page, title, before)
