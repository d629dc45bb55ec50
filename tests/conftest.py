"""What every test may ask for: a browser's path; and examples that repeat."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

REQUIRE_BROWSER = "USAGE_REQUIRE_BROWSER"
BROWSER = "USAGE_CHROMIUM"
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
)

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


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
