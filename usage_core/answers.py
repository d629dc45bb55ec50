"""Answers kept in memory for all who ask the same: computed once, bounded in bytes, given up unheard.

Whoever asks waits for the one computation there is, in a thread of the pool. When the last of those who
wait has left, it is interrupted.
"""

import pickle
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWorking
from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache

from usage_core.store.limited import Stop

POLL_S = 0.1
"""How often someone who waits looks whether they are still wanted."""


@dataclass(eq=False)
class _Computation:
    stop: Stop
    waiting: int = 0
    future: "Future[Any]" = field(default_factory=Future)


class Answers:
    """A cache of at most so many bytes, with so many threads that compute what is not in it."""

    def __init__(self, most_bytes: int, threads: int) -> None:
        self._kept: LRUCache[Hashable, tuple[int, Any]] = LRUCache(most_bytes, getsizeof=lambda kept: kept[0])
        self._running: dict[Hashable, _Computation] = {}
        self._guard = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answers")

    def get(
        self, key: Hashable, work: Callable[[Stop], Any], still_wanted: Callable[[], object] = lambda: None
    ) -> Any:
        """The answer for a key; `work` finds it where it is not known yet.

        `still_wanted` is called from time to time while waiting, and raises what is to be raised here
        when nobody waits for the answer any more. What `work` raises is raised to all who wait for it.
        """
        with self._guard:
            if (kept := self._kept.get(key)) is not None:
                return kept[1]
            running = self._running.get(key)
            if running is None:
                running = self._running[key] = _Computation(Stop())
                self._pool.submit(self._compute, key, running, work)
            running.waiting += 1
        try:
            return _wait(running.future, still_wanted)
        finally:
            self._leave(key, running)

    def remember(self, key: Hashable, work: Callable[[], Any]) -> Any:
        """What is quickly made of answers, kept beside them; `work` is done by whoever asks first."""
        with self._guard:
            if (kept := self._kept.get(key)) is not None:
                return kept[1]
        made = work()
        self._keep(key, made)
        return made

    def clear(self) -> None:
        """Forget all answers."""
        with self._guard:
            self._kept.clear()

    def close(self) -> None:
        """Stop computing; nothing can be asked afterwards."""
        with self._guard:
            running = list(self._running.values())
        for each in running:
            each.stop()
        self._pool.shutdown(cancel_futures=True)

    def _compute(self, key: Hashable, running: _Computation, work: Callable[[Stop], Any]) -> None:
        try:
            answer = work(running.stop)
            self._keep(key, answer)
        except BaseException as error:  # handed to whoever waits
            self._done(key, running)
            running.future.set_exception(error)
        else:
            self._done(key, running)
            running.future.set_result(answer)

    def _keep(self, key: Hashable, answer: Any) -> None:
        size = len(pickle.dumps(answer, protocol=5))
        with self._guard:
            if size <= self._kept.maxsize:
                self._kept[key] = size, answer

    def _done(self, key: Hashable, running: _Computation) -> None:
        with self._guard:
            if self._running.get(key) is running:
                del self._running[key]

    def _leave(self, key: Hashable, running: _Computation) -> None:
        with self._guard:
            running.waiting -= 1
            unheard = running.waiting == 0 and not running.future.done()
            if unheard and self._running.get(key) is running:
                del self._running[key]  # whoever asks next begins anew
        if unheard:
            running.stop()


def _wait(future: "Future[Any]", still_wanted: Callable[[], object]) -> Any:
    while True:
        try:
            return future.result(timeout=POLL_S)
        except StillWorking:
            if future.done():  # the work's own error is a TimeoutError
                return future.result()
            still_wanted()
