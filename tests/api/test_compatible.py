"""A client of the Langdock usage export, with this console's base URL."""

import csv
import io
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.importing import Shelf, as_csv, row
from usage_core.access.rules import Role, Visitor
from usage_core.api import compatible
from usage_core.api.endpoint import Console
from usage_core.api.links import LIFE
from usage_core.api.routes import routes
from usage_core.bills.opening import opened
from usage_core.bills.registry import recognised
from usage_core.workspace import Shown

BASE = "/usage/export/api-keys"
BERLIN = {
    "from": {"date": "2026-08-01T00:00:00.000", "timezone": "Europe/Berlin"},
    "to": {"date": "2026-08-31T23:59:59.999Z", "timezone": "Europe/Berlin"},
}


@pytest.fixture(scope="module")
def filled(module_shelf: Shelf) -> Shelf:
    """Two calls of each key in August in Berlin, one of them without a price, and one just outside."""
    at = ("2026-07-31T22:00:00Z", "2026-08-31T21:59:59.999999Z", "2026-08-31T22:00:00Z")
    rows = [row(called_at=each, api_key_id=key, api_key_name=f"={key}") for each in at for key in "ab"]
    free = row(called_at=at[0], model="nobody-s", api_key_id="c", input_price="", output_price="")
    module_shelf.take(as_csv([*rows, free]))
    return module_shelf


def client_of(shelf: Shelf, keys: tuple[str, ...] | None = None) -> TestClient:
    visitor = Visitor("vera@example.com", Role.VIEWER, keys)
    console = Console(lambda: Shown(shelf.lake, is_sample=False), lambda _request: visitor)
    return TestClient(Starlette(routes=routes(console, "/usage")), base_url="http://console.test")


@pytest.fixture
def client(filled: Shelf) -> TestClient:
    return client_of(filled)


def test_the_rows_as_json(client: TestClient) -> None:
    answer = client.post(f"{BASE}/json", json=BERLIN)
    assert answer.status_code == 200
    told = json.loads(answer.text, parse_float=Decimal)
    edges = {"from": "2026-08-01T00:00:00.000+02:00", "to": "2026-08-31T23:59:59.999+02:00"}
    assert told["metadata"] == {"dataType": "api-keys", "recordCount": 3, "dateRange": edges}
    assert told["success"] is True
    first, _, last = told["data"]
    assert first == {
        "period_start": edges["from"],
        "period_end": edges["to"],
        "org_id": "api-usage-console",
        "api_key_id": "a",
        "api_key_name": "=a",
        "requests": 2,
        "total_cost_usd": Decimal("0.0265"),
        "sum_prompt_tokens": 1000,
        "sum_completion_tokens": 2400,
        "cached_prompt_tokens": None,
        "cache_creation_tokens": None,
        "no_cache_tokens": None,
    }
    assert (last["api_key_id"], last["requests"], last["total_cost_usd"]) == ("c", 1, None)


@pytest.mark.parametrize("path", [BASE, f"{BASE}/csv"])
def test_the_rows_as_a_file(filled: Shelf, path: str, tmp_path: Path) -> None:
    client = client_of(filled)
    told = client.post(path, json={**BERLIN, "group_by": "model"}).json()
    data = told["data"]
    assert told["success"] is True
    assert (data["dataType"], data["recordCount"]) == ("api-keys", 3)
    assert data["filePath"] == "api-keys-usage/api-keys-usage-2026-08-01-2026-08-31.csv"
    assert data["downloadUrl"].startswith("http://console.test/usage/api/v1/files/")
    fetched = client.get(data["downloadUrl"])
    assert fetched.headers["content-disposition"].endswith('api-keys-usage-2026-08-01-2026-08-31.csv"')
    rows = list(csv.DictReader(io.StringIO(fetched.text)))
    assert [(each["api_key_id"], each["model"], each["total_cost_usd"]) for each in rows] == [
        ("a", "gpt-4o", "0.0265"),
        ("b", "gpt-4o", "0.0265"),
        ("c", "nobody-s", ""),
    ]
    (tmp_path / "bill.csv").write_bytes(b"\n".join(fetched.content.split(b"\n")[:3]) + b"\n")
    assert recognised(opened(tmp_path / "bill.csv", "bill.csv")).name == "langdock"


def test_a_link_is_of_what_its_maker_may_see_and_ends(filled: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(filled, ("a",))
    assert [each["api_key_id"] for each in client.post(f"{BASE}/json", json=BERLIN).json()["data"]] == ["a"]
    link = client.post(BASE, json=BERLIN).json()["data"]["downloadUrl"]
    assert client.get(link).text.count("\n") == 2
    for other in (link[:-1], link + "A", link.replace("/files/", "/files/A"), client.get(BASE).url):
        assert client.get(str(other)).status_code in (404, 405)
    assert client_of(filled).get(link).status_code == 404, "of another process"

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + LIFE

    monkeypatch.setattr(compatible, "datetime", Later)
    gone = client.get(link)
    assert (gone.status_code, "is over" in gone.json()["error"]) == (404, True)


def edge(name: str, **given: Any) -> dict[str, Any]:
    return {**BERLIN, name: {**BERLIN[name], **given}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "not a JSON object"),
        ({}, "from is written"),
        ({**BERLIN, "to": None}, "to is written"),
        ({**BERLIN, "group_by": "user"}, "group_by can be model"),
        ({**BERLIN, "filter": 1}, "filter"),
        (edge("from", date="soon"), "from.date"),
        (edge("from", date=5), "from is written"),
        (edge("from", timezone="Mars"), "from.timezone: 'Mars'"),
        (edge("from", date="2026-08-01T00:00:10"), "whole minute"),
        (edge("to", date="2026-08-31T23:59:30"), "whole minute"),
        (edge("to", date="2026-07-31T00:00:00"), "ends before it starts"),
        (edge("from", date="0001-01-01T00:00:00"), "outside the calendar"),
        (edge("to", date="9999-12-31T23:59:59.999"), "outside the calendar"),
    ],
)
def test_what_is_wrong_is_said(client: TestClient, body: Any, said: str) -> None:
    for path in (BASE, f"{BASE}/csv", f"{BASE}/json"):
        answer = client.post(path, json=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")
        assert said in answer.json()["message"]


def test_no_json_no_data_and_no_such_export(client: TestClient) -> None:
    for raw in (b"", b"{", b"[" * 100_000):
        assert client.post(BASE, content=raw).json()["message"] == "The body is not JSON."
    nothing = client.post(
        BASE,
        json={
            **BERLIN,
            "from": edge("from", date="2026-08-20T00:00")["from"],
            "to": edge("to", date="2026-08-21T00:00")["to"],
        },
    )
    assert (nothing.status_code, nothing.json()["error"]) == (404, "No data found")
    assert client.post("/usage/export/users", json=BERLIN).status_code == 404
    assert client.get(BASE).status_code in (404, 405)


@pytest.mark.parametrize("last", ["23:59:59.999999", "23:59:59.999", "23:59:59", "24:00"])
def test_the_last_moment_of_a_period(client: TestClient, last: str) -> None:
    date = "2026-09-01T00:00:00" if last == "24:00" else f"2026-08-31T{last}"
    data = client.post(f"{BASE}/json", json=edge("to", date=date)).json()["data"]
    assert [each["requests"] for each in data] == [2, 2, 1]
