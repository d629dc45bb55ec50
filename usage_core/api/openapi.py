"""The description of the API, made from the endpoints themselves: `GET /api/v1/openapi.json`."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from usage_core.access.rules import Scope
from usage_core.api.endpoint import Console, Endpoint, Told
from usage_core.api.parameters import Parameter

OPENAPI_PATH = "/api/v1/openapi.json"
ERROR = {
    "type": "object",
    "properties": {
        "error": {"description": "What is wrong, and of which parameter", "type": "string"},
        "message": {"type": "string"},
    },
    "required": ["error"],
}
FURTHER = {
    429: {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}},
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
}
"""Headers of refusals."""


def document(endpoints: Iterable[Endpoint], server: str) -> dict[str, Any]:
    """The OpenAPI document of some endpoints, at the address of a server."""
    paths: dict[str, dict[str, Any]] = {}
    for each in endpoints:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    token = {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token, from the page Access tokens",
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "API Usage Console",
            "version": "1",
            "description": "Calls to language models, what they cost and how long they took. Times are UTC "
            "unless said otherwise, ranges end just before their end, and what is unknown is empty or null.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"securitySchemes": {"token": token}, "schemas": {"Error": ERROR}},
    }


def _operation(each: Endpoint) -> dict[str, Any]:
    statuses = [*each.refusals, *(() if each.is_open else (401, 403))]
    may = f" A token needs: {' or '.join(sorted(each.scopes))}." if each.scopes else ""
    found: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{each.method.lower()}{each.path}").strip("_"),
        "summary": each.summary,
        "description": f"{each.summary}.{may}",
        "parameters": [*_in_path(each.path), *map(_parameter, each.parameters)],
        "responses": {
            "200": _told(each.told),
            **{str(status): _refusal(status) for status in sorted(statuses)},
        },
        "security": [] if each.is_open else [{"token": []}],
    }
    if each.body:
        found["requestBody"] = _told(each.body) | {"required": True}
    return found


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _parameter(each: Parameter) -> dict[str, Any]:
    values = {"type": "array", "items": each.values} if each.is_list else each.values
    return {
        "name": each.name,
        "in": "query",
        "description": each.meaning,
        "required": each.is_required,
        "schema": values,
        "example": _typed(each),
    }


def _typed(each: Parameter) -> Any:
    value = int(each.example) if each.values.get("type") == "integer" else each.example
    return [value] if each.is_list else value


def _told(told: Told) -> dict[str, Any]:
    content = {}
    for media_type in told.media_types:
        schema = told.schema if media_type == told.media_types[0] else {"type": "string"}
        content[media_type] = {"schema": schema}
    if told.example is not None:
        content[told.media_types[0]]["example"] = told.example
    return {"description": told.meaning, "content": content}


def _refusal(status: int) -> dict[str, Any]:
    schema: Mapping[str, Any] = {"$ref": "#/components/schemas/Error"}
    kind = "text/plain" if status == 413 else "application/json"
    found = {"description": HTTPStatus(status).phrase, "content": {kind: {"schema": schema}}}
    return {**found, "headers": FURTHER[status]} if status in FURTHER else found


def describing(endpoints: Iterable[Endpoint]) -> Endpoint:
    """The endpoint that answers the description of these, and of itself."""

    async def describe(console: Console, request: Request) -> Response:
        base = request.url.path.removesuffix(OPENAPI_PATH)
        return JSONResponse(document([*endpoints, here], console.origin(request) + base))

    here = Endpoint(
        "GET",
        OPENAPI_PATH,
        describe,
        "This description",
        Told("The description", ("application/json",), schema={"type": "object"}),
        scopes=frozenset(Scope),
    )
    return here
