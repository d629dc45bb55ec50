"""What routes answer: files that are streamed, and errors in words."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

from anyio import CancelScope, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from usage_core import counters
from usage_core.api.slots import RETRY_SECONDS, Slots
from usage_core.export.aside import one_thread
from usage_core.export.formats import CSV


def refusal(request: Request, status: int, said: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error in words: as JSON for programs, as a sentence for a browser that followed a link."""
    if "text/html" in request.headers.get("accept", ""):
        return PlainTextResponse(said, status, headers)
    return JSONResponse({"error": said}, status, headers)


def put_off(request: Request, slots: Slots) -> Response:
    """Tells whoever asks for one file too many to wait."""
    counters.EXPORTS_PUT_OFF.inc()
    said = (
        f"As many files as this console sends at a time ({slots.most}) are being sent already. "
        f"Try again in {RETRY_SECONDS} seconds."
    )
    return refusal(request, 429, said, {"Retry-After": str(RETRY_SECONDS)})


NOT_KEPT = {"Cache-Control": "no-store"}
"""On an answer that no cache may keep."""


class SentFile(StreamingResponse):
    """A file, made and sent piece by piece and kept by no cache; `over` is called when it has ended, however
    it has. An error on the way breaks the connection off, so that nobody takes a part for the whole."""

    def __init__(
        self,
        pieces: Iterator[bytes],
        name: str,
        media_type: str = CSV,
        over: Callable[[], None] = lambda: None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._pieces, self._over = pieces, over
        of_file = {
            "Content-Disposition": f'attachment; filename="{name}"',
            **NOT_KEPT,
            # Without this the whole body is compressed before its first byte leaves.
            "Content-Encoding": "identity",
            "X-Content-Type-Options": "nosniff",
        }
        super().__init__(in_threads(pieces), media_type=media_type, headers={**of_file, **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; of a HEAD request nothing but the headers, for which nothing is read."""
        try:
            if scope["method"] == "HEAD":
                await send(
                    {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
                )
                await send({"type": "http.response.body", "body": b""})
            else:
                await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):  # the reader has gone, what was taken for them is given back
                await to_thread.run_sync(self._end)

    def _end(self) -> None:
        try:
            _close(self._pieces)
        finally:
            self._over()


SENT_BYTES = 1 << 20
"""Sent at once: the server copies what it sends several times, a longer piece each time into new memory."""


async def in_threads(pieces: Iterator[bytes]) -> AsyncIterator[memoryview]:
    """Take pieces in a thread of their own, each made while the one before it is sent; when the reader goes
    away, stop and let go of the store."""
    maker, loop = one_thread(), asyncio.get_running_loop()
    coming = loop.run_in_executor(maker, next, pieces, None)
    try:
        while (piece := await coming) is not None:
            coming = loop.run_in_executor(maker, next, pieces, None)
            for start in range(0, len(piece), SENT_BYTES):
                yield memoryview(piece)[start : start + SENT_BYTES]
    finally:
        with CancelScope(shield=True):  # by the same thread, and so after what it is still at
            await asyncio.gather(coming, loop.run_in_executor(maker, _close, pieces), return_exceptions=True)
        maker.shutdown(wait=False)


def _close(pieces: Iterator[bytes]) -> None:
    close = getattr(pieces, "close", None)
    if close:
        close()
