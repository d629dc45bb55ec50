"""Sums of calls over HTTP, as a file: `GET /api/v1/sums`."""

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from usage_core.access.rules import Scope
from usage_core.api import parameters
from usage_core.api.answers import SentFile, put_off, refusal
from usage_core.api.endpoint import Console, Endpoint, Told
from usage_core.api.parameters import Parameter, one_of
from usage_core.errors import SelectionError
from usage_core.export.formats import file, media_types, of_sums
from usage_core.export.preview import file_name
from usage_core.export.stream import file_stream
from usage_core.export.sums import BY, PERIODS, Summed, summed

SUMS_PATH = "/api/v1/sums"
EXAMPLE = "7d0f3c1e,checkout,1200,600000,1440000,,,15.9,0"
PARAMETERS = (
    *parameters.SELECTION,
    Parameter("by", "What a row is the sum of", "key-model", one_of(BY, "key")),
    Parameter(
        "per",
        "A row for each of these periods, of `tz`; else for the whole timeframe",
        "day",
        one_of(PERIODS),
    ),
    *parameters.FILE,
)


async def sums(console: Console, request: Request) -> Response:
    """The file of a selection's sums."""
    visitor = console.visitor(request)
    try:
        asked = parameters.given(request.query_params, PARAMETERS)
        kind = of_sums(file(*(parameters.one(asked, each.name) for each in parameters.FILE)))
        of = summed(parameters.one(asked, "by", "key"), parameters.one(asked, "per"))
        selection = parameters.selection(asked, visitor.keys)
    except SelectionError as error:
        return refusal(request, 400, str(error))
    now = await to_thread.run_sync(console.shown)
    if not console.slots.take():
        return put_off(request, console.slots)
    name = ("sample-" if now.is_sample else "") + file_name(selection, kind.suffix, f"usage-{of.name}")

    def sent(_rows: int) -> None:
        console.exported(visitor, f"sums {of.name}: {selection.query}", None)

    pieces = file_stream(now.lake, selection, kind, sent, of.content)
    return SentFile(pieces, name, kind.media_type, over=console.slots.give_back)


ENDPOINTS = (
    Endpoint(
        "GET",
        SUMS_PATH,
        sums,
        "Sums of the calls of a timeframe as a file: a row for each key, or key and model, and period",
        Told("The file", media_types(), f"{','.join(each.label for each in Summed().columns)}\n{EXAMPLE}\n"),
        PARAMETERS,
        refusals=(400, 429),
        scopes=frozenset({Scope.EXPORT, Scope.USAGE}),
    ),
)
