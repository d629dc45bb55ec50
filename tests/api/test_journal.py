"""The audit log as a file, and what exports add to it."""

import csv
import io
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from tests.importing import Shelf, as_csv, row
from usage_core.access.journal import Event, Journal
from usage_core.access.rules import Role, Visitor
from usage_core.api.calls import CALLS_PATH
from usage_core.api.endpoint import Console
from usage_core.api.journal import AUDIT_PATH, HEADINGS
from usage_core.api.routes import routes
from usage_core.workspace import Shown

AUGUST = {"from": "2026-08-01", "to": "2026-09-01"}


@pytest.fixture(scope="module")
def filled(module_shelf: Shelf) -> Shelf:
    rows = [row(called_at=f"2026-08-0{day}T00:00:00Z", api_key_id=key) for day in range(1, 8) for key in "ab"]
    module_shelf.take(as_csv(rows))
    return module_shelf


def client(shelf: Shelf, journal: Journal, keys: tuple[str, ...] | None) -> TestClient:
    visitor = Visitor("eve@example.com", Role.VIEWER, keys)

    def exported(here: Visitor, what: str, rows: int | None) -> None:
        journal.record(Event.EXPORTED, here.email, what, rows)

    def here(_request: Request) -> Visitor:
        return visitor

    shown = Shown(shelf.lake, is_sample=False)
    console = Console(lambda: shown, here, exported, journal=lambda: journal)
    return TestClient(Starlette(routes=routes(console)))


@pytest.mark.parametrize(
    ("keys", "asked", "rows"),
    [
        (None, {}, 14),
        (("a",), {}, 7),
        (("a",), {"key": "b"}, 0),
        (("a",), {"key": ["a", "b"]}, 7),
        ((), {}, 0),
        (("nobody",), {"model": "gpt-4o"}, 0),
    ],
)
def test_an_export_holds_what_its_reader_may_see_and_is_noted(
    filled: Shelf, tmp_path: Path, keys: tuple[str, ...] | None, asked: dict[str, str], rows: int
) -> None:
    journal = Journal(tmp_path)
    answer = client(filled, journal, keys).get(CALLS_PATH, params={**AUGUST, **asked})
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(lines) == rows
    assert {line["API Key ID"] for line in lines} <= set(keys if keys is not None else "ab")
    entry = next(journal.entries())
    assert (entry.event, entry.who, entry.rows) == ("exported", "eve@example.com", rows)
    assert entry.what.startswith("calls: from=2026-08-01T00%3A00Z&to=2026-09-01")
    journal.close()


def test_the_audit_log_as_a_file(filled: Shelf, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.record(Event.REFUSED, "=cmd|'/c calc'!A0", 'a "stranger",\nof two lines', None)
    answer = client(filled, journal, None).get(AUDIT_PATH)
    newest, first = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert tuple(first) == HEADINGS
    assert first["Who"] == "'=cmd|'/c calc'!A0"
    assert first["What"] == 'a "stranger",\nof two lines'
    assert newest["What"] == "the audit log"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-log.csv"'
    journal.close()
