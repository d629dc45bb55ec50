"""What every test may ask for: a browser's path; and examples that repeat."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.importing import Shelf, open_copy
from usage_core.access.journal import Journal
from usage_core.store.engine import THREADS
from usage_core.store.lake import Lake, open_lake

REQUIRE_BROWSER = "USAGE_REQUIRE_BROWSER"
BROWSER = "USAGE_CHROMIUM"
WORKER = "PYTEST_XDIST_WORKER"
E2E = "e2e"
COMMANDS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
)

GARBAGE = 20_000
"""So many objects more, and it is looked which of them are garbage."""

# Until everything is loaded, see `pytest_collection_finish`: to look for garbage takes a third of that time.
gc.disable()

# The tests' stores are small: more threads would only stand in each other's way, and in the other worker's.
os.environ.setdefault(THREADS, "1")

settings.register_profile("local", deadline=None, max_examples=15)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=15)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests first: they wait more than others, and alone at the end would keep one worker idle."""
    items.sort(key=lambda item: item.path.parent.name != E2E)


class _Scheduling(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """A file's tests stay on one worker; browser tests all on one, where they share browser and console."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(str(super()._split_scope(nodeid)))
        return str(file.parent if file.parent.name == E2E else file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    return _Scheduling(config, log)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector of garbage need not look through it again and again, nor as
    often as in a program that lives for weeks."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    gc.enable()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser to drive; without one the test is skipped, or fails where browsers are required."""
    if named := os.environ.get(BROWSER):
        if not Path(named).is_file():
            pytest.fail(f"{BROWSER} names no file: {named}", pytrace=False)
        return named
    found = [path for command in COMMANDS if (path := shutil.which(command))]
    found += [path for path in APPLICATIONS if Path(path).is_file()]
    if found:
        return found[0]
    reason = f"no Chromium here: install chromium (Debian) or Chrome, or name one in {BROWSER}"
    if os.environ.get(REQUIRE_BROWSER) == "1":
        pytest.fail(f"{reason}; {REQUIRE_BROWSER}=1 forbids to skip", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store without calls, to be copied: that is faster than making one. The first worker
    that needs it makes it for all."""
    home = tmp_path_factory.getbasetemp()
    folder = (home.parent if WORKER in os.environ else home) / "empty-store"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            made = folder.with_name("empty-store-begun")
            open_lake(made).close()
            Journal(made).close()
            made.rename(folder)
    return folder


@pytest.fixture
def lake(empty_store: Path, tmp_path: Path) -> Iterator[Lake]:
    """An empty store of the test's own."""
    opened = open_copy(empty_store, tmp_path / "lake")
    yield opened
    opened.close()


@pytest.fixture
def own_shelf(lake: Lake, tmp_path: Path) -> Shelf:
    """An empty store of the test's own, to import into."""
    return Shelf(lake, tmp_path)


@pytest.fixture(scope="module")
def module_shelf(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A store shared by the tests of a file, for those that store nothing."""
    folder = tmp_path_factory.mktemp("shelf")
    made = Shelf(open_copy(empty_store, folder / "lake"), folder, empty_store)
    yield made
    made.lake.close()


@pytest.fixture
def shelf(module_shelf: Shelf) -> Shelf:
    """A store shared by the tests of a file, empty at the start of each."""
    module_shelf.clear()
    return module_shelf
