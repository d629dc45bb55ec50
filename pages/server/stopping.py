"""A stop that comes to its end: what is in flight has some seconds more, and is then broken off or undone."""

import signal
import threading
from types import FrameType

import uvicorn

from usage_core.store.underway import Underway

IMPORT_SECONDS = 5
"""For so long after the signal an import may go on; then it is undone, which takes a moment."""

SECONDS = 8
"""For so long a request may go on. Without a limit, which Streamlit cannot be told, one reader that has
stopped reading would keep the process alive for ever; a container is killed after ten seconds."""


def limit(underway: Underway) -> None:
    """Set the time by which the server has stopped; to be called while it starts."""
    for number in (signal.SIGTERM, signal.SIGINT):
        stops = signal.getsignal(number)
        server = getattr(stops, "__self__", None)
        if isinstance(server, uvicorn.Server):
            server.config.timeout_graceful_shutdown = SECONDS
            _also(number, server, underway)


def _also(number: signal.Signals, server: uvicorn.Server, underway: Underway) -> None:
    """Have the signal set the time for imports, too."""

    def stop(sent: int, frame: FrameType | None) -> None:
        server.handle_exit(sent, frame)
        soon = threading.Timer(IMPORT_SECONDS, underway.give_up, (SECONDS,))
        soon.daemon = True
        soon.start()

    signal.signal(number, stop)
