"""The manifest of a file that was asked for with `manifest=true`: `GET /api/v1/manifests/{manifest_id}`."""

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response

from usage_core.access.rules import Scope
from usage_core.api.answers import NOT_KEPT, refusal
from usage_core.api.endpoint import Console, Endpoint, Told
from usage_core.api.parameters import MANIFEST_PATH
from usage_core.export.formats import DEFAULT
from usage_core.export.manifest import Manifest


async def told(console: Console, request: Request) -> Response:
    """The manifest, for whoever had the file."""
    found = console.proofs.find(request.path_params["manifest_id"], console.visitor(request).who)
    if found is None:
        return refusal(request, 404, "There is no such manifest. They are kept for a while only.")
    if found.manifest is None:
        return refusal(request, 409, found.why_not)
    return Response(found.manifest.written(), media_type="application/json", headers=NOT_KEPT)


EXAMPLE = Manifest(
    file="api-calls_2026-11-01_to_2026-11-30_Europe-Berlin.csv",
    format=DEFAULT,
    compression=None,
    selection={"from": ["2026-10-31T23:00Z"], "to": ["2026-11-30T23:00Z"], "tz": ["Europe/Berlin"]},
    rows=1200,
    input_tokens=600_000,
    output_tokens=1_440_000,
    cost_usd="15.9",
    unpriced_calls=0,
    file_bytes=131_072,
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    duckdb="1.5.5",
    prices="genai-prices 0.2.3",
)
SCHEMA = {
    "type": "object",
    "required": list(asdict(EXAMPLE)),
    "properties": {
        **{name: {"type": "integer"} for name, value in asdict(EXAMPLE).items() if isinstance(value, int)},
        **{name: {"type": "string"} for name, value in asdict(EXAMPLE).items() if isinstance(value, str)},
    },
}

ENDPOINTS = (
    Endpoint(
        "GET",
        MANIFEST_PATH,
        told,
        "The manifest of a file that was asked for with `manifest=true`, when it was sent to its end",
        Told("Rows, sums, bytes and SHA-256 of the file", ("application/json",), asdict(EXAMPLE), SCHEMA),
        refusals=(404, 409),
        scopes=frozenset({Scope.EXPORT}),
    ),
)
