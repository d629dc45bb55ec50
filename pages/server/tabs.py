"""The pages that are open, each the connection of a browser's tab: they end when their sign-in does."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.runtime_util import serialize_forward_msg

from usage_core.access.rules import Visitor


class OpenTabs:
    """The pages that are open now; they end when their sign-in does, in every tab at once."""

    def __init__(self) -> None:
        self._open: dict[str, set[_Tab]] = defaultdict(set)

    async def serve(self, found: Visitor, app: ASGIApp, to: tuple[Scope, Receive, Send]) -> None:
        """Serve one page for as long as its sign-in holds."""
        tab = _Tab(found, *to)
        self._open[found.sign_in].add(tab)
        try:
            await app(tab.scope, tab.receive, tab.send)
        finally:
            self._open[found.sign_in].discard(tab)
            if not self._open[found.sign_in]:
                del self._open[found.sign_in]

    def end(self, sign_in: str) -> None:
        """Close every page of a sign-in; from any thread. Their browsers connect again, signed out."""
        for tab in list(self._open.get(sign_in, ())):
            tab.loop.call_soon_threadsafe(tab.ended.set)


class _Tab:
    """A page's connection, cut off when its sign-in ends."""

    def __init__(self, found: Visitor, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope, self._receive, self._send, self._until = scope, receive, send, found.until
        self.loop, self.ended, self._closed = asyncio.get_running_loop(), asyncio.Event(), False
        self._accepted = False

    async def receive(self) -> Message:
        left = (self._until - datetime.now(UTC)).total_seconds() if self._until else None
        heard, over = asyncio.ensure_future(self._receive()), asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait({heard, over}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if heard.done():
                return heard.result()
            await self._close()
            return {"type": "websocket.disconnect", "code": 1000}
        finally:
            heard.cancel()
            over.cancel()

    async def _close(self) -> None:
        """Have the browser load the page anew, which takes away what it still shows."""
        anew = ForwardMsg()
        anew.auth_redirect.url = ""
        anew.auth_redirect.SetInParent()
        if self._accepted and not self._closed:
            await self._send({"type": "websocket.send", "bytes": serialize_forward_msg(anew)})
        self._closed = True
        await self._send({"type": "websocket.close", "code": 1000})

    async def send(self, message: Message) -> None:
        self._accepted = self._accepted or message["type"] == "websocket.accept"
        self._closed = self._closed or message["type"] == "websocket.close"
        if not self._closed or message["type"] == "websocket.close":
            await self._send(message)
