"""What every answer of the server carries, and what requests are turned away unread."""

import asyncio
import base64
import hashlib
import math
import re
import time
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from usage_core.api.imports import IMPORTS_PATH

SHELL = Path(streamlit.__file__).parent / "static" / "index.html"
INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)

BODY_BYTES = 1 << 20
"""No request but an upload has a longer body."""
PAUSE_SECONDS, BODY_SECONDS = 30, 60
"""Nobody who sends a body pauses for longer, nor takes longer for all of it but for an upload."""
UPLOADS = ("_stcore/upload_file/", IMPORTS_PATH.lstrip("/"))

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # The console itself is told the link somebody signs in from; nobody else is told anything.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"


def policy(host: str) -> str:
    """The Content-Security-Policy for pages at a host: nothing from anywhere else, no script but
    Streamlit's own, and no text that is run as one.

    Styles alone may be inline, which Streamlit's own are. Older browsers do not take `'self'` for the
    page's connection as well, so that is named.
    """
    scripts = INLINE.findall(SHELL.read_text(encoding="utf-8"))
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", *(f"'sha256-{each}'" for each in hashes)]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": f"'self' ws://{host} wss://{host}" if host else "'self'",
        "manifest-src": "'self'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


@dataclass(frozen=True, slots=True)
class Wall:
    """What is kept out."""

    hosts: Collection[str]
    """Names and addresses that may be asked for; `*` for any, `*.example.com` for any below."""
    this_machine_only: bool
    is_https: bool
    upload_bytes: int


class Hardening:
    """Turns away requests for other hosts, from other machines where only this one may ask, and with
    bodies that are too long or too slow; puts the headers on every answer."""

    def __init__(self, app: ASGIApp, base: str, wall: Wall) -> None:
        self.app, self.base, self.wall = app, base, wall
        self._policies: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what is let in, and answer what is not; either with the headers."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._harden(MutableHeaders(scope=message), host)
            await send(message)

        if refusal := self._refusal(scope, host):
            await refusal(scope, receive, hardened)
        elif scope["type"] == "http":
            await _Body(self.app, *self._limits(scope["path"])).serve(scope, receive, hardened)
        else:
            await self.app(scope, receive, send)

    def _refusal(self, scope: Scope, host: str) -> PlainTextResponse | None:
        if not is_allowed(host, self.wall.hosts):
            return PlainTextResponse("This console does not go by that name.", status_code=400)
        if self.wall.this_machine_only and not _is_this_machine(scope.get("client")):
            return PlainTextResponse("This console answers its own machine only.", status_code=403)
        return None

    def _limits(self, path: str) -> tuple[int, float]:
        below = path.removeprefix(self.base).lstrip("/")
        is_upload = below.startswith(UPLOADS)
        return (self.wall.upload_bytes, math.inf) if is_upload else (BODY_BYTES, BODY_SECONDS)

    def _harden(self, headers: MutableHeaders, host: str) -> None:
        if is_allowed(host, self.wall.hosts):
            if host not in self._policies and len(self._policies) < 100:
                self._policies[host] = policy(host)
            headers["Content-Security-Policy"] = self._policies.get(host) or policy(host)
        for name, value in ALWAYS.items():
            headers[name] = value
        if self.wall.is_https:
            headers["Strict-Transport-Security"] = HSTS
            cookies = headers.getlist("set-cookie")
            del headers["set-cookie"]
            for cookie in cookies:
                secure = cookie if "; secure" in cookie.lower() else f"{cookie}; Secure"
                headers.append("set-cookie", secure)


def is_allowed(host: str, allowed: Collection[str]) -> bool:
    """Whether a Host header, `name`, `name:port` or `[address]:port`, names one of these."""
    try:
        parts = urlsplit(f"//{host}")
        name, _port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    if not name or parts.netloc != host or parts.username is not None:
        return False
    wanted = {each.strip().lower().strip("[]").rstrip(".") for each in allowed}
    below = any(name.endswith(each[1:]) for each in wanted if each.startswith("*."))
    return "*" in wanted or name in wanted or below


def _is_this_machine(client: tuple[str, int] | None) -> bool:
    try:
        return client is not None and ip_address(client[0]).is_loopback
    except ValueError:
        return False


class _Refused(Exception):
    """A request whose body is not heard to its end: the status and the words it is answered with."""


_TOO_LONG = 413, "The request is too long."
_TOO_SLOW = 408, "The request came too slowly."


class _Body:
    """A request whose body may have so many bytes, and may take so many seconds."""

    def __init__(self, app: ASGIApp, most: int, seconds: float) -> None:
        self._app, self._most, self._seconds = app, most, seconds
        self._until: float | None = None

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).get("content-length", "0")
        answered, heard, is_whole = False, 0, False

        async def counted() -> Message:
            nonlocal heard, is_whole
            message = await (receive() if is_whole else self._soon(receive))
            heard += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if heard > self._most:
                raise _Refused(*_TOO_LONG)
            return message

        async def noticed(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            if not given.isdigit() or int(given) > self._most:
                raise _Refused(*_TOO_LONG)
            await self._app(scope, counted, noticed)
        except _Refused as refused:
            if not answered:
                status, words = refused.args
                said = PlainTextResponse(words, status, {"Connection": "close"})
                await said(scope, receive, send)

    async def _soon(self, receive: Receive) -> Message:
        now = time.monotonic()
        self._until = self._until or now + self._seconds  # who is asked late is not late
        left = self._until - now
        try:
            return await asyncio.wait_for(receive(), min(PAUSE_SECONDS, left))
        except TimeoutError:
            raise _Refused(*_TOO_SLOW) from None
