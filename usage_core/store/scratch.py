"""Folders that belong to one running process and are removed when it is gone, however it went.

The owner holds a lock beside its folder. The operating system frees the lock when a process dies, so
whoever can take it knows that nobody needs the folder any more.
"""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


class Scratch:
    """A folder of its own, `home/KIND_ID`; `close` removes it."""

    def __init__(self, home: Path, kind: str) -> None:
        """Remove what dead processes left, and make a new folder."""
        sweep(home)
        self.name = f"{kind}_{uuid.uuid4().hex}"
        self.path = home / self.name
        self._lock = _lock(self.path)
        # In this order, so that a folder is never seen without its lock being held.
        self._lock.acquire()
        self.path.mkdir()

    def close(self) -> None:
        """Remove the folder."""
        if self._lock.is_locked:
            _remove(self.path, self._lock)


@contextmanager
def scratch(home: Path, kind: str) -> Iterator[Scratch]:
    """A folder for the length of a `with` block."""
    made = Scratch(home, kind)
    try:
        yield made
    finally:
        made.close()


def sweep(home: Path) -> None:
    """Remove the folders whose owners are gone."""
    for path in home.iterdir():
        if not path.is_dir():
            continue
        lock = _lock(path)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        _remove(path, lock)


def _lock(path: Path) -> FileLock:
    # Whichever thread closes a store may release it.
    return FileLock(path.with_name(path.name + ".lock"), thread_local=False)


def _remove(path: Path, lock: FileLock) -> None:
    shutil.rmtree(path, ignore_errors=True)
    lock.release()
    Path(lock.lock_file).unlink(missing_ok=True)
