"""A stop that comes to its end: what is in flight has some seconds more, and is then broken off or undone."""

import os
import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from usage_core.store.underway import Underway  # which takes a while to load

IMPORT_SECONDS = 5
"""For so long after the signal an import may go on; then it is undone, which takes a moment."""

SECONDS = 8
"""For so long a request may go on. Without a limit, which Streamlit cannot be told, one reader that has
stopped reading would keep the process alive for ever; a container is killed after ten seconds."""


class _Loading:
    """What a signal does while nothing is under way."""

    def __init__(self, server: uvicorn.Server) -> None:
        self.server = server

    def leave(self, _sent: int, _frame: FrameType | None) -> None:
        os._exit(0)  # an exception would come out of whatever is being loaded


def at_once() -> None:
    """Have Ctrl-C end the program then and there, without a word, until `limit` is called; to be called
    before anything is loaded. The server would first load and start all, and then end as if it had failed."""
    if server := _server(signal.SIGINT):
        signal.signal(signal.SIGINT, _Loading(server).leave)


def limit(underway: "Underway") -> None:
    """Set the time by which the server has stopped; to be called while it starts."""
    for number in (signal.SIGTERM, signal.SIGINT):
        if server := _server(number):
            server.config.timeout_graceful_shutdown = SECONDS
            _also(number, server, underway)


def _server(number: signal.Signals) -> uvicorn.Server | None:
    """The server that a signal stops."""
    told = getattr(signal.getsignal(number), "__self__", None)
    server = told.server if isinstance(told, _Loading) else told
    return server if isinstance(server, uvicorn.Server) else None


def _also(number: signal.Signals, server: uvicorn.Server, underway: "Underway") -> None:
    """Have the signal set the time for imports, too."""

    def stop(sent: int, frame: FrameType | None) -> None:
        if sent == signal.SIGINT:
            # Handled by the server, it is raised anew in the end: "Aborted!", and an exit status of 1.
            server.force_exit, server.should_exit = server.should_exit, True
        else:
            server.handle_exit(sent, frame)
        soon = threading.Timer(IMPORT_SECONDS, underway.give_up, (SECONDS,))
        soon.daemon = True
        soon.start()

    signal.signal(number, stop)
