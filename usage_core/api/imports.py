"""Calls brought in over HTTP: `POST /api/v1/imports`, whose body is the file."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from anyio import open_file, to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from usage_core.access.rules import Scope
from usage_core.api import parameters
from usage_core.api.answers import refusal
from usage_core.api.calls import DOUBTED_PATH, SET_ASIDE_PATH
from usage_core.api.endpoint import Console, Endpoint, Told
from usage_core.api.parameters import Parameter
from usage_core.errors import GivenUp, MappingRefused, SelectionError, UsageError
from usage_core.importers.format import Format
from usage_core.intake import mappings
from usage_core.intake.receipt import Receipt
from usage_core.intake.several import Outcome, import_given
from usage_core.store.lake import Lake
from usage_core.store.scratch import scratch

IMPORTS_PATH = "/api/v1/imports"
LONGEST_NAME = 200
PARTS = ("read", "stored", "duplicate", "rejected", "skipped")
"""Rows read, and what became of them."""
PARAMETERS = (
    Parameter(
        "name",
        "What the receipt calls the file; its format is told by its content",
        "november.csv.gz",
        {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "default": "upload"},
    ),
    Parameter("mapping", "A mapping saved on the Imports page, by which the file is read", "gateway"),
)


async def bring_in(console: Console, request: Request) -> Response:
    """Import the body; a receipt for each file in it, or why it was refused."""
    try:
        name = _name(request.query_params)
    except SelectionError as error:
        return refusal(request, 400, str(error))
    if console.real is None:
        return refusal(request, 404, "There is nothing to import into.")
    lake = await to_thread.run_sync(console.real)
    try:
        mapped = await to_thread.run_sync(_mapped, lake, request.query_params)
    except MappingRefused as error:
        return refusal(request, 400, str(error))
    with scratch(lake.folder / "staging", "posted") as place:
        path = place.path / "upload"
        async with await open_file(path, "wb") as copy:
            async for piece in request.stream():
                await copy.write(piece)
        if not path.stat().st_size:
            return refusal(request, 400, "The body is empty. Send the file as the body of the request.")
        read = partial(import_given, lake, str(path), name=name, mapped=mapped)
        outcomes = await to_thread.run_sync(lambda: list(read()))
    for each in outcomes:
        console.imported(console.visitor(request), each)
    if any(isinstance(each.result, GivenUp) for each in outcomes):
        return refusal(request, 503, str(GivenUp()))
    refused = all(isinstance(each.result, UsageError) for each in outcomes)
    base = request.url.path.removesuffix(IMPORTS_PATH)
    return JSONResponse({"files": [_told(each, base) for each in outcomes]}, 422 if refused else 200)


def _name(params: QueryParams) -> str:
    name = parameters.one(parameters.given(params, PARAMETERS), "name", "upload")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or set(name) & set("/\\"):
        raise SelectionError(f"The parameter 'name' is a file name of 1 to {LONGEST_NAME} characters.")
    return name


def _mapped(lake: Lake, params: QueryParams) -> Format | None:
    """The format of the mapping that is asked for, if one is."""
    name = parameters.one(parameters.given(params, PARAMETERS), "mapping", "")
    return mappings.saved_format(lake, name) if name else None


def _told(outcome: Outcome, base: str) -> Mapping[str, Any]:
    if isinstance(outcome.result, UsageError):
        return {"file": outcome.name, "outcome": outcome.kind, "error": str(outcome.result)}
    receipt = outcome.result
    return {
        "file": outcome.name,
        "outcome": outcome.kind,
        "import_id": receipt.import_id,
        "source": receipt.source,
        **{f"rows_{part}": getattr(receipt, f"rows_{part}") for part in PARTS},
        "first_call_at": _instant(receipt.first_call_at),
        "last_call_at": _instant(receipt.last_call_at),
        "notes": [each for each in (outcome.note, *receipt.notes) if each],
        "rows_doubted": receipt.rows_doubted,
        "rows_set_aside": _file(receipt.rows_rejected, SET_ASIDE_PATH, receipt, base),
        "rows_in_doubt": _file(receipt.rows_doubted, DOUBTED_PATH, receipt, base),
    }


def _file(rows: int, path: str, receipt: Receipt, base: str) -> str | None:
    """Where rows of an import can be read, if there are any."""
    return base + path.format(import_id=receipt.import_id) if rows else None


def _instant(moment: Any) -> str | None:
    return moment and f"{moment.isoformat(timespec='milliseconds')}Z"


_FILE = {
    "type": "object",
    "required": ["file", "outcome"],
    "properties": {
        "file": {"type": "string"},
        "outcome": {"type": "string", "enum": ["stored", "set aside", "refused"]},
        "error": {"description": "Why it was refused; then nothing else is told.", "type": "string"},
        **{name: {"type": "string"} for name in ("import_id", "source")},
        **{f"rows_{part}": {"type": "integer", "minimum": 0} for part in (*PARTS, "doubted")},
        **{
            name: {"type": ["string", "null"]}
            for name in ("first_call_at", "last_call_at", "rows_set_aside", "rows_in_doubt")
        },
        "notes": {"type": "array", "items": {"type": "string"}},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["files"],
    "properties": {"files": {"type": "array", "items": _FILE}},
}
EXAMPLE: dict[str, Any] = {
    "files": [
        {
            "file": "november.csv",
            "outcome": "stored",
            "import_id": "6a7c2f0e-3d4c-4a5e-8d1f-0b9d1f6e2c11",
            "source": "langdock",
            **dict(zip((f"rows_{part}" for part in PARTS), (1200, 1200, 0, 0, 0), strict=True)),
            "first_call_at": "2026-11-01T00:00:03.120Z",
            "last_call_at": "2026-11-30T23:58:41.007Z",
            "notes": [],
            "rows_doubted": 0,
            "rows_set_aside": None,
            "rows_in_doubt": None,
        }
    ]
}

ENDPOINTS = (
    Endpoint(
        "POST",
        IMPORTS_PATH,
        bring_in,
        "Bring in a log; a call that is already there is not stored twice",
        Told("A receipt for each file that was in it", ("application/json",), EXAMPLE, SCHEMA),
        PARAMETERS,
        body=Told(
            "The file, in any format that can be imported; it may be packed (.gz, .zst, .zip)",
            ("application/octet-stream",),
        ),
        refusals=(400, 413, 422, 503),
        scopes=frozenset({Scope.INGEST}),
    ),
)
