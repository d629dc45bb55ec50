"""The sample as a CSV file in the export's form."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from usage_core.errors import UsageError
from usage_core.export.csv_lines import HEADER, lines
from usage_core.sample.generate import batches

Progress = Callable[[int], None]


def write_csv(
    target: str | os.PathLike[str] | BinaryIO,
    calls: int,
    days: int,
    seed: int,
    until: datetime,
    progress: Progress | None = None,
) -> int:
    """Write a sample as CSV to a path or an open binary stream, and return the bytes written.

    A path holds the whole log or what it held before: it is written beside, then put in place.

    Args:
        progress: called with the number of calls written so far, after each batch.

    Raises:
        UsageError: the arguments make no sense (see `batches`), or the path cannot be written.
    """
    log = batches(calls, days, seed, until)
    if not isinstance(target, str | os.PathLike):
        return _write(target, log, progress)
    path = Path(target)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            written = _write(file, log, progress)
        part.replace(path)
    except OSError as error:
        raise UsageError(f"The sample cannot be written to {path}: {error.strerror}.") from error
    finally:
        with suppress(OSError):  # gone already, or never made
            part.unlink()
    return written


def _write(file: BinaryIO, log: Iterator[pa.RecordBatch], progress: Progress | None) -> int:
    file.write(HEADER)
    written, done = len(HEADER), 0
    for calls, text in _texts(log):
        file.write(text)
        written, done = written + len(text), done + calls
        if progress:
            progress(done)
    return written


def _texts(log: Iterator[pa.RecordBatch]) -> Iterator[tuple[int, bytes]]:
    """Number of calls and text of each batch; one is written out while the next is drawn."""
    with ThreadPoolExecutor(max_workers=1) as writer:
        ahead: tuple[int, Future[bytes]] | None = None
        for batch in log:
            following = batch.num_rows, writer.submit(lines, batch)
            if ahead:
                yield ahead[0], ahead[1].result()
            ahead = following
        if ahead:
            yield ahead[0], ahead[1].result()
