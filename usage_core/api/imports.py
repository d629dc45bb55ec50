"""Calls brought in over HTTP: `POST /api/v1/imports`, whose body is the file."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from anyio import open_file, to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from usage_core.access.rules import Scope
from usage_core.api import parameters
from usage_core.api.answers import refusal
from usage_core.api.calls import SET_ASIDE_PATH
from usage_core.api.endpoint import Console, Endpoint
from usage_core.api.parameters import Parameter
from usage_core.errors import SelectionError, UsageError
from usage_core.intake.receipt import Receipt
from usage_core.intake.several import Outcome, import_given
from usage_core.store.lake import Lake

IMPORTS_PATH = "/api/v1/imports"
LONGEST_NAME = 200
PARAMETERS = (
    Parameter(
        "name",
        "What the receipt calls the file; its format is told by its content",
        "november.csv.gz",
        {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "default": "upload"},
    ),
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
    with _place(lake) as path:
        async with await open_file(path, "wb") as copy:
            async for piece in request.stream():
                await copy.write(piece)
        if not path.stat().st_size:
            return refusal(request, 400, "The body is empty. Send the file as the body of the request.")
        outcomes = await to_thread.run_sync(lambda: list(import_given(lake, str(path), name=name)))
    for each in outcomes:
        console.imported(console.visitor(request), each)
    refused = all(isinstance(each.result, UsageError) for each in outcomes)
    base = request.url.path.removesuffix(IMPORTS_PATH)
    return JSONResponse({"files": [_told(each, base) for each in outcomes]}, 422 if refused else 200)


def _name(params: QueryParams) -> str:
    name = parameters.one(parameters.given(params, PARAMETERS), "name", "upload")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or set(name) & set("/\\"):
        raise SelectionError(f"The parameter 'name' is a file name of 1 to {LONGEST_NAME} characters.")
    return name


@contextmanager
def _place(lake: Lake) -> Iterator[Path]:
    """Where the body is kept while it is read."""
    with tempfile.TemporaryDirectory(dir=lake.folder / "staging") as folder:
        yield Path(folder) / "upload"


def _told(outcome: Outcome, base: str) -> Mapping[str, Any]:
    if isinstance(outcome.result, UsageError):
        return {"file": outcome.name, "outcome": outcome.kind, "error": str(outcome.result)}
    receipt = outcome.result
    return {
        "file": outcome.name,
        "outcome": outcome.kind,
        "import_id": receipt.import_id,
        "source": receipt.source,
        "rows_read": receipt.rows_read,
        "rows_stored": receipt.rows_stored,
        "rows_duplicate": receipt.rows_duplicate,
        "rows_rejected": receipt.rows_rejected,
        "rows_skipped": receipt.rows_skipped,
        "first_call_at": _instant(receipt.first_call_at),
        "last_call_at": _instant(receipt.last_call_at),
        "notes": [each for each in (outcome.note, *receipt.notes) if each],
        "rows_set_aside": _set_aside(receipt, base),
    }


def _set_aside(receipt: Receipt, base: str) -> str | None:
    """Where its rows set aside can be read."""
    return base + SET_ASIDE_PATH.format(import_id=receipt.import_id) if receipt.rows_rejected else None


def _instant(moment: Any) -> str | None:
    return moment and f"{moment.isoformat(timespec='milliseconds')}Z"


ENDPOINTS = (Endpoint("POST", IMPORTS_PATH, bring_in, frozenset({Scope.INGEST})),)
