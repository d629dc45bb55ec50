"""The audit log over HTTP, for administrators: `GET /api/v1/audit`."""

import csv
import io
from collections.abc import Callable, Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from usage_core.access.journal import Entry, Journal
from usage_core.access.rules import Visitor
from usage_core.api.calls import Exported, sent_file
from usage_core.text_guard import guard

AUDIT_PATH = "/api/v1/audit"
HEADINGS = ("Entry", "Time (UTC)", "Event", "Who", "What", "Rows")


def journal_routes(
    base: str, journal: Callable[[], Journal], visitor: Callable[[Request], Visitor], exported: Exported
) -> list[Route]:
    """The audit log's route beneath `base`, for whoever `visitor` says has sent a request."""

    async def audit(request: Request) -> Response:
        exported(visitor(request), "the audit log", None)
        return sent_file(_lines(journal().entries()), "audit-log.csv")

    return [Route(base + AUDIT_PATH, audit, methods=["GET"])]


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
