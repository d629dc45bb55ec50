"""Files over HTTP: the same bytes as the command line's, or an error in words."""

import contextlib
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import anyio
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.importing import HEADER, Shelf, as_csv, row
from usage_core.access.rules import Role, Visitor
from usage_core.api.answers import SentFile, in_threads
from usage_core.api.calls import CALLS_PATH, SET_ASIDE_PATH
from usage_core.api.endpoint import Console
from usage_core.api.proofs import Proof
from usage_core.api.routes import routes
from usage_core.api.slots import RETRY_SECONDS, Slots
from usage_core.export import csv_lines, stream
from usage_core.export.manifest import beside, differences, read
from usage_core.workspace import Shown

AUGUST = {"from": "2026-08-01", "to": "2026-09-01"}


@pytest.fixture(scope="module")
def filled(module_shelf: Shelf) -> Shelf:
    rows = [row(called_at=f"2026-08-0{day}T00:00:00Z", api_key_id=key) for day in range(1, 8) for key in "ab"]
    module_shelf.take(as_csv([*rows, row(model="")]))
    return module_shelf


@pytest.fixture
def client(filled: Shelf) -> TestClient:
    shown = Shown(filled.lake, is_sample=False)
    return TestClient(Starlette(routes=routes(Console(lambda: shown))), raise_server_exceptions=False)


def test_the_calls_of_a_selection(client: TestClient, filled: Shelf) -> None:
    answer = client.get(CALLS_PATH, params={"from": "1999-12-31", "to": "2102-01-01"})
    assert answer.status_code == 200
    assert answer.content == filled.export()
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    named = 'attachment; filename="api-calls_1999-12-31_to_2101-12-31_UTC.csv"'
    assert answer.headers["content-disposition"] == named


def test_another_format(client: TestClient) -> None:
    lines = client.get(CALLS_PATH, params={**AUGUST, "format": "jsonl", "compression": "gzip"})
    assert lines.headers["content-type"] == "application/gzip"
    assert lines.headers["content-disposition"].endswith('_UTC.jsonl.gz"')
    assert [json.loads(line)["api_key_id"] for line in gzip.decompress(lines.content).splitlines()] == [
        *"ab" * 7
    ]


def test_filters_and_zone(client: TestClient) -> None:
    berlin = {"from": "2026-08-02", "to": "2026-08-03", "tz": "Europe/Berlin"}
    lines = client.get(CALLS_PATH, params=berlin).text.splitlines()
    assert [line[:20] for line in lines[1:]] == ["2026-08-02T00:00:00Z"] * 2
    both = client.get(CALLS_PATH, params=[*AUGUST.items(), ("key", "a"), ("key", "b")]).text
    assert both.count("\n") == 15
    assert client.get(CALLS_PATH, params={**AUGUST, "key": "a", "model": "gpt-4o"}).text.count("\n") == 8
    assert client.get(CALLS_PATH, params={**AUGUST, "provider": ""}).text == HEADER


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({}, "'from'"),
        ({"from": "2026-08-01"}, "'to'"),
        ({**AUGUST, "from": ["2026-08-01", "2026-08-02"]}, "'from'"),
        ({**AUGUST, "modle": "x"}, "modle"),
        ({**AUGUST, "tz": "Mars/Olympus"}, "'Mars/Olympus' is not a time zone"),
        ({**AUGUST, "tz": "../../etc/passwd"}, "is not a time zone"),
        ({**AUGUST, "from": "soon"}, "'soon' is not a date"),
        ({**AUGUST, "from": "2026-08-01T00:00:01"}, "whole minute"),
        ({**AUGUST, "from": "2026-09-01"}, "ends before it starts"),
        ({**AUGUST, "to": "9999-12-31"}, "between the years"),
        ({**AUGUST, "kind": "chat"}, "'chat' is not a call kind"),
        ({**AUGUST, "format": "xlsx"}, "'xlsx' is not a format"),
        ({**AUGUST, "format": ["csv", "jsonl"]}, "'format' once"),
        ({**AUGUST, "compression": "rar"}, "'rar' is not a compression"),
        ({**AUGUST, "format": "parquet", "compression": "zstd"}, "compressed already"),
    ],
)
def test_wrong_parameters_are_named(client: TestClient, params: dict[str, str], named: str) -> None:
    answer = client.get(CALLS_PATH, params=params)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


def test_unknown_addresses(client: TestClient) -> None:
    for path in ("/api", "/api/", "/api/v1/costs", "/api/v2/calls", "/api/v1/imports/x/rows-set-aside"):
        answer = client.get(path)
        assert answer.status_code == 404
    assert "No such address" in client.get("/api/v1/costs").json()["error"]
    missing = client.get(SET_ASIDE_PATH.format(import_id=uuid4()))
    assert (missing.status_code, "no import" in missing.json()["error"]) == (404, True)
    wrong = client.post(CALLS_PATH)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
    assert "GET only" in wrong.json()["error"]


def test_beneath_a_base_path(filled: Shelf) -> None:
    shown = Shown(filled.lake, is_sample=False)
    client = TestClient(Starlette(routes=routes(Console(lambda: shown), "/usage")))
    assert client.get("/usage" + CALLS_PATH, params=AUGUST).text.count("\n") == 15
    assert client.get("/usage/api/x").json()["error"].startswith("No such address")


def test_the_sample_is_called_so(filled: Shelf) -> None:
    client = TestClient(Starlette(routes=routes(Console(lambda: Shown(filled.lake, is_sample=True)))))
    named = client.get(CALLS_PATH, params=AUGUST).headers["content-disposition"]
    assert 'filename="sample-api-calls_2026-08-01' in named


def test_rows_set_aside(client: TestClient, filled: Shelf) -> None:
    receipt = filled.take(as_csv([row(model="")]))
    answer = client.get(SET_ASIDE_PATH.format(import_id=receipt.import_id))
    assert answer.text == "".join(
        ("Line,Field,Value,Reason,", HEADER, "2,Model,,It is empty.,", as_csv([row(model="")], "\n"))
    )
    assert f'filename="rows-set-aside-{receipt.import_id}.csv"' in answer.headers["content-disposition"]


def test_a_failure_on_the_way_is_no_complete_answer(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks off: a reader must never take a part for the whole."""
    monkeypatch.setattr(stream, "SLICE_ROWS", 2)
    written: list[Iterator[bytes]] = []

    def failing(table: object, columns: object) -> Iterator[bytes]:
        if len(written) == 2:
            raise OSError("the disk is gone")
        written.append(real(table, columns))
        return written[-1]

    real = csv_lines.pieces
    monkeypatch.setattr(csv_lines, "pieces", failing)
    strict = TestClient(client.app)
    with pytest.raises(OSError, match="the disk is gone"):
        strict.get(CALLS_PATH, params=AUGUST)
    assert len(written) == 2


def test_a_reader_who_goes_away_ends_the_reading() -> None:
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        with contextlib.ExitStack() as stack:
            stack.callback(closed.append, True)
            yield b"a"
            yield b"b"

    async def take_one() -> None:
        taking = in_threads(pieces())
        assert await anext(taking) == b"a"
        await taking.aclose()

    anyio.run(take_one)
    assert closed == [True]


def test_one_file_too_many_is_put_off_in_words(filled: Shelf) -> None:
    slots, shown = Slots(1), Shown(filled.lake, is_sample=False)
    client = TestClient(Starlette(routes=routes(Console(lambda: shown, slots=slots))))
    assert slots.take()
    for accept, said in (("*/*", lambda answer: answer.json()["error"]), ("text/html", lambda it: it.text)):
        answer = client.get(CALLS_PATH, params=AUGUST, headers={"Accept": accept})
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == str(RETRY_SECONDS)
        assert said(answer).startswith("As many files as this console sends at a time (1)")
    slots.give_back()
    for _ in range(2):
        assert client.get(CALLS_PATH, params=AUGUST).status_code == 200
    assert client.get(CALLS_PATH, params={}).status_code == 400
    assert slots.taken == 0


def test_a_failure_gives_the_place_back(filled: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(table: object, columns: object) -> Iterator[bytes]:
        raise OSError("the disk is gone")

    monkeypatch.setattr(csv_lines, "pieces", failing)
    slots, shown = Slots(1), Shown(filled.lake, is_sample=False)
    client = TestClient(Starlette(routes=routes(Console(lambda: shown, slots=slots))))
    for _ in range(2):
        with pytest.raises(OSError, match="the disk is gone"):
            client.get(CALLS_PATH, params=AUGUST)
    assert slots.taken == 0


def test_a_reader_who_leaves_before_the_first_byte_gives_the_place_back() -> None:
    ended: list[str] = []

    def pieces() -> Iterator[bytes]:
        ended.append("read")
        yield b"a"

    async def gone(_message: object) -> None:
        raise OSError("the reader has gone")

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send_to_nobody() -> None:
        scope = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.4"}}
        with contextlib.suppress(Exception):
            await SentFile(pieces(), "a.csv", over=lambda: ended.append("over"))(scope, receive, gone)

    anyio.run(send_to_nobody)
    assert ended == ["over"]


def test_only_the_headers_cost_nothing(filled: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "tables", None)
    client = TestClient(Starlette(routes=routes(Console(lambda: Shown(filled.lake, is_sample=False)))))
    answer = client.head(CALLS_PATH, params=AUGUST)
    assert (answer.status_code, answer.content) == (200, b"")
    assert "api-calls_2026-08-01" in answer.headers["content-disposition"]


def test_a_file_is_proved_by_its_manifest(filled: Shelf, tmp_path: Path) -> None:
    here = [Visitor("ada@example.com", Role.ADMINISTRATOR)]
    console = Console(lambda: Shown(filled.lake, is_sample=False), lambda _request: here[0])
    client = TestClient(Starlette(routes=routes(console, "/usage")), raise_server_exceptions=False)
    params = {**AUGUST, "format": "jsonl", "compression": "zstd", "manifest": "true"}
    answer = client.get("/usage" + CALLS_PATH, params=params)
    address = answer.links["describedby"]["url"]
    assert address.startswith("/usage/api/v1/manifests/")
    name = answer.headers["content-disposition"].split('"')[1]
    (tmp_path / name).write_bytes(answer.content)
    beside(tmp_path / name).write_bytes(client.get(address).content)
    told = read(beside(tmp_path / name))
    assert (told.file, told.rows) == (name, 14)
    assert differences(tmp_path / name, told) == []
    here[0] = Visitor("eve@example.com", Role.VIEWER)
    assert client.get(address).status_code == 404
    assert "link" not in client.get("/usage" + CALLS_PATH, params=AUGUST).headers
    wrong = client.get("/usage" + CALLS_PATH, params={**AUGUST, "manifest": "please"})
    assert (wrong.status_code, "'manifest'" in wrong.json()["error"]) == (400, True)


def test_a_file_that_broke_off_has_no_manifest(filled: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(table: object, columns: object) -> Iterator[bytes]:
        raise OSError("the disk is gone")

    console = Console(lambda: Shown(filled.lake, is_sample=False))
    client = TestClient(Starlette(routes=routes(console)), raise_server_exceptions=False)
    made: list[tuple[str, Proof]] = []
    new = console.proofs.new
    monkeypatch.setattr(console.proofs, "new", lambda whose: made.append(kept := new(whose)) or kept)
    monkeypatch.setattr(csv_lines, "pieces", failing)
    client.get(CALLS_PATH, params={**AUGUST, "manifest": "true"})
    [(proof_id, proof)] = made
    assert proof.manifest is None
    answer = client.get(f"/api/v1/manifests/{proof_id}")
    assert (answer.status_code, "broken off" in answer.json()["error"]) == (409, True)
