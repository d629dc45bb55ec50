"""A real identity provider (the npm package `oidc-provider`) for tests of the sign-in.

It needs Node.js 20 or newer and npm: where they are not, such tests are skipped, and with
USAGE_REQUIRE_BROWSER=1 they fail. Its 40 packages are installed once, beside the virtual environment's.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from filelock import FileLock

HERE = Path(__file__).with_name("provider")
HOME = Path(sys.prefix) / "oidc-provider"
CLIENT_SECRET = "a-secret-of-the-test"
COOKIE_SECRET = "cookies-of-the-test-are-signed-with-this"


def _install() -> Path:
    """The folder with the provider and its packages."""
    wanted = {
        name: (HERE / name).read_text() for name in ("package.json", "package-lock.json", "provider.mjs")
    }
    stamp = HOME / "installed"
    with FileLock(f"{HOME}.lock"):
        if not stamp.exists() or stamp.read_text() != "".join(wanted.values()):
            shutil.rmtree(HOME, ignore_errors=True)
            HOME.mkdir()
            for name, text in wanted.items():
                (HOME / name).write_text(text)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.fail(f"npm could not install the identity provider:\n{done.stderr}", pytrace=False)
            stamp.write_text("".join(wanted.values()))
    return HOME


@contextmanager
def provider(port: int, console: str, log_file: Path) -> Iterator[dict[str, str]]:
    """Run the provider for a console's address; gives the console's settings."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        said = "The tests of the sign-in need Node.js 20 or newer and npm, for a real identity provider."
        (pytest.fail if os.environ.get("USAGE_REQUIRE_BROWSER") else pytest.skip)(said)
    with log_file.open("wb") as log:
        command = ["node", "provider.mjs", str(port), console]
        process = subprocess.Popen(command, cwd=_install(), stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}/.well-known/openid-configuration"
    try:
        _await(url, process, log_file)
        yield {
            "USAGE_URL": console,
            "USAGE_SIGN_IN_METADATA_URL": url,
            "USAGE_SIGN_IN_CLIENT_ID": "console",
            "USAGE_SIGN_IN_CLIENT_SECRET": CLIENT_SECRET,
            "USAGE_SIGN_IN_COOKIE_SECRET": COOKIE_SECRET,
            "USAGE_SIGN_IN_SCOPE": "openid email groups",
            "USAGE_SIGN_IN_PROMPT": "login",
            "USAGE_ADMINISTRATORS": "ada@example.com",
        }
    finally:
        process.terminate()
        process.wait(10)


def _await(url: str, process: "subprocess.Popen[bytes]", log_file: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urlopen(url, timeout=2):  # noqa: S310 - http, our own server
            return
        time.sleep(0.1)
    pytest.fail(f"The identity provider does not answer. Its log:\n{log_file.read_text()}", pytrace=False)
