"""A stop comes to its end, however long a reader takes."""

import signal

import pytest
import uvicorn

from pages.parts import stopping


def test_the_server_is_told_when_to_break_off(monkeypatch: pytest.MonkeyPatch) -> None:
    server = uvicorn.Server(uvicorn.Config("app:app", log_config=None))
    monkeypatch.setattr(signal, "getsignal", {signal.SIGTERM: server.handle_exit}.get)
    stopping.limit()
    assert server.config.timeout_graceful_shutdown == stopping.SECONDS


def test_another_server_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda _number: signal.SIG_DFL)
    stopping.limit()
