"""What providers have added up, over HTTP: `GET /api/v1/provider-totals`."""

from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from usage_core.access.rules import Scope
from usage_core.api import asking, parameters
from usage_core.api.answers import NOT_KEPT, refusal
from usage_core.api.endpoint import Console, Endpoint, Told
from usage_core.api.parameters import Parameter, one_of
from usage_core.buckets import COUNTS
from usage_core.errors import SelectionError, TookTooLong
from usage_core.export.provider_totals import breakdown, record
from usage_core.metrics.provider_totals import (
    BREAKDOWNS,
    CALLS,
    COUNTED,
    EDGE,
    OTHERS,
    Wanted,
    provider_totals,
)

TOTALS_PATH = "/api/v1/provider-totals"
PARAMETERS = (
    *parameters.SELECTION,
    Parameter(
        "by", "A row for each of its values, and for what becomes of them", "model", one_of(BREAKDOWNS)
    ),
)


async def totals(console: Console, request: Request) -> Response:
    """The totals asked for: those that count, and those that are left out."""
    try:
        found = parameters.given(request.query_params, PARAMETERS)
        selection = parameters.selection(found, console.visitor(request).keys)
        wanted = Wanted(selection, breakdown(parameters.one(found, "by")))
    except SelectionError as error:
        return refusal(request, 400, str(error))
    now = await to_thread.run_sync(console.shown)
    try:
        rows = await asking.found(now.lake, lambda connection: provider_totals(connection, wanted))
    except TookTooLong as error:
        return refusal(request, 503, str(error))
    edges = dict(wanted.selection.params()[:3])
    told = edges | {"rows": [record(each, wanted.by) for each in rows]}
    return JSONResponse(told, headers=NOT_KEPT)


_NUMBERS = COUNTS
_ROW = {
    "type": "object",
    "required": ["fate", "totals", "without_calls", "unpriced", *_NUMBERS, "cost_usd"],
    "properties": {
        "fate": {
            "description": "Whether they count, or are left out: for single calls of the same key and "
            "period, for other totals of the same usage, or since their period reaches over an edge of the "
            "timeframe.",
            "type": "string",
            "enum": [COUNTED, CALLS, OTHERS, EDGE],
        },
        **{name: {"type": ["string", "null"]} for name in (*BREAKDOWNS, "cost_usd")},
        **{name: {"type": "integer", "minimum": 0} for name in ("totals", "without_calls", "unpriced")},
        **{name: {"type": ["integer", "null"]} for name in _NUMBERS},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["from", "to", "tz", "rows"],
    "properties": {
        **{name: {"type": "string"} for name in ("from", "to", "tz")},
        "rows": {
            "description": "Classes of tokens do not overlap, but cache_write_1h_tokens are counted among "
            "cache_write_tokens; null is unknown.",
            "type": "array",
            "items": _ROW,
        },
    },
}
EXAMPLE: dict[str, Any] = {
    "from": "2026-11-01T00:00Z",
    "to": "2026-12-01T00:00Z",
    "tz": "UTC",
    "rows": [
        {
            "model": "claude-sonnet-4-5",
            "fate": COUNTED,
            **dict.fromkeys(("totals", "without_calls"), 30),
            "unpriced": 0,
            "calls": None,
            **dict(zip(_NUMBERS[1:], (1_500_000, 200_000, 15_000, 5_000, 50_000), strict=True)),
            "cost_usd": "5.3775",
        }
    ],
}

ENDPOINTS = (
    Endpoint(
        "GET",
        TOTALS_PATH,
        totals,
        "What providers have added up for a timeframe, apart from the calls, and what is left out of it",
        Told("The totals", ("application/json",), EXAMPLE, SCHEMA),
        PARAMETERS,
        refusals=(400, 503),
        scopes=frozenset({Scope.USAGE}),
    ),
)
