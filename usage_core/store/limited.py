"""Questions to the store that are given up when they take too long."""

import threading
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from usage_core import counters
from usage_core.errors import Interrupted, TookTooLong
from usage_core.store.lake import Lake

Found = TypeVar("Found")


class Stop:
    """How to interrupt a computation, once it has said how."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self.asked = False

    def by(self, stop: Callable[[], None] | None) -> None:
        """The computation is stopped by this call from now on; with None, it cannot be."""
        with self._guard:
            self._stop = stop
            asked = self.asked
        if asked and stop:
            stop()

    def __call__(self) -> None:
        """Stop it."""
        with self._guard:
            self.asked = True
            if self._stop:
                self._stop()


def ask(lake: Lake, work: Callable[[sa.Connection], Found], stop: Stop, seconds: float) -> Found:
    """What `work` finds in the store, within so many seconds and as long as it is not stopped.

    Raises:
        TookTooLong: it was not found by then, or was stopped.
    """
    limit = threading.Timer(seconds, stop)
    limit.daemon = True
    limit.start()
    try:
        with counters.QUERY_SECONDS.time():
            return lake.answer(work, stop.by)
    except Interrupted as error:
        counters.QUERIES_FAILED.labels("stopped").inc()
        raise TookTooLong(
            f"This took longer than {seconds} seconds and was stopped. "
            "Choose a shorter timeframe, or take away a filter."
        ) from error
    finally:
        limit.cancel()
