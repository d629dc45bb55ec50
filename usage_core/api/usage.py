"""Figures by breakdowns over HTTP: `GET /api/v1/usage`."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
import sqlalchemy as sa
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from usage_core.access.rules import Scope
from usage_core.api import asking, parameters
from usage_core.api.answers import NOT_KEPT, refusal
from usage_core.api.endpoint import Console, Endpoint, Told
from usage_core.api.parameters import Given, Parameter, one_of
from usage_core.errors import SelectionError, TookTooLong
from usage_core.export.figures import csv_text, records
from usage_core.export.formats import CSV
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.definitions import METRICS, SUMMARY
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.question import MOST_ROWS, Question

USAGE_PATH = "/api/v1/usage"
MOST = MOST_ROWS - 1
"""One less than the query layer gives, so that it is known whether there are more."""

PARAMETERS = (
    *parameters.SELECTION,
    Parameter(
        "metric",
        f"A figure; without any: {', '.join(SUMMARY)}",
        "cost_usd",
        one_of(METRICS),
        is_list=True,
    ),
    Parameter(
        "by",
        "A breakdown: a row for each of its values, and of further breakdowns each of their values",
        "model",
        one_of(DIMENSIONS),
        is_list=True,
    ),
    Parameter(
        "limit",
        "At most so many rows: the first in order of time, else those with the largest first figure",
        "100",
        {"type": "integer", "minimum": 1, "maximum": MOST, "default": MOST},
    ),
    Parameter("format", "JSON, or CSV of the rows alone", "csv", one_of(("json", "csv"), "json")),
)


async def usage(console: Console, request: Request) -> Response:
    """The figures asked for."""
    try:
        found = parameters.given(request.query_params, PARAMETERS)
        question, limit = _question(found, console.visitor(request).keys)
        if parameters.one(found, "format", "json") not in ("json", "csv"):
            raise SelectionError("The parameter 'format' is json or csv.")
    except SelectionError as error:
        return refusal(request, 400, str(error))
    now = await to_thread.run_sync(console.shown)
    try:
        frame = await asking.found(now.lake, partial(_asked, question))
    except SelectionError as error:
        return refusal(request, 400, str(error))
    except TookTooLong as error:
        return refusal(request, 503, str(error))
    shown = frame.head(limit)
    if parameters.one(found, "format") == "csv":
        headers = {**NOT_KEPT, "X-More-Rows": str(len(frame) > limit).lower()}
        return Response(csv_text(shown, question.by), media_type=CSV, headers=headers)
    return JSONResponse(_told(question, shown, len(frame) > limit), headers=NOT_KEPT)


def _question(found: Given, only: tuple[str, ...] | None) -> tuple[Question, int]:
    """What is asked, with one row more than is wanted; and how many are."""
    text = parameters.one(found, "limit", str(MOST))
    if not (text.isdecimal() and len(text) < 10 and 1 <= int(text) <= MOST):
        raise SelectionError(f"The parameter 'limit' is a whole number from 1 to {MOST:,}.")
    names = {name: _known(found, name, of) for name, of in (("metric", METRICS), ("by", DIMENSIONS))}
    asked = parameters.selection(found, only)
    metrics = names["metric"] or SUMMARY
    return Question(asked, metrics, names["by"], limit=int(text) + 1), int(text)


def _known(found: Given, parameter: str, names: Sequence[str] | dict[str, Any]) -> tuple[str, ...]:
    given = tuple(found.get(parameter, ()))
    for name in given:
        if name not in names:
            raise SelectionError(
                f"The parameter {parameter!r} is one of: {', '.join(names)}. {name[:60]!r} is none of them."
            )
    return given


def _asked(question: Question, connection: sa.Connection) -> pd.DataFrame:
    return ask(connection, question, coverage(connection))


def _told(question: Question, frame: pd.DataFrame, more: bool) -> dict[str, Any]:
    params = question.selection.params()
    edges, filters = dict(params[:3]), params[3:]
    return {
        **edges,
        "filters": {name: [value for of, value in filters if of == name] for name in dict(filters)},
        "by": list(question.by),
        "units": {name: METRICS[name].unit for name in question.metrics},
        "rows": records(frame),
        "more": more,
    }


_TEXTS = {"type": "array", "items": {"type": "string"}}
SCHEMA = {
    "type": "object",
    "required": ["from", "to", "tz", "filters", "by", "units", "rows", "more"],
    "properties": {
        **{name: {"type": "string"} for name in ("from", "to", "tz")},
        "filters": {"type": "object", "additionalProperties": _TEXTS},
        "by": _TEXTS,
        "units": {"type": "object", "additionalProperties": {"type": "string"}},
        "rows": {
            "description": "Amounts and ratios are decimals as texts; null is unknown.",
            "type": "array",
            "items": {"type": "object", "additionalProperties": {"type": ["string", "integer", "null"]}},
        },
        "more": {"description": "Whether there are more rows than the limit.", "type": "boolean"},
    },
}
EXAMPLE = {
    "from": "2026-10-31T23:00Z",
    "to": "2026-11-30T23:00Z",
    "tz": "Europe/Berlin",
    "filters": {},
    "by": ["model"],
    "units": {"calls": "calls", "cost_usd": "USD"},
    "rows": [{"model": "gpt-4o", "calls": 1200, "cost_usd": "15.9"}],
    "more": False,
}

ENDPOINTS = (
    Endpoint(
        "GET",
        USAGE_PATH,
        usage,
        "Figures of a timeframe, by breakdowns",
        Told("The figures", ("application/json", CSV), EXAMPLE, SCHEMA),
        PARAMETERS,
        refusals=(400, 503),
        scopes=frozenset({Scope.USAGE}),
    ),
)
