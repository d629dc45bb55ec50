"""Sign-ins that fail on the way: said in words on the page, with a way to try again."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import auth_util
from streamlit.runtime.secrets import AttrDict
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette import starlette_auth_routes

from pages.parts import sign_in
from pages.server.doors import Doors
from pages.server.signing import FAILED, NEXT, Failure
from pages.server.starting import secrets
from tests.e2e.conftest import free_port
from usage_core.access import configuration

CONSOLE = "http://console.test"
PAGE = f"{CONSOLE}/usage/cost?tf=7+days&key=a%2Fb"
LINK = "/usage/cost?tf=7+days&key=a%2Fb"
PAGE_OF_NOBODY = """
from pages.parts import sign_in
from usage_core.access.rules import Refusal, Why
sign_in.draw(Refusal(Why.NOT_SIGNED_IN))
"""


def client(login: Callable[[Request], Response], back: Callable[[Request], Response]) -> TestClient:
    routes = [Route("/usage/auth/login", login), Route("/usage/oauth2callback", back)]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(Doors, base="/usage"),
            Middleware(SessionMiddleware, secret_key="of the test"),
        ],
    )
    return TestClient(app, base_url=CONSOLE, follow_redirects=False)


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Streamlit's own addresses of the sign-in, with a provider that nobody answers for."""
    access = configuration.load(
        {
            "USAGE_URL": CONSOLE,
            "USAGE_SIGN_IN_METADATA_URL": f"http://127.0.0.1:{free_port()}/.well-known/openid-configuration",
            "USAGE_SIGN_IN_CLIENT_ID": "console",
            "USAGE_SIGN_IN_CLIENT_SECRET": "secret",
            "USAGE_SIGN_IN_COOKIE_SECRET": "cookies-of-the-test-are-signed-with-this",
            "USAGE_ADMINISTRATORS": "ada@example.com",
        }
    )
    assert access
    section = AttrDict(secrets(access, "/usage"))
    for module in (auth_util, starlette_auth_routes):
        monkeypatch.setattr(module, "get_secrets_auth_section", lambda: section)
    login, _logout, back = starlette_auth_routes.create_auth_routes("usage")
    return client(login.endpoint, back.endpoint)


def test_a_provider_that_does_not_answer(unreachable: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    token = auth_util.encode_provider_token("default")
    answer = unreachable.get(f"/usage/auth/login?provider={token}", headers={"Referer": PAGE})
    assert (answer.status_code, answer.headers["location"], answer.text) == (303, LINK, "")
    assert answer.headers.get_list("set-cookie") == [
        f"{FAILED}=no-answer; Max-Age=60; Path=/usage; HttpOnly; SameSite=Lax"
    ]
    told = [record for record in caplog.records if record.name.startswith(("pages", "streamlit"))]
    assert len(told) == 1
    assert told[0].exc_info is None
    assert "ConnectError" in told[0].getMessage()


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("error=access_denied&state=x", Failure.REFUSED),
        ("code=stolen&state=x", Failure.UNFINISHED),
        ("", None),
    ],
)
def test_whoever_comes_back_without_a_sign_in(query: str, why: Failure | None) -> None:
    """From signing out one comes back, too."""
    console = client(lambda _request: Response(), lambda _request: RedirectResponse("/usage/", 302))
    console.cookies.set(NEXT, "%2Fusage%2Fcost%3Ftf%3D7%2Bdays%26key%3Da%252Fb")
    answer = console.get(f"/usage/oauth2callback?{query}")
    assert (FAILED in answer.cookies) == (why is not None)
    if why:
        assert answer.cookies[FAILED] == why
        assert answer.headers["location"] == LINK
    else:
        assert answer.headers["location"] == "/usage/"


@pytest.mark.parametrize("link", ["https://a.example/", "//a.example/", "/usage/api/v1/calls", "/x"])
def test_nobody_is_sent_anywhere_else(link: str) -> None:
    console = client(lambda _request: Response(status_code=500), lambda _request: RedirectResponse("/usage/"))
    console.cookies.set(NEXT, link)
    for address in ("auth/login", "oauth2callback?error=x"):
        answer = console.get(f"/usage/{address}", headers={"Referer": f"http://elsewhere.example{link}"})
        assert answer.headers["location"] == "/usage/"


@pytest.mark.parametrize("why", [*Failure, None, "<b>other</b>"])
def test_what_the_page_says(why: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "context", SimpleNamespace(cookies={FAILED: why} if why else {}))
    app = AppTest.from_string(PAGE_OF_NOBODY).run()
    assert not app.exception
    known = why in list(Failure)
    assert [each.value for each in app.error] == ([sign_in.FAILED[Failure(why)]] if known else [])  # type: ignore[arg-type]
    assert app.button(key="sign-in-now").label == ("Try again" if known else "Sign in")
