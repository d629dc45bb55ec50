"""Every address of the API, as routes of the console's server."""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from usage_core.api import calls, compatible, imports, journal, manifests, provider_totals, sums, usage
from usage_core.api.answers import refusal
from usage_core.api.endpoint import Console, Endpoint
from usage_core.api.openapi import OPENAPI_PATH, describing

PARTS = (calls, manifests, sums, usage, provider_totals, imports, journal, compatible)
_EVERY = tuple(each for part in PARTS for each in part.ENDPOINTS)
ENDPOINTS: tuple[Endpoint, ...] = (*_EVERY, describing(_EVERY))


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def routes(console: Console, base: str = "") -> list[Route]:
    """The API's routes beneath `base`; whatever else begins with /api is answered as not there."""

    async def unknown(request: Request) -> Response:
        here = [each for each in ENDPOINTS if each.is_at(request.url.path.removeprefix(base))]
        if here:
            allowed = ", ".join(each.method for each in here)
            return refusal(request, 405, f"This address answers {allowed} only.", {"Allow": allowed})
        return refusal(request, 404, f"No such address. All of them are told at {base}{OPENAPI_PATH}.")

    known = [Route(base + each.path, _answers(each, console), methods=[each.method]) for each in ENDPOINTS]
    # The page /export is none of these addresses, nor is anything that a browser gets beneath it.
    rest = (("/api", METHODS), ("/api/{path:path}", METHODS), ("/export/{path:path}", METHODS[1:]))
    return [*known, *(Route(base + path, unknown, methods=methods) for path, methods in rest)]


def _answers(endpoint: Endpoint, console: Console) -> Callable[[Request], Awaitable[Response]]:
    return partial(endpoint.answer, console)


def endpoint(method: str, path: str) -> Endpoint | None:
    """The endpoint that a request of this path, beneath no base, would come to."""
    method = "GET" if method == "HEAD" else method
    return next((each for each in ENDPOINTS if each.method == method and each.is_at(path)), None)
