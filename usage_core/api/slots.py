"""How many files are sent at a time: one that would be too many is put off, not made slower for all."""

import threading

RETRY_SECONDS = 15
"""After so long it is worth asking again."""


class Slots:
    """So many places; safe to share between threads."""

    def __init__(self, most: int) -> None:
        self.most, self._taken = most, 0
        self._guard = threading.Lock()

    @property
    def taken(self) -> int:
        """How many places are taken now."""
        return self._taken

    def take(self) -> bool:
        """Take a place, to be given back; False where all are taken."""
        with self._guard:
            if self._taken >= self.most:
                return False
            self._taken += 1
            return True

    def give_back(self) -> None:
        """Give a place back."""
        with self._guard:
            self._taken -= 1
