"""What is being written to a store, so that a program that has to end can wait for it, or give it up."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
import sqlalchemy as sa

from usage_core.errors import GivenUp
from usage_core.store.engine import native

AGAIN_SECONDS = 0.1
"""Between two statements there is nothing to interrupt, so it is tried again."""


class Underway:
    """The work under way in one process; safe to share between threads."""

    def __init__(self) -> None:
        self._interrupts: dict[object, Callable[[], None]] = {}
        self._changed = threading.Condition()
        self._over = False

    @contextmanager
    def work(self, connection: sa.Connection) -> Iterator[None]:
        """Work with a connection, to be undone when it raises.

        Raises:
            GivenUp: there is no time for it any more.
        """
        mine = object()
        with self._changed:
            if self._over:
                raise GivenUp
            self._interrupts[mine] = native(connection).interrupt
        try:
            yield
        except (duckdb.Error, sa.exc.DBAPIError) as error:
            if isinstance(getattr(error, "orig", error), duckdb.InterruptException) and self._over:
                raise GivenUp from error
            raise
        finally:
            with self._changed:
                del self._interrupts[mine]
                self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is under way, for at most so long; gives whether nothing is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._interrupts, seconds)

    def give_up(self, seconds: float) -> None:
        """Begin nothing more, and interrupt what is under way, until it has ended or for so long."""
        for _ in range(int(seconds / AGAIN_SECONDS) + 1):
            with self._changed:
                self._over = True
                for interrupt in self._interrupts.values():
                    interrupt()
            if self.wait(AGAIN_SECONDS):
                return
