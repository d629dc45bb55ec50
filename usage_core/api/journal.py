"""The audit log over HTTP, for administrators: `GET /api/v1/audit`."""

import csv
import io
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from usage_core.access.journal import Entry
from usage_core.api.answers import SentFile, refusal
from usage_core.api.endpoint import Console, Endpoint, Told
from usage_core.export.formats import CSV
from usage_core.text_guard import guard

AUDIT_PATH = "/api/v1/audit"
HEADINGS = ("Entry", "Time (UTC)", "Event", "Who", "What", "Rows")


async def audit(console: Console, request: Request) -> Response:
    """The whole audit log."""
    if console.journal is None:
        return refusal(request, 404, "There is no audit log here.")
    console.exported(console.visitor(request), "the audit log", None)
    return SentFile(_lines(console.journal().entries()), "audit-log.csv")


ENDPOINTS = (
    Endpoint(
        "GET",
        AUDIT_PATH,
        audit,
        "The audit log as a file, the newest entry first; for administrators who are signed in",
        Told("The file", (CSV,), f"{','.join(HEADINGS)}\n"),
    ),
)


def cells(entry: Entry) -> tuple[str, ...]:
    """An entry as text, in the order of HEADINGS."""
    at = entry.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    rows = "" if entry.rows is None else str(entry.rows)
    return str(entry.number), at, entry.event, entry.who or "", entry.what, rows


def _lines(entries: Iterator[Entry]) -> Iterator[bytes]:
    yield _line(HEADINGS)
    for entry in entries:
        yield _line(tuple(map(guard, cells(entry))))


def _line(texts: tuple[str, ...]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerow(texts)
    return written.getvalue().encode()
