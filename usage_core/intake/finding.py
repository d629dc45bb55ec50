"""What a person may give to be imported: a file, a folder, standard input, an address; as local files."""

import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

from usage_core.errors import UnreadableFile
from usage_core.intake.progress import WHOLE, Stretch
from usage_core.intake.unpacking import Part, kind
from usage_core.intake.whole_lines import CHUNK_BYTES, end_of_last_line, has_lines, is_open_for_writing

STANDARD_INPUT = "-"
RECENT_SECONDS = 60
"""Where the system does not tell who writes to a file, one changed so lately may still be written to."""


def found(given: str, folder: Path, name: str | None = None) -> Iterator[Part | UnreadableFile]:
    """The files that were given, one at a time; what has to be copied lies in `folder` until the next is
    asked for.

    With a name, `given` is the path of a copy of one's own, which nobody writes to. Else it is a path, "-"
    for standard input, or an address that fsspec knows, such as `s3://bucket/logs/*.csv.gz`; of a folder
    all files below it, but hidden ones.
    """
    copy = folder / "given"
    if name is not None:
        yield Part(Path(given), name)
    elif given == STANDARD_INPUT:
        yield _copied(sys.stdin.buffer, copy, "standard input")
    elif "://" in given:
        yield from _remote(given, copy)
    elif Path(given).is_dir():
        yield from _below(Path(given), copy)
    else:
        yield _settled(Path(given), Path(given).name, copy)


def _below(home: Path, copy: Path) -> Iterator[Part | UnreadableFile]:
    paths = [path for path in sorted(home.rglob("*")) if path.is_file()]
    shown = {path: path.relative_to(home) for path in paths}
    wanted = [path for path in paths if not any(part.startswith(".") for part in shown[path].parts)]
    if not wanted:
        yield UnreadableFile(f"{home} holds no files.")
    for number, path in enumerate(wanted):
        yield _settled(path, str(home.name / shown[path]), copy, WHOLE.of(number, len(wanted)))


def _copied(source: IO[bytes], copy: Path, name: str) -> Part:
    with copy.open("wb") as file:
        shutil.copyfileobj(source, file, CHUNK_BYTES)
    return Part(copy, name)


def _remote(given: str, copy: Path) -> Iterator[Part | UnreadableFile]:
    """The files at an address. Its user and password, if any, are in no name and no message."""
    import fsspec  # noqa: PLC0415 - half a second, and few need it

    address = urlsplit(given)
    secret, _, host = address.netloc.rpartition("@")
    said = f"{address.scheme}://{host}{address.path}"
    try:
        system, path = fsspec.core.url_to_fs(given)
        paths = _files(system, path)
    except Exception as error:  # each kind of storage raises its own
        yield _unreachable(said, error, secret)
        return
    if not paths:
        yield UnreadableFile(f"{said} holds no files.")
    for number, each in enumerate(paths):
        try:
            with system.open(each, "rb") as source:
                part = _copied(source, copy, PurePosixPath(each).name or said)
        except Exception as error:
            yield _unreachable(f"{said}: {PurePosixPath(each).name}", error, secret)
            continue
        yield replace(part, way=WHOLE.of(number, len(paths)))


def _files(system: Any, path: str) -> list[str]:
    if any(character in path for character in "*?["):
        return sorted(each for each in system.glob(path) if not system.isdir(each))
    return sorted(system.find(path)) if system.isdir(path) else [path]


def _unreachable(said: str, error: Exception, secret: str) -> UnreadableFile:
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    if secret:
        first = first.replace(f"{secret}@", "").replace(secret, "…")
    return UnreadableFile(f"{said} cannot be read: {first}")


def _settled(path: Path, name: str, copy: Path, way: Stretch = WHOLE) -> Part | UnreadableFile:
    """A local file; where it is still being written, a copy up to its last whole line."""
    try:
        if kind(path) or not _may_grow(path) or not has_lines(path):
            return Part(path, name, way=way)
        if not (end := end_of_last_line(path)):
            return UnreadableFile(f"{name} is still being written and holds no whole line yet.")
        with path.open("rb") as source, copy.open("wb") as target:
            while (left := end - target.tell()) and (chunk := source.read(min(CHUNK_BYTES, left))):
                target.write(chunk)
    except OSError as error:
        return UnreadableFile(f"{name} cannot be read: {error.strerror or error}.")
    return Part(copy, name, whole=False, way=way)


def _may_grow(path: Path) -> bool:
    """Whether a file's last line has no end, and somebody is writing to it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if not size or file.seek(size - 1) is None or file.read(1) == b"\n":
            return False
    written_to = is_open_for_writing(path)
    if written_to is None:
        return abs(time.time() - path.stat().st_mtime) < RECENT_SECONDS
    return written_to
