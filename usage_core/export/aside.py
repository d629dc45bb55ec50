"""Threads whose work waits behind everything else: whoever looks at a page comes before a file."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

GIVES_WAY = 10
"""How nice a thread is, as `nice` counts it: beside others it gets about a tenth of what they do."""


def one_thread() -> ThreadPoolExecutor:
    """A thread of its own that gives way where the system can tell threads apart."""
    return ThreadPoolExecutor(1, "export", _give_way)


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere a thread has the priority of its process
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), GIVES_WAY)
