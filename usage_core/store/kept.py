"""What was read of something that never changes, kept for whoever reads the same."""

import pickle
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

import sqlalchemy as sa
from cachetools import LRUCache

KEPT = "kept"
"""The execution option by which a connection on something that never changes has its `Kept`."""

Found = TypeVar("Found")


class Kept:
    """At most so many bytes of it."""

    def __init__(self, most_bytes: int) -> None:
        self._held: LRUCache[Hashable, tuple[int, Any]] = LRUCache(most_bytes, getsizeof=lambda held: held[0])
        self._settled: dict[Hashable, Any] = {}
        self._guard = Lock()

    def get(self, key: Hashable) -> Any:
        """What is kept by a key; None where nothing is."""
        with self._guard:
            held = self._held.get(key)
            return self._settled.get(key) if held is None else held[1]

    def keep(self, key: Hashable, found: Any, size: int) -> None:
        """Keep something of so many bytes, if there is room for it at all."""
        with self._guard:
            if size <= self._held.maxsize:
                self._held[key] = size, found

    def settle(self) -> None:
        """Keep what there is by now for good."""
        with self._guard:
            self._settled |= {key: found for key, (_size, found) in self._held.items()}

    def clear(self) -> None:
        """Keep nothing more than what is settled."""
        with self._guard:
            self._held.clear()


def whole(connection: sa.Connection, read: Callable[[sa.Connection], Found]) -> Found:
    """What a function of nothing but the store finds; read once, as `once` does."""
    return once(connection, read, lambda: read(connection), lambda found: len(pickle.dumps(found)))


def once(
    connection: sa.Connection, key: Hashable, read: Callable[[], Found], bytes_of: Callable[[Found], int]
) -> Found:
    """What `read` finds by a connection; read once, where what the connection is on never changes."""
    kept: Kept | None = connection.get_execution_options().get(KEPT)
    if kept is None:
        return read()
    found: Found | None = kept.get(key)
    if found is None:
        found = read()
        kept.keep(key, found, bytes_of(found))
    return found


def known(connection: sa.Connection, key: Hashable) -> Any:
    """What was read `once` by a key already; None where nothing was."""
    kept: Kept | None = connection.get_execution_options().get(KEPT)
    return kept.get(key) if kept else None
