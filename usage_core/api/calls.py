"""Files over HTTP, streamed: `GET /api/v1/calls` and `GET /api/v1/imports/{id}/rows-set-aside`."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TypeAlias
from urllib.parse import urlencode

from anyio import to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from usage_core.access.rules import THIS_MACHINE, Visitor
from usage_core.errors import SelectionError
from usage_core.export import set_aside
from usage_core.export.formats import CSV, File, file
from usage_core.export.preview import file_name
from usage_core.export.stream import file_stream
from usage_core.selection import Selection
from usage_core.workspace import Shown

CALLS_PATH = "/api/v1/calls"
OF_FILE = ("format", "compression")
"""Parameters that say which file, not which calls."""
SET_ASIDE_PATH = "/api/v1/imports/{import_id}/rows-set-aside"


Exported: TypeAlias = Callable[[Visitor, str, int | None], None]
"""Told of every file that was sent, whole or in part: to whom, of what, and its rows where they count."""


def routes(
    shown: Callable[[], Shown],
    base: str = "",
    visitor: Callable[[Request], Visitor] = lambda _request: THIS_MACHINE,
    exported: Exported = lambda _visitor, _what, _rows: None,
) -> list[Route]:
    """The API's routes beneath `base`, over whatever store `shown` gives at the time of a request, for
    whoever `visitor` says has sent it."""

    async def calls(request: Request) -> Response:
        try:
            kind, asked = _asked(request.query_params)
            selection = replace(asked, only=visitor(request).keys)
        except SelectionError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        now = await to_thread.run_sync(shown)
        name = ("sample-" if now.is_sample else "") + file_name(selection, kind.suffix)
        sent = partial(exported, visitor(request), f"calls: {urlencode(selection.params())}")
        return sent_file(file_stream(now.lake, selection, kind, sent), name, kind.media_type)

    async def rows_set_aside(request: Request) -> Response:
        now = await to_thread.run_sync(shown)
        import_id = str(request.path_params["import_id"])
        if not await to_thread.run_sync(set_aside.is_import, now.lake, import_id):
            return JSONResponse({"error": f"There is no import {import_id}."}, status_code=404)
        exported(visitor(request), f"rows set aside of import {import_id}", None)
        return sent_file(set_aside.csv_stream(now.lake, import_id), f"rows-set-aside-{import_id}.csv")

    async def unknown(_request: Request) -> Response:
        return JSONResponse({"error": f"No such address. The calls are at {CALLS_PATH}."}, status_code=404)

    return [
        Route(base + CALLS_PATH, calls, methods=["GET"]),
        Route(base + SET_ASIDE_PATH.replace("import_id", "import_id:uuid"), rows_set_aside, methods=["GET"]),
        Route(base + "/api", unknown),
        Route(base + "/api/{path:path}", unknown),
    ]


def _asked(params: QueryParams) -> tuple[File, Selection]:
    """Which file of which calls."""
    repeated = [name for name in OF_FILE if len(params.getlist(name)) > 1]
    if repeated:
        raise SelectionError(f"Give the parameter {repeated[0]!r} once.")
    kind = file(*(params.get(name, "") for name in OF_FILE))
    return kind, Selection.from_params([each for each in params.multi_items() if each[0] not in OF_FILE])


def sent_file(pieces: Iterator[bytes], name: str, media_type: str = CSV) -> StreamingResponse:
    """A file, sent in pieces and kept by no cache."""
    return StreamingResponse(
        _in_threads(pieces),
        media_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            # Without this the whole body is compressed before its first byte leaves.
            "Content-Encoding": "identity",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Take pieces in a worker thread; when the reader goes away, stop and let go of the store."""
    try:
        while (piece := await to_thread.run_sync(next, pieces, None)) is not None:
            yield piece
    finally:
        close = getattr(pieces, "close", None)
        if close:
            close()
