"""Files that end where somebody is still writing: up to where they can be read."""

import errno
import os
import sys
from pathlib import Path

if sys.platform == "linux":
    import fcntl
    import signal

CHUNK_BYTES = 1 << 20


def is_open_for_writing(path: Path) -> bool | None:
    """Whether any process has a file open to write to it; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    with path.open("rb") as file:
        try:
            # Who opens it while the lease is held waits, and we are told by a signal that is ignored.
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return True if error.errno == errno.EAGAIN else None
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def has_lines(path: Path) -> bool:
    """Whether a file is made of lines that stand for themselves, unlike a JSON list or a Parquet file."""
    with path.open("rb") as file:
        head = file.read(CHUNK_BYTES)
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0].rstrip()
    if head.startswith(b"PAR1") or b"\x00" in head or first.startswith(b"["):
        return False
    return not first.startswith(b"{") or first.endswith(b"}")


def end_of_last_line(path: Path) -> int:
    """How many bytes of a file there are up to its last line feed."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - CHUNK_BYTES)
            file.seek(start)
            place = file.read(end - start).rfind(b"\n")
            if place >= 0:
                return start + place + 1
            end = start
    return 0
