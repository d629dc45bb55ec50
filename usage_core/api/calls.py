"""Files over HTTP, streamed: `GET /api/v1/calls` and `GET /api/v1/imports/{id}/rows-set-aside`."""

from collections.abc import AsyncIterator, Callable, Iterator

from anyio import to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

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


def routes(shown: Callable[[], Shown], base: str = "") -> list[Route]:
    """The API's routes beneath `base`, over whatever store `shown` gives at the time of a request."""

    async def calls(request: Request) -> Response:
        try:
            kind, selection = _asked(request.query_params)
        except SelectionError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        now = await to_thread.run_sync(shown)
        name = ("sample-" if now.is_sample else "") + file_name(selection, kind.suffix)
        return _file(file_stream(now.lake, selection, kind), name, kind.media_type)

    async def rows_set_aside(request: Request) -> Response:
        now = await to_thread.run_sync(shown)
        import_id = str(request.path_params["import_id"])
        if not await to_thread.run_sync(set_aside.is_import, now.lake, import_id):
            return JSONResponse({"error": f"There is no import {import_id}."}, status_code=404)
        return _file(set_aside.csv_stream(now.lake, import_id), f"rows-set-aside-{import_id}.csv")

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


def _file(pieces: Iterator[bytes], name: str, media_type: str = CSV) -> StreamingResponse:
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
