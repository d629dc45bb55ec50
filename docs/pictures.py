"""Makes the README's picture: every analysis page of the sample workspace, as a new user sees it.

    python -m docs.pictures

Starts the console over an empty store, opens each page in Chromium, and puts the pictures side by side.
"""

import base64
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from benchmarks import browser, serving

PAGES = ("Overview", "Cost", "Latency", "Patterns")
TARGET = Path(__file__).with_name("pages.png")
SIZE = {"width": 1440, "height": 1080}
WIDE = 860
"""Width of each page in the picture, in pixels."""

STYLE = (
    "body{margin:0;padding:16px;display:grid;grid-template-columns:1fr 1fr;gap:16px;background:#dfe3e8}"
    f"img{{width:{WIDE}px;display:block;border-radius:6px}}"
)


def pictures(page: Page, url: str) -> list[bytes]:
    """A picture of each page."""
    page.set_viewport_size(SIZE)
    page.goto(url)
    browser.drawn(page, PAGES[0])
    made = []
    for title in PAGES:
        if title != PAGES[0]:
            browser.open_page(page, title)
        made.append(page.screenshot())
    return made


def main() -> None:
    """Make the picture anew."""
    with (
        tempfile.TemporaryDirectory() as home,
        serving.running(Path(home)) as server,
        browser.opened() as page,
    ):
        encoded = (base64.b64encode(each).decode() for each in pictures(page, server.url))
        images = "".join(f'<img src="data:image/png;base64,{each}">' for each in encoded)
        page.set_viewport_size({"width": 2 * WIDE + 48, "height": 600})
        page.set_content(f"<style>{STYLE}</style>{images}")
        page.screenshot(path=TARGET, full_page=True)


if __name__ == "__main__":
    main()
