"""The way to the identity provider and back: where somebody was going, who came, and what went wrong."""

import logging
from enum import StrEnum
from http.cookies import SimpleCookie
from urllib.parse import quote, unquote, urlsplit

from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Send
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from pages.server import visitor
from usage_core import counters, logs
from usage_core.access.journal import Event
from usage_core.access.rules import Visitor

LOGIN, BACK = "auth/login", "oauth2callback"

NEXT = "usage_next"
"""The cookie that says where somebody was going before they had to sign in."""
NEXT_SECONDS = 900
LONGEST_NEXT = 3000

FAILED = "usage_sign_in_failed"
"""The cookie that says why the last attempt did not end with a sign-in; a `Failure`."""
FAILED_SECONDS = 60

STREAMLITS = "streamlit.web.server.starlette.starlette_auth_routes"
"""The logger of Streamlit's addresses: it writes where an error came through, for a provider that is away."""
logging.getLogger(STREAMLITS).addFilter(logs.Brief(Exception))


class Failure(StrEnum):
    """Why an attempt to sign in did not end with a sign-in."""

    NO_ANSWER = "no-answer"
    """The identity provider could not be asked where to send people."""
    REFUSED = "refused"
    """It sent somebody back without letting them in, or they gave up there."""
    UNFINISHED = "unfinished"
    """Somebody came back, but the provider did not say who, or the attempt was none of theirs."""


class SignIns:
    """Serves Streamlit's own addresses of the sign-in, and notices what happens there."""

    def __init__(self, app: ASGIApp, base: str, not_pages: tuple[str, ...]) -> None:
        self.app, self.base, self.not_pages = app, base, not_pages

    async def login(self, request: Request, receive: Receive, send: Send) -> None:
        """Send somebody to the provider; where that cannot be done, back to where they were, in words."""
        link, failed = self._came_from(request), False

        async def noticed(message: Message) -> None:
            nonlocal failed
            if message["type"] == "http.response.start":
                failed = message["status"] >= 400
                if link and not failed:
                    MutableHeaders(scope=message).append("set-cookie", self._next(link))
            if not failed:
                await send(message)

        await self.app(request.scope, receive, noticed)
        if failed:
            counters.SIGN_INS.labels("failed").inc()
            back = RedirectResponse(link or self._meant(request) or f"{self.base}/", status_code=303)
            back.headers.append("set-cookie", self._cookie(FAILED, Failure.NO_ANSWER, FAILED_SECONDS))
            await back(request.scope, receive, send)

    async def back(self, request: Request, receive: Receive, send: Send) -> None:
        """Take somebody back from the provider, to where they were going."""

        async def noticed(message: Message) -> None:
            if message["type"] == "http.response.start":
                await to_thread.run_sync(self._came_back, request, MutableHeaders(scope=message))
            await send(message)

        await self.app(request.scope, receive, noticed)

    def _came_back(self, request: Request, headers: MutableHeaders) -> None:
        cookies = _given(headers)
        if USER_COOKIE_NAME in cookies:
            self._note(cookies)
            headers.append("set-cookie", self._cookie(NEXT, "", 0))
            headers.append("set-cookie", self._cookie(FAILED, "", 0))
        elif why := _why(request):
            counters.SIGN_INS.labels("failed").inc()
            headers.append("set-cookie", self._cookie(FAILED, why, FAILED_SECONDS))
        else:  # from signing out
            return
        headers["location"] = self._meant(request) or headers["location"]

    def _note(self, cookies: dict[str, str]) -> None:
        found, email = visitor.of_cookies(cookies), visitor.claims(cookies).get("email")
        if isinstance(found, Visitor):
            visitor.journal().record(Event.SIGNED_IN, email, found.role.value)
            counters.SIGN_INS.labels("let in").inc()
        else:
            visitor.journal().record(Event.REFUSED, email, found.why.value)
            counters.SIGN_INS.labels("refused").inc()

    def _came_from(self, request: Request) -> str | None:
        """The link somebody stood at; the browser tells it to its own console."""
        came_from = urlsplit(request.headers.get("referer", ""))
        link = came_from.path + (f"?{came_from.query}" if came_from.query else "")
        if came_from.netloc != request.headers.get("host") or not self._is_page(link):
            return None
        return link if len(link) <= LONGEST_NEXT else came_from.path

    def _meant(self, request: Request) -> str | None:
        """The link that somebody was going to when they set out to sign in."""
        link = unquote(request.cookies.get(NEXT, ""))
        return link if self._is_page(link) else None

    def _is_page(self, link: str) -> bool:
        """Whether a link leads to a page of this console, and nowhere else."""
        path = urlsplit(link).path
        below = path.startswith(f"{self.base}/") and not link.startswith("//")
        safe = link.isprintable() and "\\" not in link
        return below and safe and path.removeprefix(self.base).strip("/").split("/")[0] not in self.not_pages

    def _next(self, link: str) -> str:
        return self._cookie(NEXT, quote(link, safe=""), NEXT_SECONDS)

    def _cookie(self, name: str, value: str, seconds: int) -> str:
        path = self.base or "/"
        return f"{name}={value}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Lax"


def _given(headers: MutableHeaders) -> dict[str, str]:
    """The cookies an answer gives."""
    given = SimpleCookie()
    for cookie in headers.getlist("set-cookie"):
        given.load(cookie)
    return {name: morsel.value for name, morsel in given.items() if morsel["max-age"] != "0"}


def _why(request: Request) -> Failure | None:
    """Why somebody who came back is not signed in; None where they did not come to sign in."""
    if "error" in request.query_params:
        return Failure.REFUSED
    return Failure.UNFINISHED if "code" in request.query_params else None
