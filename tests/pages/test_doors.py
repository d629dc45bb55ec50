"""The doors, without a browser: who comes to which address of the API, people and programs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.server import visitor
from pages.server.doors import VISITOR, Doors
from usage_core.access import tokens
from usage_core.access.journal import Journal
from usage_core.access.rules import Refusal, Role, Scope, Visitor, Why
from usage_core.api.endpoint import Endpoint
from usage_core.api.routes import ENDPOINTS

METHODS = ["GET", "POST", "PUT", "DELETE"]
Known = dict[Scope, str]


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    opened = Journal(tmp_path)
    monkeypatch.setattr(visitor, "journal", lambda: opened)
    monkeypatch.setattr(visitor, "of_cookies", lambda _cookies: Refusal(Why.NOT_SIGNED_IN))
    monkeypatch.setattr(visitor, "is_scraper", lambda _authorization: False)
    yield opened
    opened.close()


@pytest.fixture
def known(journal: Journal) -> Known:
    return {scope: tokens.create(journal, scope, [scope], None, None) for scope in Scope}


@pytest.fixture
def client() -> TestClient:
    async def inside(request: Request) -> Response:
        found = request.scope.get(VISITOR)
        return PlainTextResponse(f"inside: {found and found.who}")

    app = Starlette(
        routes=[Route("/{path:path}", inside, methods=METHODS)], middleware=[Middleware(Doors, base="/usage")]
    )
    return TestClient(app, base_url="http://console.test/usage")


def path_of(endpoint: Endpoint) -> str:
    return re.sub(r"{\w+}", "6a7c2f0e-0000-4000-8000-000000000000", endpoint.path)


CLOSED = [each for each in ENDPOINTS if not each.is_open]


@pytest.mark.parametrize("endpoint", CLOSED, ids=lambda each: f"{each.method} {each.path}")
def test_programs_come_where_their_scope_leads(client: TestClient, known: Known, endpoint: Endpoint) -> None:
    for scope, token in known.items():
        headers = {"Authorization": f"Bearer {token}", "Origin": "http://elsewhere.example"}
        answer = client.request(endpoint.method, path_of(endpoint), headers=headers)
        if scope in endpoint.scopes:
            assert (answer.status_code, answer.text) == (200, f"inside: token {scope}")
        else:
            assert answer.status_code == 403
            assert "for something else" in answer.json()["error"]
    for wrong in ({}, {"Authorization": f"Bearer {tokens.BEGIN}x"}, {"Authorization": "Bearer sk-1"}):
        answer = client.request(endpoint.method, path_of(endpoint), headers=wrong)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "path",
    ["/api/v1/nothing", "/api", "//api/v1/audit", "/metrics", "/media/a", "/export/users"],
)
def test_programs_come_nowhere_else(client: TestClient, known: Known, path: str) -> None:
    for token in known.values():
        for method in METHODS:
            address = f"http://console.test/usage{path}"
            answer = client.request(method, address, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code in (401, 403, 404)
            assert "inside" not in answer.text


def test_a_link_and_the_page_of_exports_are_open(client: TestClient, journal: Journal) -> None:
    """What is behind them asks for itself."""
    assert [each.path for each in ENDPOINTS if each.is_open] == ["/api/v1/files/{link}"]
    for path in ("/api/v1/files/x", "/export"):
        assert client.get(path).text == "inside: None"
    for path in ("/api/v1/files", "/api/v1/files/x/y", "/export/api-keys/csv"):
        assert client.get(path).status_code == 401


def test_pages_of_other_sites_have_nobody_bring_in_calls(
    client: TestClient, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Visitor("ada@example.com", Role.ADMINISTRATOR)
    monkeypatch.setattr(visitor, "of_cookies", lambda _cookies: ada)
    for origin, status in (
        ("http://elsewhere.example", 403),
        ("null", 403),
        ("http://console.test", 200),
        (None, 200),
    ):
        headers = {"Origin": origin} if origin else {}
        assert client.post("/api/v1/imports", headers=headers).status_code == status
        assert client.get("/api/v1/calls", headers=headers).status_code == 200


def test_viewers_bring_in_nothing(
    client: TestClient, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor, "of_cookies", lambda _cookies: Visitor("vera@example.com", Role.VIEWER))
    assert client.post("/api/v1/imports").status_code == 403
    assert client.get("/api/v1/audit").status_code == 403
    assert client.get("/api/v1/calls").text == "inside: vera@example.com"
    refused = [(each.event, each.who, each.what) for each in journal.entries()]
    assert refused == [
        ("refused", "vera@example.com", asked) for asked in ("GET /api/v1/audit", "POST /api/v1/imports")
    ]
