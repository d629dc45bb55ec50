"""Health, readiness and what is counted."""

from collections.abc import Callable

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from usage_core import counters
from usage_core.api.health import health_routes


def client(check: Callable[[], None]) -> TestClient:
    return TestClient(Starlette(routes=health_routes("/usage", check)))


def test_a_store_that_answers() -> None:
    asked: list[bool] = []
    well = client(lambda: asked.append(True))
    assert well.get("/usage/healthz").json() == {"status": "ok"}
    assert not asked
    assert well.get("/usage/readyz").json() == {"status": "ready"}
    assert asked == [True]


def test_a_store_that_does_not_is_said_without_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("no space left on /var/lib/usage")

    ill = client(fail)
    answer = ill.get("/usage/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "the store does not answer"})
    assert "no space left" in caplog.text
    assert ill.get("/usage/healthz").status_code == 200


def test_what_is_counted() -> None:
    before = counters.EXPORTED_ROWS._value.get()
    counters.EXPORTED_ROWS.inc(5)
    text = client(lambda: None).get("/usage/metrics").text
    assert f"usage_exported_rows_total {before + 5}" in text
    for name in ("usage_query_seconds_bucket", "usage_exports_total", "process_resident_memory_bytes"):
        assert name in text
