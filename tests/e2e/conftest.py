"""The real console in a real browser: `page` opens it, `settled` waits for it.

To start a console and a browser takes longer than most tests that use them, so all tests of this folder share
one browser and, unless they need one of their own, one console: `filled` is its address.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from usage_core import sample
from usage_core.intake.run import import_file
from usage_core.settings import Settings
from usage_core.store.lake import open_lake
from usage_core.timeframe import midnight
from usage_core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
PATIENCE_SECONDS = 60
"""How long what is waited for may take: the machine may be slow, and a test that passes does not wait."""

expect.set_options(timeout=PATIENCE_SECONDS * 1000)

STOP_SECONDS = 10
QUIET_MS = 250
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
EXCEPTION = "[data-testid=stException]"
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


@dataclass(frozen=True, slots=True)
class Console:
    """A running console: where it answers, and what it wrote."""

    url: str
    process: "subprocess.Popen[bytes]"
    log_file: Path

    def log(self) -> str:
        """Everything the console wrote so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End the console and whatever it started."""
        self._signal(getattr(signal, "SIGTERM", None))
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self._signal(getattr(signal, "SIGKILL", None))
        self.process.wait(STOP_SECONDS)

    def _signal(self, number: "signal.Signals | None") -> None:
        if os.name != "posix" or number is None:
            self.process.terminate()
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)  # the console leads its own group


StartConsole = Callable[..., Console]
_running: list[Console] = []


@pytest.fixture(scope="package")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartConsole]:
    """`console(store_folder, **env)` starts the app over a store and gives it back, answering."""
    logs = tmp_path_factory.mktemp("console")

    def start(store_folder: Path, port: int = 0, **env: str) -> Console:
        made = _start(store_folder, port or free_port(), env, logs / f"{len(_running)}.log")
        _running.append(made)
        _await_health(made)
        return made

    try:
        yield start
    finally:
        while _running:
            _running.pop().stop()


@dataclass(slots=True)
class House:
    """The console that tests share, and its store: nobody has asked it for anything, and there are no calls
    in it, until a test does so."""

    start: Callable[[], Console]
    store: Path
    running: Console | None = None

    @property
    def url(self) -> str:
        """Its address; the console is started when somebody first wants to know it."""
        self.running = self.running or self.start()
        return self.running.url


@pytest.fixture(scope="package")
def house(console: StartConsole, empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The shared console. Tests ask for `filled`, or for `untouched`."""
    return _house(console, empty_store, tmp_path_factory.mktemp("a store"))


def _house(console: StartConsole, empty_store: Path, home: Path) -> House:
    store = Path(shutil.copytree(empty_store, home / "store"))
    return House(lambda: console(store), store)


@pytest.fixture
def untouched(house: House, console: StartConsole, empty_store: Path, tmp_path: Path) -> House:
    """A console that nobody has asked for anything, over a store without calls: the shared one, as long as it
    is that."""
    found = _house(console, empty_store, tmp_path) if house.running else house
    _make_small_sample(found.store)
    return found


CALLS = 4_000


def _make_small_sample(store: Path) -> None:
    """The day's sample, but for the number of its calls: to make all of them takes longer than to walk
    through the console, and that they are made is seen in `test_workspace`."""
    made = Workspace(Settings(store), calls=CALLS)
    folder = made.shown().lake.folder
    made.close()
    folder.rename(folder.with_name(folder.name.replace(f"-{CALLS}", f"-{sample.SAMPLE_CALLS}")))


@pytest.fixture(scope="package")
def filled(house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The shared console over calls of the last 60 days."""
    log = tmp_path_factory.mktemp("filled") / "log.csv"
    today = midnight(datetime.now(UTC).date(), "UTC")
    sample.write_csv(log, calls=CALLS, days=60, seed=3, until=today)
    lake = open_lake(house.store)
    assert import_file(lake, log).rows_stored
    lake.close()
    return house


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


OF_TESTS = {"PYTHONUNBUFFERED": "1", "USAGE_THREADS": "1"}


def _start(store_folder: Path, port: int, env: dict[str, str], log_file: Path) -> Console:
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("USAGE_", "STREAMLIT_"))}
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [*command, *(part for name, value in options.items() for part in (f"--{name}", str(value)))],
            cwd=ROOT,
            env={**inherited, **OF_TESTS, "USAGE_DATABASE_URL": store_url(store_folder), **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Console(f"http://127.0.0.1:{port}", process, log_file)


def store_url(folder: Path) -> str:
    """A folder as the console's settings name it."""
    return "ducklake" + folder.resolve().as_uri().removeprefix("file")


def _await_health(console: Console) -> None:
    health = f"{console.url}/_stcore/health"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and console.process.poll() is None:
        with suppress(OSError), urlopen(health, timeout=2) as answer:  # noqa: S310 - http, our own server
            if answer.status == 200:
                return
        time.sleep(0.1)
    code = console.process.poll()
    what = f"ended with {code}" if code is not None else f"gave no sign of health in {START_SECONDS} s"
    pytest.fail(f"The console {what}. Its log:\n{console.log()}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed browser test shows what the console wrote."""
    report = yield
    if report.failed:
        for running in _running:
            report.sections.append((f"log of the console at {running.url}", running.log()[-20_000:]))
    return report


@pytest.fixture(scope="package")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Headless Chromium; Playwright's own downloads are not used."""
    # Not for the whole session: while it runs, other tests on this worker cannot start an event loop.
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=list(CHROMIUM))
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def visits(browser: Browser) -> Iterator[BrowserContext]:
    """A browser in Berlin that reads British English. The console's code, which takes it seconds to load and
    compile, it loads once."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        accept_downloads=True,
        timezone_id="Europe/Berlin",
        locale="en-GB",
        reduced_motion="reduce",  # to draw what moves keeps a processor at work for as long as a page takes
    )
    yield context
    context.close()


@pytest.fixture
def visitor(visits: BrowserContext) -> Iterator[BrowserContext]:
    """The browser of somebody who has not been here: without cookies, and with nothing else kept by pages."""
    yield visits
    for page in visits.pages:
        with suppress(Error):  # a page that shows nothing keeps nothing
            page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.close()
    visits.clear_cookies()


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    """A fresh tab of a fresh visitor, to which the browser refuses nothing that the console sends."""
    fresh, said = visitor.new_page(), list[str]()
    fresh.on("console", lambda message: said.append(message.text))
    yield fresh
    assert not [text for text in said if "Content Security Policy" in text]


def expect_page(page: Page, title: str) -> None:
    """A page within its frame, and nothing before it."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_test_id("stSidebar").get_by_text("Timeframe", exact=True)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.fixture
def settled() -> Callable[..., None]:
    """`settled(page)` returns when the script has run to its end and shows no exception."""
    return _settled


def _settled(page: Page, timeout: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + timeout
    idle = page.locator(IDLE)
    while True:
        idle.wait_for(state="attached", timeout=max(1.0, (deadline - time.monotonic()) * 1000))
        page.wait_for_timeout(QUIET_MS)  # a click still counts as idle until its run has begun
        if idle.count():
            break
    shown = page.locator(EXCEPTION).all_inner_texts()
    assert not shown, "The page shows an exception:\n" + "\n".join(shown)
