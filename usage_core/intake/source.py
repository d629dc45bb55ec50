"""A file to import, as its beginning shows it: its header, its layout, the format it is of."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from usage_core.errors import UnreadableFile, UnrecognisedFile
from usage_core.importers.format import Format, Layout
from usage_core.importers.registry import listed, recognise
from usage_core.intake import columnar, documents

HEADER_BYTES = 1 << 20
SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: its name as a person knows it, its header (the keys of a JSON file's first rows), and
    the format of it; of a JSON file also how it holds its objects (see `documents.shape`), and of one that
    may be known its checksum (see `known_files`)."""

    path: Path
    name: str
    header: tuple[str, ...]
    format: Format
    layout: Layout = Layout.CSV
    shaped: str = ""
    delimiter: str = ","
    checksum: str | None = None

    def columns(self) -> Mapping[str, int]:
        """Column -> position in the header."""
        positions = self.format.positions(self.header)
        for field, found in positions.items():
            if len(found) > 1:
                names = " and ".join(repr(self.header[place]) for place in found)
                raise UnreadableFile(
                    f"{self.name} has more than one column for {self.format.columns[field][0]}: {names}. "
                    "Nothing was imported. Remove all but one and try again."
                )
        return {field: found[0] for field, found in positions.items()}


def open_source(path: Path, name: str, mapped: Format | None = None) -> Source:
    """Look at a file's header; its format is the one that is given, or found out.

    Raises:
        UnreadableFile: no such file, a folder, not UTF-8 text, damaged JSON or Parquet.
        UnrecognisedFile: no format knows the header, or the one that is given does not.
    """
    head = beginning(path, name)
    if head[:4] == b"PAR1":
        columns = columnar.header(path, name)
        return Source(path, name, columns, _format(name, columns, Layout.PARQUET, mapped), Layout.PARQUET)
    if is_json(head):
        shaped = documents.shape(head)
        if mapped:
            keys = documents.find_keys(path, name, shaped, [mapped.items])[mapped.items]
            return Source(path, name, keys, _format(name, keys, Layout.JSON, mapped), Layout.JSON, shaped)
        known, keys = documents.find_format(path, name, shaped)
        return Source(path, name, keys, known, Layout.JSON, shaped)
    text = head.decode("utf-8-sig", "replace")
    delimiter = separator(text) if mapped else ","
    header = tuple(next(records(text, delimiter), ()))
    try:
        known = _format(name, header, Layout.CSV, mapped)
    except UnrecognisedFile:
        if not text.strip():
            raise UnrecognisedFile(f"{name} is empty, so nothing was imported.") from None
        if any("\ufffd" in heading for heading in header):
            raise UnreadableFile(NO_TEXT.format(name)) from None
        raise
    return Source(path, name, header, known, delimiter=delimiter)


NO_TEXT = "{} is not UTF-8 text, so nothing was imported. Save it as CSV UTF-8 and try again."


def beginning(path: Path, name: str) -> bytes:
    """The first bytes of a file that is text, or Parquet.

    Raises:
        UnreadableFile: no such file, a folder, not UTF-8 text.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be read: {error.strerror or error}.") from None
    is_text = head[:2] not in (b"\xff\xfe", b"\xfe\xff") and b"\x00" not in head.partition(b"\n")[0]
    if head[:4] != b"PAR1" and not is_text:
        raise UnreadableFile(NO_TEXT.format(name))
    return head


def is_json(head: bytes) -> bool:
    """Whether a file that begins so is JSON."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def records(text: str, delimiter: str) -> Iterator[list[str]]:
    """The records of CSV text that are not blank, as far as it can be read."""
    try:
        yield from (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
    except csv.Error:  # a field longer than any heading
        return


def separator(text: str) -> str:
    """What separates the columns of CSV text: whichever takes its header apart most."""
    return max(SEPARATORS, key=lambda each: len(next(records(text, each), ())))


def _format(name: str, header: tuple[str, ...], layout: Layout, mapped: Format | None) -> Format:
    if mapped is None:
        return recognise(name, header, layout)
    if not mapped.recognises(header, layout):
        found = mapped.positions(header)
        wanted = mapped.fingerprint | (mapped.in_csv if layout is Layout.CSV else frozenset())
        missing = [mapped.columns[each][0] for each in sorted(wanted - found.keys())]
        raise UnrecognisedFile(
            f"{name} has no column {listed(missing)}, which the {mapped.label} reads, so nothing was "
            f"imported.\nIt has: {listed(header)}."
        )
    return mapped


def headings(source: Source) -> dict[str, str]:
    """The format's columns that a file has and that may be kept as they came -> the headings they have in
    it, in the file's order."""
    if source.layout is Layout.JSON:
        known = set(source.header)
        named = {name: [each for each in may if each in known] for name, may in source.format.columns.items()}
        found = {name: spelled[0] for name, spelled in named.items() if spelled}
    else:
        places = sorted(source.columns().items(), key=lambda column: column[1])
        found = {name: source.header[place].strip() for name, place in places}
    return {name: heading for name, heading in found.items() if name not in source.format.private}
