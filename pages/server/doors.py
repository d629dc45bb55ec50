"""The doors of the server: no address but the sign-in's own gives anything to whoever is not let in."""

from urllib.parse import urlsplit

from anyio import to_thread
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.server import visitor
from pages.server.signing import BACK, LOGIN, SignIns
from pages.server.tabs import OpenTabs
from usage_core import counters
from usage_core.access.journal import Event
from usage_core.access.rules import Refusal, Role, Visitor, Why, sign_in_id
from usage_core.api.routes import endpoint

SIGN_IN = (LOGIN, "auth/logout", BACK)
STREAM = "_stcore/stream"
"""The connection of a page. It is open to all, and there every run of the script is checked."""
OPEN_CORE = ("_stcore/health", "_stcore/host-config")
CLOSED = ("api", "_stcore", "media", "component", "app", "metrics")
"""First parts of addresses that may hold something of the store. What is left is the same for all:
Streamlit's own code, the sign-in, health, and pages, which are empty until the script has run."""
NOT_PAGES = (*CLOSED, "static", "auth", "oauth2callback", "healthz", "readyz")
"""First parts of addresses that are not pages'."""
ADMINISTRATORS = ("_stcore/upload_file", "api/v1/imports", "api/v1/audit", "metrics")
"""Beginnings of addresses that viewers may not have."""

PROGRAMS = tuple(f"{each}/" for each in visitor.PROGRAMS)
"""Beginnings of addresses that programs may come to as well; the page /export is none."""
WHO_ARE_YOU = (Why.NOT_SIGNED_IN, Why.EXPIRED, Why.ENDED, Why.UNKNOWN_TOKEN, Why.TOKEN_EXPIRED, Why.REVOKED)
"""Reasons to be refused that go away for whoever says anew who they are."""

LONGEST_NOTED = 200
"""So many characters of an address that was refused are told."""

VISITOR = "usage.visitor"
"""Where a request's scope holds the visitor who sent it."""


class Doors:
    """Lets through what is open to all and, to visitors, what they may have."""

    def __init__(self, app: ASGIApp, base: str) -> None:
        self.app, self.base = app, base
        self.tabs, self.sign_ins = OpenTabs(), SignIns(app, base, NOT_PAGES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what may come in, and answer what may not."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(self.base).strip("/")
        if scope["type"] == "http" and path in SIGN_IN:
            await self._sign(path, Request(scope), receive, send)
        elif scope["type"] == "http" and _is_open(scope["method"], path):
            await self.app(scope, receive, send)
        else:
            asked = HTTPConnection(scope)
            found = await to_thread.run_sync(visitor.of_request, asked, path)
            scope[VISITOR] = found
            await self._answer(path, found, (scope, receive, send))

    async def _answer(self, path: str, found: Visitor | Refusal, to: tuple[Scope, Receive, Send]) -> None:
        if to[0]["type"] == "http":
            refused = _refused(path, found, HTTPConnection(to[0]))
            if refused:
                counters.TURNED_AWAY.labels(str(refused.status_code)).inc()
                await to_thread.run_sync(_note, found, refused.status_code, to[0]["method"], path)
            await (refused or self.app)(*to)
        elif isinstance(found, Visitor):
            await self.tabs.serve(found, self.app, to)
        elif path == STREAM:
            await self.app(*to)

    async def _sign(self, path: str, request: Request, receive: Receive, send: Send) -> None:
        if path == LOGIN:
            await self.sign_ins.login(request, receive, send)
        elif path == BACK:
            await self.sign_ins.back(request, receive, send)
        else:
            await to_thread.run_sync(self._sign_out, request)
            await self.app(request.scope, receive, send)

    def _sign_out(self, request: Request) -> None:
        claims = visitor.claims(request.cookies)
        if visitor.access() and claims:
            ended = sign_in_id(claims)
            visitor.journal().end(sign_in=ended)
            visitor.journal().record(Event.SIGNED_OUT, claims.get("email"))
            self.tabs.end(ended)


def _is_open(method: str, path: str) -> bool:
    at = endpoint(method, f"/{path}")
    if at is not None:
        return at.is_open
    return path in OPEN_CORE or (
        path.split("/", maxsplit=1)[0] not in CLOSED and not path.startswith(PROGRAMS)
    )


def _refused(path: str, found: Visitor | Refusal, asked: HTTPConnection) -> Response | None:
    """What a closed address answers to whoever may not have it; None where they may."""
    method = asked.scope["method"]
    if isinstance(found, Refusal):
        if found.why in WHO_ARE_YOU:
            return _said(401, f"No access: {found.why}.", {"WWW-Authenticate": "Bearer"})
        return _said(403, f"No access: {found.why}.")
    if found.role is Role.PROGRAM:
        return None if endpoint(method, f"/{path}") else _said(404, "No such address.")
    if not found.is_administrator and path.startswith(ADMINISTRATORS):
        return _said(403, "No access: for administrators only.")
    if path.startswith(PROGRAMS) and method not in ("GET", "HEAD") and _is_from_elsewhere(asked):
        return _said(403, "No access: the request comes from a page of another site.")
    return None


def _note(found: Visitor | Refusal, status: int, method: str, path: str) -> None:
    """Have the audit log tell of somebody known who asked for what they may not have."""
    if status == 403 and found.email:
        visitor.journal().record(Event.REFUSED, found.email, f"{method} /{path[:LONGEST_NOTED]}")


def _said(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": text, "message": text}, status, headers)


def _is_from_elsewhere(asked: HTTPConnection) -> bool:
    """Whether a page of another site has a browser send this, with the cookies of whoever looks at it."""
    origin = asked.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != asked.headers.get("host")
