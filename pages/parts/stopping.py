"""A stop that comes to its end: requests in flight have some seconds more, and are then broken off."""

import signal

import uvicorn

SECONDS = 10
"""For so long after the signal a request may go on. Without a limit, which Streamlit cannot be told, one
reader that has stopped reading would keep the process alive for ever."""


def limit() -> None:
    """Set the time by which the server has stopped; to be called while it starts."""
    stops = signal.getsignal(signal.SIGTERM)
    server = getattr(stops, "__self__", None)
    if isinstance(server, uvicorn.Server):
        server.config.timeout_graceful_shutdown = SECONDS
