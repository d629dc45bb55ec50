"""Unpacks .gz, .zst, .zip and OTLP protobuf, known by their first bytes, one file at a time and never
without end.

A small archive may be made to unpack to more than any disk holds. What is unpacked of one file that was
given is at most MOST_TIMES its size, though SMALL bytes are always allowed, and at most MOST_FILES files.
"""

import gzip
import os
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from usage_core.errors import UnreadableFile
from usage_core.intake import otlp_protobuf
from usage_core.intake.progress import WHOLE, Stretch
from usage_core.intake.whole_lines import CHUNK_BYTES, end_of_last_line, has_lines

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST_TIMES = 200
SMALL = 256 * 2**20
MOST_FILES = 10_000
DEEPEST = 2
"""So many containers may lie one in another, as a .csv.gz in a .zip."""

_DAMAGED = (gzip.BadGzipFile, zlib.error, zstd.ZstdError, zipfile.BadZipFile, ValueError)


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Part:
    """A plain file to import: where it lies, its name as a person knows it, whether it is whole, or ends
    where it was written or sent up to, and which stretch of the way of all that was given it is."""

    path: Path
    name: str
    whole: bool = True
    way: Stretch = WHOLE


class TooMuch(UnreadableFile):
    """More comes out of a file than any that was meant well holds."""


class Allowance:
    """What may still be unpacked of a file that was given."""

    def __init__(self, given: Path, name: str) -> None:
        self.name = name
        self.bytes_left = max(SMALL, MOST_TIMES * given.stat().st_size)
        self.files_left = MOST_FILES

    def spend(self, size: int) -> None:
        """Unpack so many bytes.

        Raises:
            TooMuch: that is too much.
        """
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise TooMuch(
                f"{self.name} unpacks to more than {MOST_TIMES} times its size, so the rest was not read. "
                "If it is meant to, unpack it and import what comes out of it."
            )

    def file(self) -> None:
        """Unpack one more file.

        Raises:
            TooMuch: that is too many.
        """
        self.files_left -= 1
        if self.files_left < 0:
            raise TooMuch(
                f"{self.name} holds more than {MOST_FILES:,} files; only so many of them were read. "
                "Unpack it and import the folder."
            )


def kind(path: Path) -> str:
    """gzip, zstd, zip or otlp, or nothing for a file that is none of them."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    known = {b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip"}
    return known.get(head) or ("otlp" if otlp_protobuf.framing(path) else "")


def _document(path: Path) -> str:
    """What to call a file that is for people to read, not for programs; nothing for any other."""
    with path.open("rb") as file:
        return {b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "an old Office document"}.get(file.read(4), "")


def unpacked(
    part: Part, folder: Path, allowance: Allowance | None = None, depth: int = 0
) -> Iterator[Part | UnreadableFile]:
    """The plain files of a file, which may be plain itself, one at a time, and why others cannot be had.

    Each lies in `folder`, and is gone when the next is asked for.
    """
    packing = kind(part.path)
    if document := _document(part.path):
        yield UnreadableFile(
            f"{part.name} is {document}, so nothing was imported. Its source can give a CSV or JSON file."
        )
        return
    if not packing:
        yield part
        return
    if depth == DEEPEST and packing != "otlp":
        yield UnreadableFile(f"{part.name} is an archive inside an archive in an archive; it was not opened.")
        return
    allowance = allowance or Allowance(part.path, part.name)
    target = folder / f"unpacked-{depth}"
    try:
        found = {"zip": _of_zip, "otlp": _of_otlp}.get(packing, _of_stream)
        for each in found(part, target, allowance):
            if isinstance(each, UnreadableFile):
                yield each
            else:
                yield from unpacked(each, folder, allowance, depth + 1)
    except UnreadableFile as error:
        yield error
    finally:
        target.unlink(missing_ok=True)


def _of_stream(part: Part, target: Path, allowance: Allowance) -> Iterator[Part]:
    """The one file in a .gz or .zst."""
    opened = gzip.open if kind(part.path) == "gzip" else zstd.open
    with _in_words(part.name), opened(part.path, "rb") as source:
        whole = _copy(source, target, allowance)
    if not whole and has_lines(target):
        os.truncate(target, end_of_last_line(target))
    if not whole and not target.stat().st_size:
        raise UnreadableFile(f"{part.name} ends before its first line can be read, so nothing was imported.")
    yield Part(target, part.name, whole, part.way)


def _of_otlp(part: Part, target: Path, allowance: Allowance) -> Iterator[Part]:
    """The spans of OTLP protobuf, as JSON Lines."""
    whole = otlp_protobuf.write_lines(part.path, part.name, target, allowance.spend)
    yield Part(target, part.name, whole, part.way)


def _of_zip(part: Part, target: Path, allowance: Allowance) -> Iterator[Part | UnreadableFile]:
    """The files in a .zip, by name, and why some of them cannot be had."""
    with _in_words(part.name):
        archive = zipfile.ZipFile(part.path)
    with archive:
        members = [member for member in archive.infolist() if not _is_by_the_way(member)]
        if any(member.filename == "[Content_Types].xml" for member in members):
            raise UnreadableFile(
                f"{part.name} is an Office document, so nothing was imported. Save its sheet as CSV UTF-8."
            )
        for number, member in enumerate(sorted(members, key=lambda member: member.filename)):
            allowance.file()
            name, way = f"{part.name}/{member.filename}", part.way.of(number, len(members))
            try:
                yield _member(archive, member, Part(target, name, way=way), allowance)
            except TooMuch:
                raise
            except UnreadableFile as error:
                yield error


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, part: Part, allowance: Allowance) -> Part:
    """A file of an archive, unpacked to where `part` says."""
    if member.flag_bits & 1:
        raise UnreadableFile(f"{part.name} is encrypted. Unpack the archive and import what it holds.")
    with _in_words(part.name), archive.open(member) as source:
        whole = _copy(source, part.path, allowance)
    if not whole:
        raise UnreadableFile(f"{part.name} is damaged and cannot be unpacked: it ends too early.")
    return part


def _is_by_the_way(member: zipfile.ZipInfo) -> bool:
    """Folders, and what systems add to what was packed."""
    path = PurePosixPath(member.filename)
    return member.is_dir() or path.name.startswith(".") or "__MACOSX" in path.parts


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise UnreadableFile(f"{name} is damaged and cannot be unpacked: {error}.") from None
    except NotImplementedError as error:
        raise UnreadableFile(f"{name} is packed in a way that is not known here: {error}.") from None
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be unpacked: {error.strerror or error}.") from None


def _copy(source: _Readable | IO[bytes], target: Path, allowance: Allowance) -> bool:
    """Unpack into a file; False where the source ends too early, with all that came before."""
    with target.open("wb") as file:
        try:
            while chunk := source.read1(CHUNK_BYTES):  # type: ignore[union-attr]
                allowance.spend(len(chunk))
                file.write(chunk)
        except EOFError:
            return False
    return True
