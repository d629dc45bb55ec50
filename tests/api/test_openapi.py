"""The description of the API is true: every address, each example of a request, every answer to it."""

from typing import Any

import jsonschema
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.importing import HEADER, Shelf, as_csv, row
from usage_core.access.journal import Journal
from usage_core.api.calls import CALLS_PATH
from usage_core.api.compatible import API_KEYS_PATH, FILES_PATH
from usage_core.api.endpoint import Console, Endpoint
from usage_core.api.imports import IMPORTS_PATH
from usage_core.api.openapi import OPENAPI_PATH
from usage_core.api.routes import ENDPOINTS, routes
from usage_core.intake import mappings
from usage_core.intake.mapping import From, Mapping
from usage_core.workspace import Shown

BASE = "/usage"
BODY = (HEADER + as_csv([row(called_at="2026-11-03T09:14:07.412Z"), row(called_at="never")])).encode()
named = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: f"{each.method} {each.path}")


@pytest.fixture(scope="module")
def client(module_shelf: Shelf) -> TestClient:
    fields = {"called_at": From(("Date",)), "api_key_id": From(("API Key ID",)), "model": From(("Model",))}
    mappings.save(module_shelf.lake, "gateway", Mapping(fields))
    journal = Journal(module_shelf.lake.folder)
    console = Console(
        lambda: Shown(module_shelf.lake, is_sample=False),
        journal=lambda: journal,
        real=lambda: module_shelf.lake,
    )
    return TestClient(Starlette(routes=routes(console, BASE)), base_url="http://console.test")


@pytest.fixture(scope="module")
def told(client: TestClient) -> Any:
    return client.get(BASE + OPENAPI_PATH).json()


@pytest.fixture(scope="module")
def values(client: TestClient) -> dict[str, str]:
    """What stands in braces in an address."""
    [receipt] = client.post(BASE + IMPORTS_PATH, content=BODY).json()["files"]
    body = next(each.body for each in ENDPOINTS if each.path == API_KEYS_PATH)
    link = client.post(BASE + API_KEYS_PATH, json=body and body.example).json()["data"]["downloadUrl"]
    params = {"from": "2026-11-01", "to": "2026-12-01", "manifest": "true"}
    proof = client.get(BASE + CALLS_PATH, params=params).links["describedby"]["url"]
    return {
        "import_id": receipt["import_id"],
        "link": link.rpartition("/")[2],
        "manifest_id": proof.rpartition("/")[2],
    }


def operation(told: Any, endpoint: Endpoint) -> Any:
    return told["paths"][endpoint.path][endpoint.method.lower()]


def asked(client: TestClient, told: Any, values: dict[str, str], endpoint: Endpoint, **further: str) -> Any:
    """What the example of a request is answered."""
    of = operation(told, endpoint)
    params = {each["name"]: each["example"] for each in of["parameters"] if each["in"] == "query"}
    content = of.get("requestBody", {}).get("content", {})
    body: dict[str, Any] = {"content": BODY} if "application/octet-stream" in content else {}
    if "application/json" in content:
        body = {"json": content["application/json"]["example"]}
    path = BASE + endpoint.path.format(**values)
    return client.request(endpoint.method, path, params=params | further, **body)


def test_every_address_is_told_and_no_other(told: Any) -> None:
    found = {(method.upper(), path) for path, of in told["paths"].items() for method in of}
    assert found == {(each.method, each.path) for each in ENDPOINTS}
    assert told["servers"] == [{"url": "http://console.test/usage"}]
    every = [each["operationId"] for of in told["paths"].values() for each in of.values()]
    assert len(set(every)) == len(every)
    assert FILES_PATH in told["paths"]


@named
def test_the_example_of_a_request_is_answered_as_told(
    client: TestClient, told: Any, values: dict[str, str], endpoint: Endpoint
) -> None:
    answer = asked(client, told, values, endpoint)
    assert answer.status_code == 200, answer.text
    content = operation(told, endpoint)["responses"]["200"]["content"]
    assert answer.headers["content-type"] in content
    if answer.headers["content-type"] == "application/json":
        jsonschema.validate(answer.json(), content["application/json"]["schema"])


@named
def test_examples_are_of_their_schema(told: Any, endpoint: Endpoint) -> None:
    of = operation(told, endpoint)
    bodies = [of["responses"]["200"]["content"], of.get("requestBody", {}).get("content", {})]
    for content in (each for body in bodies for each in body.values()):
        jsonschema.Draft202012Validator.check_schema(content["schema"])
        if "example" in content:
            jsonschema.validate(content["example"], content["schema"])
    for each in of["parameters"]:
        jsonschema.Draft202012Validator.check_schema(each["schema"])
        if "example" in each:
            jsonschema.validate(each["example"], each["schema"])


@named
def test_wrong_parameters_are_told(
    client: TestClient, told: Any, values: dict[str, str], endpoint: Endpoint
) -> None:
    if endpoint.parameters:
        answer = asked(client, told, values, endpoint, nonsense="x")
        assert answer.status_code == 400
        jsonschema.validate(answer.json(), told["components"]["schemas"]["Error"])
        assert "nonsense" in answer.json()["error"]
        assert "400" in operation(told, endpoint)["responses"]
