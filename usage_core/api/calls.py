"""Calls over HTTP, streamed: `GET /api/v1/calls` and `GET /api/v1/imports/{id}/rows-set-aside`."""

from uuid import UUID

import sqlalchemy as sa
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from usage_core.access.rules import Scope
from usage_core.api import parameters
from usage_core.api.answers import SentFile, put_off, refusal
from usage_core.api.endpoint import Console, Endpoint, Told
from usage_core.api.proofs import proved
from usage_core.errors import SelectionError
from usage_core.export import set_aside
from usage_core.export.formats import CSV, File, file, media_types, provable
from usage_core.export.preview import file_name
from usage_core.export.stream import file_stream
from usage_core.schema import EXPORT_HEADER
from usage_core.selection import Selection
from usage_core.store.tables import DOUBTED, REJECTED

CALLS_PATH = "/api/v1/calls"
SET_ASIDE_PATH = "/api/v1/imports/{import_id}/rows-set-aside"
DOUBTED_PATH = "/api/v1/imports/{import_id}/rows-in-doubt"


async def calls(console: Console, request: Request) -> Response:
    """The file of a selection."""
    visitor = console.visitor(request)
    try:
        asked = parameters.given(request.query_params, CALLS_PARAMETERS)
        kind = file(*(parameters.one(asked, each.name) for each in parameters.FILE))
        wants_proof = parameters.flag(asked, parameters.MANIFEST) and bool(provable(kind))
        selection = parameters.selection(asked, visitor.keys)
    except SelectionError as error:
        return refusal(request, 400, str(error))
    now = await to_thread.run_sync(console.shown)
    if not console.slots.take():
        return put_off(request, console.slots)
    name = ("sample-" if now.is_sample else "") + file_name(selection, kind.suffix, kind.what)
    rows: list[int] = []

    def sent(count: int) -> None:
        rows.append(count)
        console.exported(visitor, *noted(kind, selection, count))

    pieces, headers = file_stream(now.lake, selection, kind, sent), {}
    if wants_proof:
        proof_id, proof = console.proofs.new(visitor.who)
        pieces = proved(pieces, rows, proof, (now.lake, selection, kind, name))
        base = request.url.path.removesuffix(CALLS_PATH)
        address = base + parameters.MANIFEST_PATH.format(manifest_id=proof_id)
        headers["Link"] = f'<{address}>; rel="describedby"; type="application/json"'
    return SentFile(pieces, name, kind.media_type, console.slots.give_back, headers)


def noted(kind: File, selection: Selection, rows: int) -> tuple[str, int | None]:
    """What the audit log says of a file, and its calls; none where its rows are something else."""
    return f"{kind.what}: {selection.query}", None if kind.format.content else rows


async def rows_set_aside(console: Console, request: Request) -> Response:
    """The rows that an import could not store."""
    return await _rows_of_import(console, request, REJECTED, "rows set aside")


async def rows_in_doubt(console: Console, request: Request) -> Response:
    """The rows that an import stored though their cost contradicts their tokens and prices."""
    return await _rows_of_import(console, request, DOUBTED, "rows in doubt")


async def _rows_of_import(console: Console, request: Request, of: sa.Table, what: str) -> Response:
    now = await to_thread.run_sync(console.shown)
    import_id = str(request.path_params["import_id"])
    if not _is_id(import_id) or not await to_thread.run_sync(set_aside.is_import, now.lake, import_id):
        return refusal(request, 404, f"There is no import {import_id[:60]}.")
    console.exported(console.visitor(request), f"{what} of import {import_id}", None)
    return SentFile(
        set_aside.csv_stream(now.lake, import_id, of), f"{what.replace(' ', '-')}-{import_id}.csv"
    )


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


EXAMPLE = "2026-11-03T09:14:07.412Z,7d0f3c1e,checkout,OpenAI,gpt-4o,500,1200,3821,2.50,10.00"
CALLS_PARAMETERS = (*parameters.SELECTION, *parameters.FILE, parameters.MANIFEST)

ENDPOINTS = (
    Endpoint(
        "GET",
        CALLS_PATH,
        calls,
        "The calls of a timeframe as a file, streamed, in order of time, without a limit",
        Told("The file", media_types(), f"{EXPORT_HEADER}\n{EXAMPLE}\n"),
        CALLS_PARAMETERS,
        refusals=(400, 429),
        scopes=frozenset({Scope.EXPORT}),
    ),
    Endpoint(
        "GET",
        SET_ASIDE_PATH,
        rows_set_aside,
        "The rows that an import could not store, as they came, with the reason in front",
        Told("The file", (CSV,), f"Line,Field,Value,Reason,{EXPORT_HEADER}\n"),
        refusals=(404,),
        scopes=frozenset({Scope.INGEST}),
    ),
    Endpoint(
        "GET",
        DOUBTED_PATH,
        rows_in_doubt,
        "The rows that an import stored though their cost contradicts their tokens and prices (the first ten "
        "thousand), as they came, with the reason in front",
        Told("The file", (CSV,), f"Line,Field,Value,Reason,{EXPORT_HEADER}\n"),
        refusals=(404,),
        scopes=frozenset({Scope.INGEST}),
    ),
)
