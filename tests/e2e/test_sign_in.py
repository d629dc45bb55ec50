"""Signing in with a real identity provider in a real browser: who gets in, and that nobody else does."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from tests.e2e.conftest import free_port
from tests.e2e.identity import COOKIE_SECRET, provider
from tests.importing import open_copy
from tests.metrics.by_hand import as_log, call
from usage_core.access.journal import Journal
from usage_core.intake.run import import_file

pytestmark = pytest.mark.browser

SECRET_KEY = "key-of-team-b"
USER = "_streamlit_user"
NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
EVERYTHING = "from=2000-01-01T00%3A00Z&to=2100-01-01T00%3A00Z&tz=UTC"
CALLS = "/api/v1/calls?from=2000-01-01&to=2100-01-01"
CLOSED = (
    CALLS,
    "/api/v1/imports/6a7c2f0e-0000-4000-8000-000000000000/rows-set-aside",
    "/media/0123456789abcdef.csv",
    "/_stcore/metrics",
    "/_stcore/upload_file/a/b",
    "/_stcore/agent/openapi.json",
    "/component/x/index.html",
    "//api/v1/calls?from=2000-01-01&to=2100-01-01",
)
SHOWN = ("/", "/cost?tf=7+days", "/imports")


class World:
    """A console with sign-in, and its identity provider."""

    def __init__(self, url: str, store: Path, env: dict[str, str]) -> None:
        self.url, self.store, self.env = url, store, env

    def events(self) -> list[tuple[str, str | None, str]]:
        journal = Journal(self.store)
        found = [(each.event, each.who, each.what) for each in journal.entries()]
        journal.close()
        return found


@pytest.fixture(scope="module")
def world(
    console: Callable[..., "object"], empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    home = tmp_path_factory.mktemp("sign-in")
    rows = [
        call(
            NOW - timedelta(hours=hour), api_key_id=f"key-of-team-{team}", api_key_name=f"Team {team.upper()}"
        )
        for hour in range(1, 30)
        for team in "abc"
    ]
    (home / "log.csv").write_text(as_log(rows), newline="")
    lake = open_copy(empty_store, home / "store")
    import_file(lake, home / "log.csv")
    lake.close()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with provider(free_port(), url, home / "provider.log") as env:
        (home / "access.toml").write_text(
            'viewers = [{ who = ["group:team-a"], keys = ["key-of-team-a", "key-of-team-c"] }]'
        )
        env["USAGE_ACCESS_FILE"] = str(home / "access.toml")
        console(home / "store", port, **env)
        yield World(url, home / "store", env)


def sign_in(page: Page, world: World, name: str, path: str = "/") -> None:
    page.goto(world.url + path)
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.wait_for_url(f"{world.url}/**")


def heading(page: Page, text: "str | re.Pattern[str]") -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def forged(world: World, secret: str, **claims: object) -> dict[str, object]:
    said = {
        "iss": "x",
        "sub": "ada",
        "iat": int(time.time()),
        "email": "ada@example.com",
        "email_verified": True,
        "origin": world.url,
        "is_logged_in": True,
        "provider": "default",
        **claims,
    }
    value = create_signed_value(secret, USER, json.dumps(said)).decode()
    return {"name": USER, "value": value, "url": world.url}


def expect_nothing(
    page: Page, world: World, status: int = 401, said: str = "Sign in", paths: tuple[str, ...] = ("/cost",)
) -> None:
    """No page, figure, file or name, by any address."""
    heard = listen(page)
    for path in paths:
        page.goto(world.url + path)
        heading(page, said)
        expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    for path in CLOSED:
        answer = page.request.get(world.url + path, max_redirects=0)
        assert answer.status == status, path
        assert b"Team" not in answer.body()
        assert b"key-of" not in answer.body()
    told = b"".join(heard)
    assert told
    for secret in (b"Team A", b"key-of", b"Spend", b"pages/usage"):
        assert secret not in told


def listen(page: Page) -> list[bytes]:
    """What the page is sent by its connection, from now on."""
    heard: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(_bytes(frame))))
    return heard


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


def test_anonymous_visitors_get_nothing(world: World, visitor: BrowserContext) -> None:
    expect_nothing(visitor.new_page(), world, paths=SHOWN)


def test_an_administrator_comes_in_where_they_wanted_to_go_and_out_of_every_tab(
    world: World, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    sign_in(page, world, "ada", "/cost?tf=7+days&key=Team+B")
    heading(page, "Cost")
    assert "tf=7+days" in page.url
    assert "key=Team+B" in page.url
    expect(page.get_by_text("ada@example.com, administrator")).to_be_visible()
    assert SECRET_KEY in page.request.get(world.url + CALLS).text()
    assert world.events()[0] == ("exported", "ada@example.com", f"calls: {EVERYTHING}")
    for path in CLOSED[2:6]:
        assert page.request.get(world.url + path).status != 401
    assert ("signed in", "ada@example.com", "administrator") in world.events()
    signing_out_ends_every_tab(world, page, visitor)


def signing_out_ends_every_tab(world: World, page: Page, visitor: BrowserContext) -> None:
    other = visitor.new_page()
    other.goto(world.url + "/imports")
    heading(other, "Imports")
    stolen = [cookie for cookie in visitor.cookies() if cookie["name"].startswith(USER)]
    page.get_by_role("button", name="Sign out").click()
    heading(other, re.compile("Sign in|Signed out"))  # without anybody having touched it
    assert "/imports" in other.url
    assert other.request.get(world.url + CALLS).status == 401
    visitor.add_cookies(stolen)  # kept by somebody, it is of no use any more
    expect_nothing(other, world, said="Signed out")
    assert world.events()[0][0] == "signed out"


@pytest.mark.parametrize(
    ("name", "why"), [("stranger", "not on this console's list"), ("mallory", "verified")]
)
def test_others_are_refused_in_words(world: World, visitor: BrowserContext, name: str, why: str) -> None:
    page = visitor.new_page()
    sign_in(page, world, name)
    heading(page, "No access")
    expect(page.get_by_text(why).first).to_be_visible()
    expect_nothing(page, world, 403, "No access")
    assert world.events()[0][0] == "refused"


@pytest.mark.parametrize(
    ("secret", "claims", "said"),
    [
        ("another-secret-of-the-same-length-0123456789", {}, "Sign in"),
        (COOKIE_SECRET, {"origin": "http://elsewhere.example"}, "Sign in"),
        (COOKIE_SECRET, {"iat": int(time.time()) - 13 * 3600}, "Sign in again"),
    ],
)
def test_forged_and_expired_cookies_are_no_use(
    world: World, visitor: BrowserContext, secret: str, claims: dict[str, object], said: str
) -> None:
    """What claims let nobody in is tried without a browser, in `access/test_rules`."""
    visitor.add_cookies([forged(world, secret, **claims)])
    expect_nothing(visitor.new_page(), world, said=said)


def test_a_true_cookie_is_taken_and_an_open_page_ends_with_it(world: World, visitor: BrowserContext) -> None:
    """So the refusals above are refusals of what was forged. It expires in some seconds, while the page is
    open and nobody touches it; where the page takes longer to open, it is tried with more of them."""
    page = visitor.new_page()
    for seconds in (4, 12, 36, 108):
        visitor.add_cookies([forged(world, COOKIE_SECRET, iat=time.time() - 12 * 3600 + seconds)])
        page.goto(world.url + "/imports")
        heading(page, re.compile("Imports|Sign in again"))
        taken = page.request.get(world.url + CALLS).ok
        if taken and page.get_by_role("heading", level=1).inner_text() == "Imports":
            break
    else:
        pytest.fail("a true cookie was never taken")
    heading(page, "Sign in again")
    assert page.request.get(world.url + CALLS).status == 401


def test_a_viewer_sees_their_two_keys_and_no_other(world: World, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    sign_in(page, world, "vera", "/cost?key=Team+B&tf=7+days")
    heading(page, "Cost")
    heard = listen(page)
    for path in ("/", "/cost?key=Team+B"):
        page.goto(world.url + path)
        expect(page.get_by_text("vera@example.com, viewer")).to_be_visible()
        expect(page.get_by_text("asks for an API key that is not")).to_have_count(int("key" in path))
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    for path in ("/imports", "/prices"):
        page.goto(world.url + path)
        heading(page, "For administrators")
        expect(page.get_by_role("dialog")).to_have_count(0)
    told = b"".join(heard)
    assert b"Team A" in told
    assert b"Team C" in told
    for secret in (b"Team B", SECRET_KEY.encode(), b"Log files", b"model-b"):
        assert secret not in told
    for asked in (CALLS, f"{CALLS}&key={SECRET_KEY}", f"{CALLS}&model=model-b"):
        lines = page.request.get(world.url + asked).text().splitlines()
        assert len(lines) == (59 if asked == CALLS else 1)
        assert not any(SECRET_KEY in line for line in lines)
    for path in CLOSED[1], "/_stcore/upload_file/a/b":
        assert page.request.get(world.url + path).status == 403
