"""A stop comes to its end, however long a reader or an import takes."""

import signal
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from pages.server import stopping
from usage_core.store.underway import Underway


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """The signals as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_server_is_told_when_to_break_off_and_imports_when_to_give_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stopping, "IMPORT_SECONDS", 0)
    server, given_up = uvicorn.Server(uvicorn.Config("app:app", log_config=None)), threading.Event()
    underway = Underway()
    monkeypatch.setattr(underway, "give_up", lambda _seconds: given_up.set())
    signal.signal(signal.SIGTERM, server.handle_exit)
    stopping.limit(underway)
    assert server.config.timeout_graceful_shutdown == stopping.SECONDS
    assert not server.should_exit
    signal.raise_signal(signal.SIGTERM)
    assert server.should_exit
    assert given_up.wait(10)


def test_ctrl_c_ends_a_program_that_is_being_loaded_then_and_there(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []
    monkeypatch.setattr("os._exit", left.append)
    server = uvicorn.Server(uvicorn.Config("app:app", log_config=None))
    with server.capture_signals():
        stopping.at_once()
        signal.raise_signal(signal.SIGINT)
    assert left == [0]
    assert not server.should_exit


def test_ctrl_c_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    server, underway = uvicorn.Server(uvicorn.Config("app:app", log_config=None)), Underway()
    monkeypatch.setattr(underway, "give_up", lambda _seconds: None)
    with server.capture_signals():  # which raises anew, in its end, what the server has handled
        stopping.at_once()
        stopping.limit(underway)
        signal.raise_signal(signal.SIGINT)
        assert (server.should_exit, server.force_exit) == (True, False)
        signal.raise_signal(signal.SIGINT)
        assert server.force_exit, "who says it twice does not want to wait"


def test_another_server_is_left_alone() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    stopping.limit(Underway())
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
