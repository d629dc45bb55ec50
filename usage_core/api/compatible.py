"""The routes of the Langdock usage export by API key, so that a client of it works with another base URL:
`POST /export/api-keys`, `/export/api-keys/csv` and `/export/api-keys/json`.

The first two answer where a CSV file of the rows can be fetched for a while, the third answers the rows.
A time is that of its time zone's clocks, whatever offset is written behind it; the end is the last
moment of the period, as such clients write it.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pyarrow as pa
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from usage_core.access.rules import Role, Scope, Visitor
from usage_core.api.answers import NOT_KEPT, SentFile, refusal
from usage_core.api.compatible_told import (
    BODY,
    BODY_SCHEMA,
    FILE_EXAMPLE,
    FILE_SCHEMA,
    ROWS_EXAMPLE,
    ROWS_SCHEMA,
    WHOLE,
)
from usage_core.api.endpoint import Answer, Console, Endpoint, Told
from usage_core.api.usage_by_key import Asked, as_csv, as_json, asked, read, rows
from usage_core.errors import SelectionError
from usage_core.export.formats import CSV

API_KEYS_PATH = "/export/api-keys"
FILES_PATH = "/api/v1/files/{link}"
KIND = "api-keys"

Telling: TypeAlias = Callable[[Console, Request, Any, Asked, pa.Table], Response]


def _answer(told: Telling) -> Answer:
    """What answers with the rows of the period that the body names, told one way or the other."""

    async def answer(console: Console, request: Request) -> Response:
        visitor = console.visitor(request)
        try:
            body = read(await request.body())
            of = asked(body)
            selection = of.selection(visitor.keys)
        except SelectionError as error:
            return _refused(400, "Bad Request", str(error))
        now = await to_thread.run_sync(console.shown)
        table = await to_thread.run_sync(rows, now.lake, of, selection)
        if not table.num_rows:
            return _refused(404, "No data found", "No usage data found for the selected period.")
        _note(console, visitor, of)
        return told(console, request, body, of, table)

    return answer


def _as_file(console: Console, request: Request, body: Any, of: Asked, table: pa.Table) -> Response:
    """Where the rows can be fetched."""
    visitor = console.visitor(request)
    what = {"asked": body, "only": visitor.keys, "who": visitor.who}
    link = console.links.made(what, datetime.now(UTC))
    base = request.url.path[: request.url.path.index(API_KEYS_PATH)]
    data = {
        "filePath": f"{KIND}-usage/{of.file_name}",
        "downloadUrl": f"{console.origin(request)}{base}{FILES_PATH.format(link=link)}",
        "dataType": KIND,
        "recordCount": table.num_rows,
        "dateRange": of.edges,
    }
    return JSONResponse({"success": True, "data": data}, headers=NOT_KEPT)


def _as_rows(_console: Console, _request: Request, _body: Any, of: Asked, table: pa.Table) -> Response:
    """The rows themselves."""
    metadata = {"dataType": KIND, "recordCount": table.num_rows, "dateRange": of.edges}
    text = b'{"success":true,"data":%b,"metadata":%b}' % (as_json(table, of), json.dumps(metadata).encode())
    return Response(text, media_type="application/json", headers=NOT_KEPT)


async def linked(console: Console, request: Request) -> Response:
    """The file that a link of ours stands for; who has the link needs no token."""
    what = console.links.read(request.path_params["link"], datetime.now(UTC))
    if what is None:
        return refusal(request, 404, "This link is over, or was never one. Ask for the export again.")
    of, only = asked(what["asked"]), what["only"]
    selection = of.selection(None if only is None else tuple(only))
    now = await to_thread.run_sync(console.shown)
    table = await to_thread.run_sync(rows, now.lake, of, selection)
    _note(console, Visitor(what["who"], Role.VIEWER), of)
    return SentFile(iter([as_csv(table, of)]), of.file_name)


def _note(console: Console, visitor: Visitor, of: Asked) -> None:
    by = "key and model" if of.by_model else "key"
    console.exported(visitor, f"usage by {by}: {of.edges['from']} to {of.edges['to']}", None)


def _refused(status: int, error: str, message: str) -> Response:
    return JSONResponse({"error": error, "message": message}, status)


_JSON = ("application/json",)


def _posted(path: str, told: Told, answer: Answer) -> Endpoint:
    return Endpoint(
        "POST",
        path,
        answer,
        "Usage by API key, as a client of the Langdock usage export asks for it",
        told,
        body=Told("The period, each edge by the clocks of its zone", _JSON, BODY, BODY_SCHEMA),
        refusals=(400, 404),
        scopes=frozenset({Scope.EXPORT, Scope.USAGE}),
    )


FILE_TOLD = Told("Where the rows can be fetched as CSV for 15 minutes", _JSON, FILE_EXAMPLE, FILE_SCHEMA)
ENDPOINTS = (
    _posted(API_KEYS_PATH, FILE_TOLD, _answer(_as_file)),
    _posted(f"{API_KEYS_PATH}/csv", FILE_TOLD, _answer(_as_file)),
    _posted(f"{API_KEYS_PATH}/json", Told("The rows", _JSON, ROWS_EXAMPLE, ROWS_SCHEMA), _answer(_as_rows)),
    Endpoint(
        "GET",
        FILES_PATH,
        linked,
        "The file of a `downloadUrl`, for whoever has it, until it is over",
        Told("The file", (CSV,), f"{','.join(each.label for each in WHOLE.columns)}\n"),
        refusals=(404,),
        is_open=True,
    ),
)
