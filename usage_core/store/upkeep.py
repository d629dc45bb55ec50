"""Keeps a store in good order in the background of a process that runs for long."""

import logging
import threading
from datetime import timedelta

from usage_core.errors import GivenUp
from usage_core.store import old_files, small_files
from usage_core.store.lake import Lake

FIRST = timedelta(minutes=1)
"""A process that has just started has other things to do."""
EVERY = timedelta(minutes=10)
PAUSE_SECONDS = 2.0
"""Between two turns to write, so that an import that waits for its turn gets it first."""
STOP_SECONDS = 5.0
"""`stop` waits so long for a turn to end; the process may also end in the middle of one."""

_log = logging.getLogger(__name__)


class _OthersWrite(Exception):
    pass


class Upkeep:
    """Looks every few minutes whether there is something to do, and does it while nobody else writes.

    It never waits for its turn: where an import is at work, it leaves everything to its next look.
    """

    def __init__(self, lake: Lake, first: timedelta = FIRST, every: timedelta = EVERY) -> None:
        """Nothing happens before `start`."""
        self._lake, self._first, self._every = lake, first, every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more, and wait a moment for what is being done."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        wait = self._first
        while not self._stopping.wait(wait.total_seconds()):
            wait = self._every
            try:
                self.look()
            except (_OthersWrite, GivenUp):
                _log.debug("The store in %s is being written to", self._lake.folder)
            except Exception:  # whatever it is, the console goes on, and the next look may fare better
                _log.exception("The store in %s could not be kept in order", self._lake.folder)

    def look(self) -> None:
        """Do what there is to do."""
        with self._lake.reading() as connection:
            left = len(small_files.find(connection))
        while left and not self._stopping.is_set():
            with self._lake.writing(_give_way) as connection:
                left = small_files.join_some(connection)
            if left:
                _log.info("Joined small files of the store")
            self._stopping.wait(PAUSE_SECONDS)
        with self._lake.reading() as connection:
            is_old = old_files.find(connection, self._lake.folder)
        if is_old and not self._stopping.is_set():
            with self._lake.turn(_give_way):
                states, files = old_files.expire(self._lake), old_files.remove(self._lake)
            _log.info("Forgot %d former states of the store and removed %d files", states, files)


def _give_way() -> None:
    raise _OthersWrite
