"""Files brought in over HTTP: the body is the file, the answer its receipt."""

import gzip
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.importing import HEADER, Shelf, as_csv, row
from usage_core.access.rules import THIS_MACHINE, Visitor
from usage_core.api.endpoint import Console
from usage_core.api.imports import IMPORTS_PATH
from usage_core.api.routes import routes
from usage_core.intake import mappings
from usage_core.intake.mapping import From, Mapping
from usage_core.intake.several import Outcome
from usage_core.workspace import Shown

TWO = (HEADER + as_csv([row(), row(called_at="never")])).encode()


@pytest.fixture
def noted() -> list[tuple[Visitor, Outcome]]:
    return []


@pytest.fixture
def client(shelf: Shelf, noted: list[tuple[Visitor, Outcome]]) -> TestClient:
    shelf.dirty = True
    console = Console(
        lambda: Shown(shelf.lake, is_sample=False),
        imported=lambda visitor, outcome: noted.append((visitor, outcome)),
        real=lambda: shelf.lake,
    )
    return TestClient(Starlette(routes=routes(console, "/usage")))


def test_an_import_that_is_given_up_is_to_be_sent_again(
    client: TestClient, shelf: Shelf, noted: list[tuple[Visitor, Outcome]]
) -> None:
    shelf.lake.underway.give_up(0)
    answer = sent(client, TWO)
    assert answer.status_code == 503
    assert "Nothing of it is stored" in answer.json()["error"]
    assert [(outcome.kind, outcome.rows) for _, outcome in noted] == [("refused", None)]
    assert shelf.stored() == []


def sent(client: TestClient, body: bytes, **params: str) -> Any:
    return client.post("/usage" + IMPORTS_PATH, content=body, params=params)


def test_a_receipt(client: TestClient, shelf: Shelf, noted: list[tuple[Visitor, Outcome]]) -> None:
    answer = sent(client, gzip.compress(TWO), name="log.csv.gz")
    assert answer.status_code == 200
    [told] = answer.json()["files"]
    assert (told["file"], told["outcome"], told["source"]) == ("log.csv.gz", "set aside", "langdock")
    parts = ("read", "stored", "duplicate", "rejected", "skipped")
    assert [told[f"rows_{part}"] for part in parts] == [2, 1, 0, 1, 0]
    assert told["first_call_at"] == told["last_call_at"] == "2026-08-03T09:14:07.412Z"
    assert len(shelf.stored()) == 1
    aside = client.get(told["rows_set_aside"])
    assert aside.status_code == 200
    assert "never" in aside.text
    [(visitor, outcome)] = noted
    assert (visitor, outcome.rows) == (THIS_MACHINE, 1)
    assert sent(client, TWO).json()["files"][0]["rows_duplicate"] == 1
    assert len(shelf.stored()) == 1
    assert not list((shelf.lake.folder / "staging").glob("posted*"))


def test_rows_in_doubt(client: TestClient) -> None:
    log = f"{HEADER.strip()},Call Kind,Cost (USD)\n".encode() + as_csv([[*row(), "", "0.02"]]).encode()
    [told] = sent(client, log).json()["files"]
    assert (told["outcome"], told["rows_stored"], told["rows_doubted"]) == ("stored", 1, 1)
    found = client.get(told["rows_in_doubt"])
    assert found.status_code == 200
    assert "The cost given is 0.02 USD" in found.text
    assert f'filename="rows-in-doubt-{told["import_id"]}.csv"' in found.headers["content-disposition"]


def test_a_file_is_read_by_a_mapping(client: TestClient, shelf: Shelf) -> None:
    fields = {"called_at": From(("at",)), "model": From(("m",)), "api_key_id": From(fixed="web")}
    mappings.save(shelf.lake, "gateway", Mapping(fields))
    log = b"at;m\n2026-11-02 09:14:07;gpt-4o\n"
    [told] = sent(client, log, mapping="gateway").json()["files"]
    assert (told["source"], told["rows_stored"]) == ("mapping gateway", 1)
    refused = sent(client, log, mapping="other")
    assert refused.status_code == 400
    assert "There is no mapping 'other'. Saved mappings: gateway." in refused.text
    mappings.forget(shelf.lake, "gateway")


def test_what_is_no_log(client: TestClient, shelf: Shelf, noted: list[tuple[Visitor, Outcome]]) -> None:
    answer = sent(client, b"a,b\n1,2\n", name="notes.csv")
    assert answer.status_code == 422
    [told] = answer.json()["files"]
    assert told["outcome"] == "refused"
    assert told["error"].startswith("notes.csv is not in a format the console knows")
    assert [outcome.kind for _, outcome in noted] == ["refused"]


@pytest.mark.parametrize(
    ("body", "params", "said"),
    [
        (b"", {}, "The body is empty"),
        (TWO, {"nmae": "x"}, "nmae"),
        (TWO, {"name": "../x"}, "'name'"),
        (TWO, {"name": ""}, "'name'"),
        (TWO, {"name": ["a", "b"]}, "'name' once"),
    ],
)
def test_wrong_requests_store_nothing(
    client: TestClient, shelf: Shelf, body: bytes, params: dict[str, str], said: str
) -> None:
    answer = sent(client, body, **params)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert not shelf.stored()
