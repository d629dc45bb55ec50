"""Figures over HTTP: those of the query layer, for programs, and wrong parameters by their names."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.importing import Shelf, as_csv, row
from usage_core.access.rules import Role, Visitor
from usage_core.api import asking, usage
from usage_core.api.endpoint import Console
from usage_core.api.routes import routes
from usage_core.api.usage import USAGE_PATH
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.definitions import METRICS, SUMMARY
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.question import Question
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe
from usage_core.workspace import Shown

AUGUST = {"from": "2026-08-01", "to": "2026-09-01"}


@pytest.fixture(scope="module")
def filled(module_shelf: Shelf) -> Shelf:
    rows = [row(called_at=f"2026-08-0{day}T22:30:00Z", api_key_id=key) for day in range(1, 8) for key in "ab"]
    free = row(called_at="2026-08-09T12:00:00Z", api_key_id="=a", model="nobody-s", input_price="")
    module_shelf.take(as_csv([*rows, free]))
    return module_shelf


@pytest.fixture
def client(filled: Shelf) -> TestClient:
    return as_seen(filled, None)


def as_seen(shelf: Shelf, keys: tuple[str, ...] | None) -> TestClient:
    visitor = Visitor("vera@example.com", Role.VIEWER, keys)
    console = Console(lambda: Shown(shelf.lake, is_sample=False), lambda _request: visitor)
    return TestClient(Starlette(routes=routes(console)))


def told(client: TestClient, **params: Any) -> Any:
    answer = client.get(USAGE_PATH, params=AUGUST | params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_figures_of_a_timeframe(client: TestClient) -> None:
    found = told(client, metric=["calls", "cost_usd", "unpriced_calls", "p50_ms", "cost_per_call"])
    assert found == {
        "from": "2026-08-01T00:00Z",
        "to": "2026-09-01T00:00Z",
        "tz": "UTC",
        "filters": {},
        "by": [],
        "units": {
            "calls": "calls",
            "cost_usd": "USD",
            "unpriced_calls": "calls",
            "p50_ms": "ms",
            "cost_per_call": "USD",
        },
        "rows": [
            {
                "calls": 15,
                "cost_usd": "0.1855",
                "unpriced_calls": 1,
                "p50_ms": 3821,
                "cost_per_call": "0.01325",
            }
        ],
        "more": False,
    }
    assert list(told(client)["rows"][0]) == list(SUMMARY)


def test_breakdowns_zone_and_filters(client: TestClient) -> None:
    found = told(client, by=["day", "key"], metric="calls", tz="Europe/Berlin", key=["a", "b"])
    assert found["filters"] == {"key": ["a", "b"]}
    assert found["rows"] == [
        {"day": f"2026-08-0{day}T00:00:00", "key": key, "calls": 1} for day in range(2, 9) for key in "ab"
    ]
    first = told(client, by="key", metric="calls", limit=2)
    assert (first["rows"], first["more"]) == ([{"key": "a", "calls": 7}, {"key": "b", "calls": 7}], True)
    assert told(client, by="key", metric="calls", limit=3)["more"] is False


def test_as_csv(client: TestClient) -> None:
    params = {
        **AUGUST,
        "by": ["key", "model"],
        "metric": ["cost_usd", "calls"],
        "format": "csv",
        "limit": "2",
    }
    answer = client.get(USAGE_PATH, params=params)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["x-more-rows"] == "true"
    assert answer.text == "key,model,cost_usd,calls\na,gpt-4o,0.09275,7\nb,gpt-4o,0.09275,7\n"
    free = client.get(USAGE_PATH, params=params | {"model": "nobody-s"})
    assert list(csv.reader(io.StringIO(free.text)))[1] == ["'=a", "nobody-s", "", "1"]


def test_nobody_sees_further_than_their_keys(filled: Shelf) -> None:
    for asked in ({}, {"key": ["a", "b"]}):
        assert told(as_seen(filled, ("a",)), by="key", metric="calls", **asked)["rows"] == [
            {"key": "a", "calls": 7}
        ]
    assert told(as_seen(filled, ("a",)), metric="active_keys")["rows"] == [{"active_keys": 1}]
    assert told(as_seen(filled, ()), metric="calls")["rows"] == [{"calls": 0}]


@pytest.mark.parametrize("by", DIMENSIONS)
def test_every_figure_by_every_breakdown_is_the_query_layers(
    client: TestClient, filled: Shelf, by: str
) -> None:
    frame = Timeframe(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC))
    with filled.lake.reading() as connection:
        expected = ask(connection, Question(Selection(frame), tuple(METRICS), (by,)), coverage(connection))
    found = told(client, by=by, metric=list(METRICS))["rows"]
    assert len(found) == len(expected) > 0
    for name in METRICS:
        values = [each[name] for each in found]
        assert [None if value is None else Decimal(value) for value in values] == list(expected[name])


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"from": ""}, "'from'"),
        ({"metric": "money"}, "'metric' is one of: calls"),
        ({"metric": ["calls", "calls"]}, "Give each figure once"),
        ({"by": "user"}, "'by' is one of: key"),
        ({"limit": "0"}, "'limit'"),
        ({"limit": "5000"}, "'limit'"),
        ({"limit": "²"}, "'limit'"),
        ({"limit": ["1", "2"]}, "'limit' once"),
        ({"format": "xml"}, "'format'"),
        ({"group": "x"}, "group"),
        ({"tz": "Mars"}, "'Mars' is not a time zone"),
        ({"kind": "chat"}, "'chat' is not a call kind"),
    ],
)
def test_wrong_parameters_are_named(client: TestClient, params: dict[str, Any], named: str) -> None:
    answer = client.get(USAGE_PATH, params=AUGUST | params)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


def test_what_takes_too_long_is_said(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(question: Question, connection: Any) -> Any:
        return connection.exec_driver_sql("SELECT count(*) FROM range(100000000000)").all()

    monkeypatch.setattr(usage, "_asked", slow)
    monkeypatch.setattr(asking, "LIMIT_S", 0.2)
    answer = client.get(USAGE_PATH, params=AUGUST)
    assert answer.status_code == 503
    assert "was stopped" in answer.json()["error"]
