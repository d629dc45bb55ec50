"""Other processes, to read and write beside the tests' own, and to be killed.

A fresh interpreter would load the program for longer than it then works: where the system knows forks, these
come of a process that has loaded it already, and has done nothing yet.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TextIO

_FORKS = "forkserver" in multiprocessing.get_all_start_methods()
_STARTED = multiprocessing.get_context("forkserver" if _FORKS else "spawn")
_STARTED.set_forkserver_preload(["usage_core.intake.run", "usage_core.store.maintenance"])


@dataclass(frozen=True, slots=True)
class Other:
    """A process: what it is told and says, line by line, and how it ended."""

    process: BaseProcess
    told: TextIO
    said: TextIO

    def await_line(self, line: str) -> None:
        """Read what it says until it says this."""
        for heard in self.said:
            if heard.strip() == line:
                return

    def ended(self) -> int | None:
        """Its exit code, once it has come to its end."""
        self.process.join()
        return self.process.exitcode


@contextmanager
def other(code: str, *given: str) -> Iterator[Other]:
    """Run Python code in a process of its own, with arguments; it is killed when the block ends."""
    hears, tells = _STARTED.Pipe(duplex=False)
    listens, says = _STARTED.Pipe(duplex=False)
    process = _STARTED.Process(target=_work, args=(code, given, hears, says), daemon=True)
    process.start()
    hears.close()
    says.close()
    with os.fdopen(os.dup(tells.fileno()), "w") as told, os.fdopen(os.dup(listens.fileno())) as said:
        tells.close()
        listens.close()
        try:
            yield Other(process, told, said)
        finally:
            process.kill()
            process.join()


def _work(code: str, given: Sequence[str], hears: Connection, says: Connection) -> None:
    sys.argv = ["-c", *given]
    with os.fdopen(hears.fileno(), closefd=False) as sys.stdin, os.fdopen(says.fileno(), "w") as sys.stdout:
        exec(compile(code, "<code of a test>", "exec"), {"__name__": "__main__"})  # noqa: S102 - our own
