"""Headers on every answer; requests for other hosts, from other machines or too long are turned away."""

from collections.abc import Iterator

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from pages.server import hardening
from pages.server.hardening import ALWAYS, BODY_BYTES, Hardening, Wall, is_allowed, policy
from pages.server.starting import LOOPBACK


async def echo(request: Request) -> Response:
    answer = PlainTextResponse(str(len(await request.body())))
    answer.set_cookie("a", "b")
    answer.set_cookie("c", "d", secure=True)
    return answer


def client(
    *, https: bool = False, alone: bool = False, hosts: tuple[str, ...] = ("console.test",)
) -> TestClient:
    wall = Wall(hosts, alone, https, 2 * BODY_BYTES)
    every = [Route("/{path:path}", echo, methods=["GET", "POST"])]
    app = Starlette(routes=every, middleware=[Middleware(Hardening, base="", wall=wall)])
    return TestClient(app, base_url="http://console.test", client=("192.0.2.1", 1))


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("localhost", True),
        ("LOCALHOST:8501", True),
        ("127.0.0.1:8501", True),
        ("[::1]:8501", True),
        ("[::1]", True),
        ("localhost.", True),
        ("::1", False),
        ("localhost.evil.example", False),
        ("evil.example", False),
        ("localhost@evil.example", False),
        ("evil.example/localhost", False),
        ("localhost:port", False),
        ("[::1", False),
        ("", False),
        ("*", False),
    ],
)
def test_hosts_of_this_machine(host: str, is_one: bool) -> None:
    assert is_allowed(host, LOOPBACK) is is_one


def test_named_hosts() -> None:
    allowed = ["console.example.com", "*.internal.example"]
    assert is_allowed("console.example.com:443", allowed)
    assert is_allowed("a.b.internal.example", allowed)
    assert not is_allowed("internal.example", allowed)
    assert not is_allowed("xinternal.example", allowed)
    assert is_allowed("anything", ["*"])


def test_headers_are_on_every_answer() -> None:
    for answer in (client().get("/x"), client().get("/x", headers={"host": "evil.example"})):
        for name, value in ALWAYS.items():
            assert answer.headers[name] == value
        assert "strict-transport-security" not in answer.headers
    said = client().get("/x").headers["content-security-policy"]
    assert "frame-ancestors 'none'" in said
    assert "default-src 'none'" in said
    assert "unsafe-eval" not in said
    [scripts] = [rule for rule in said.split("; ") if rule.startswith("script-src")]
    assert "unsafe" not in scripts
    assert "sha256-" in scripts
    assert "evil" not in policy("console.test")


def test_behind_tls_cookies_are_secure() -> None:
    answer = client(https=True).get("/x")
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all(cookie.lower().count("; secure") == 1 for cookie in cookies)


def test_other_hosts_and_machines_are_turned_away() -> None:
    assert client().get("/x", headers={"host": "evil.example"}).status_code == 400
    assert client(alone=True).get("/x").status_code == 403
    assert client(hosts=("*",)).get("/x", headers={"host": "any.example"}).status_code == 200


def test_bodies_are_limited() -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            yield bytes(BODY_BYTES // 2)

    assert client().post("/x", content=bytes(BODY_BYTES)).text == str(BODY_BYTES)
    assert client().post("/x", content=bytes(BODY_BYTES + 1)).status_code == 413
    assert client().post("/x", content=pieces()).status_code == 413
    assert client().post("/_stcore/upload_file/a/b", content=pieces()).status_code == 200
    assert client().post("/_stcore/upload_file/a/b", content=bytes(2 * BODY_BYTES + 1)).status_code == 413


@pytest.mark.parametrize(("path", "status"), [("/x", 408), ("/_stcore/upload_file/a/b", 200)])
def test_a_body_that_trickles_is_not_heard_to_its_end(
    monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    """An upload may take as long as its line is slow."""
    monkeypatch.setattr(hardening, "BODY_SECONDS", 0.05)
    answered: list[Message] = []
    left = list(range(20))

    async def receive() -> Message:
        await anyio.sleep(0.01)
        return {"type": "http.request", "body": b"a", "more_body": bool(left.pop())}

    async def send(message: Message) -> None:
        answered.append(message)

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        await PlainTextResponse("whole")(scope, receive, send)

    async def ask() -> None:
        scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"host", b"console.test")]}
        await Hardening(whole, "", Wall(("console.test",), False, False, 99))(scope, receive, send)

    anyio.run(ask)
    assert answered[0]["status"] == status


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has said all is: their answer may take its time."""
    monkeypatch.setattr(hardening, "PAUSE_SECONDS", 0.01)
    coming = [{"type": "http.request", "body": b"a", "more_body": True}]
    answered: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0) if coming else await anyio.sleep_forever()  # type: ignore[func-returns-value]

    async def send(message: Message) -> None:
        answered.append(message)

    async def patient(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        with anyio.move_on_after(0.05):
            await receive()
        await PlainTextResponse("whole")(scope, receive, send)

    async def ask(method: str) -> None:
        scope = {"type": "http", "method": method, "path": "/x", "headers": [(b"host", b"console.test")]}
        await Hardening(patient, "", Wall(("console.test",), False, False, 9))(scope, receive, send)

    anyio.run(ask, "POST")
    assert answered[0]["status"] == 408
    coming.append({"type": "http.request", "body": b""})
    anyio.run(ask, "GET")
    assert answered[2]["status"] == 200
