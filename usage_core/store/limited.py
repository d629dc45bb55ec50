"""Questions to the store that are given up when they take too long."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


class _Watch:
    """Stops whatever is not done in time. One thread looks after all: to start one for each takes longer
    than most questions."""

    def __init__(self) -> None:
        self._due: dict[Stop, float] = {}
        self._changed = threading.Condition()
        self._looks_next = float("inf")
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, stop: Stop, seconds: float) -> Iterator[None]:
        """Whatever is done here is stopped after so many seconds."""
        due = time.monotonic() + seconds
        with self._changed:
            self._due[stop] = due
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="time-limit", daemon=True)
                self._thread.start()
            if due < self._looks_next:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                del self._due[stop]

    def _look(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                late = [stop for stop, due in self._due.items() if due <= now and not stop.asked]
                if not late:
                    waiting = [due for stop, due in self._due.items() if not stop.asked]
                    self._looks_next = min(waiting, default=float("inf"))
                    self._changed.wait(self._looks_next - now if waiting else None)
            for stop in late:
                stop()


_WATCH = _Watch()


def ask(lake: Lake, work: Callable[[sa.Connection], Found], stop: Stop, seconds: float) -> Found:
    """What `work` finds in the store, within so many seconds and as long as it is not stopped.

    Raises:
        TookTooLong: it was not found by then, or was stopped.
    """
    try:
        with _WATCH.over(stop, seconds), counters.QUERY_SECONDS.time():
            return lake.answer(work, stop.by)
    except Interrupted as error:
        counters.QUERIES_FAILED.labels("stopped").inc()
        raise TookTooLong(
            f"This took longer than {seconds} seconds and was stopped. "
            "Choose a shorter timeframe, or take away a filter."
        ) from error
