"""The files an export can be: a row of `FORMATS` each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from usage_core.errors import SelectionError
from usage_core.export import csv_lines, focus, json_lines, typed
from usage_core.export.content import Content
from usage_core.export.writers import Compressed, Parquet, Text, Writer
from usage_core.schema import COLUMNS, EXPORT_COLUMNS, Column

BOM = b"\xef\xbb\xbf"
CODECS = {"gzip": ".gz", "zstd": ".zst"}
"""What lines can be compressed with -> what the file's name then ends with."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file. `columns` are what a row of calls holds; `writer` begins a file of some columns."""

    name: str
    label: str
    meaning: str
    suffix: str
    media_type: str
    columns: Sequence[Column]
    writer: Callable[[Sequence[Column]], Writer]
    is_text: bool = True
    """Whether it is lines, which can be compressed."""
    for_sums: bool = True
    """Whether sums can be written so, and not calls alone."""
    content: Content | None = None
    """What its rows are, where they are no calls."""


def _csv(columns: Sequence[Column], before: bytes = b"") -> Writer:
    return Text(before + csv_lines.header(columns), partial(csv_lines.pieces, columns=columns))


def _json_lines(columns: Sequence[Column]) -> Writer:
    return Text(b"", partial(json_lines.pieces, columns=columns))


def _parquet(columns: Sequence[Column]) -> Writer:
    return Parquet(typed.schema(columns), partial(typed.typed, columns=columns))


CSV = "text/csv; charset=utf-8"
_CSV = ".csv", CSV

FORMATS = {
    each.name: each
    for each in (
        Format("csv", "CSV", "The ten columns", *_CSV, EXPORT_COLUMNS, _csv),
        Format(
            "csv-excel",
            "CSV for Excel",
            "The ten columns, marked as UTF-8 for Excel",
            *_CSV,
            EXPORT_COLUMNS,
            partial(_csv, before=BOM),
        ),
        Format(
            "csv-detail",
            "CSV with all columns",
            "The ten columns, then cost, where it comes from, and whatever else is known of a call",
            *_CSV,
            COLUMNS,
            _csv,
            for_sums=False,
        ),
        Format(
            "jsonl",
            "JSON Lines",
            "All columns, an object a line",
            ".jsonl",
            "application/x-ndjson",
            COLUMNS,
            _json_lines,
        ),
        Format(
            "parquet",
            "Parquet",
            "All columns with their types",
            ".parquet",
            "application/vnd.apache.parquet",
            COLUMNS,
            _parquet,
            is_text=False,
        ),
        Format(
            "focus",
            "FOCUS 1.4",
            "Cost and usage by UTC day, key, model and class of tokens, for FinOps tools; without the calls "
            "that have no price",
            *_CSV,
            focus.CONTENT.columns,
            _csv,
            for_sums=False,
            content=focus.CONTENT,
        ),
    )
}


DEFAULT = "csv"


@dataclass(frozen=True, slots=True)
class File:
    """A format, compressed or not."""

    format: Format
    codec: str | None = None

    @property
    def suffix(self) -> str:
        """What the file's name ends with."""
        return self.format.suffix + (CODECS[self.codec] if self.codec else "")

    @property
    def what(self) -> str:
        """What its rows are, as its name and the audit log tell it."""
        return self.format.name if self.format.content else "calls"

    @property
    def media_type(self) -> str:
        """The Content-Type."""
        return f"application/{self.codec}" if self.codec else self.format.media_type

    def writer(self, columns: Sequence[Column] | None = None) -> Writer:
        """What writes one, of the columns of calls or of others."""
        writer = self.format.writer(columns or self.format.columns)
        return Compressed(writer, self.codec) if self.codec else writer


def file(format_name: str = "", codec: str = "") -> File:
    """The file of a format's name and a codec's; CSV and none where they are empty.

    Raises:
        SelectionError: a name is not known, or a file that is compressed already is to be compressed.
    """
    format_name = format_name or DEFAULT
    if format_name not in FORMATS:
        raise SelectionError(f"{format_name[:60]!r} is not a format. Use one of: {', '.join(FORMATS)}.")
    if codec and codec not in CODECS:
        raise SelectionError(f"{codec[:60]!r} is not a compression. Use one of: {', '.join(CODECS)}.")
    chosen = FORMATS[format_name]
    if codec and not chosen.is_text:
        raise SelectionError(f"{chosen.label} is compressed already. Leave the compression out.")
    return File(chosen, codec or None)


def file_named(name: str) -> File:
    """The file that a name's ending stands for: `calls.jsonl.gz` is JSON Lines; CSV where it says nothing."""
    codec = next((codec for codec, suffix in CODECS.items() if name.endswith(suffix)), "")
    stem = name.removesuffix(CODECS.get(codec, ""))
    of_suffix = {each.suffix: each.name for each in reversed(FORMATS.values())}
    found = next((of_suffix[suffix] for suffix in of_suffix if stem.endswith(suffix)), DEFAULT)
    return file(found, codec if FORMATS[found].is_text else "")


def media_types() -> tuple[str, ...]:
    """What the Content-Type of a file can be."""
    codecs = (f"application/{codec}" for codec in CODECS)
    return tuple(dict.fromkeys([*(each.media_type for each in FORMATS.values()), *codecs]))


def of_sums(kind: File) -> File:
    """A file, as long as sums can be written so.

    Raises:
        SelectionError: they cannot.
    """
    if not kind.format.for_sums:
        others = ", ".join(each.name for each in FORMATS.values() if each.for_sums)
        raise SelectionError(f"{kind.format.label} is not for sums. Use one of: {others}.")
    return kind


def provable(kind: File) -> File:
    """A file, as long as a manifest can tell what it holds.

    Raises:
        SelectionError: it cannot, because its rows are no calls.
    """
    if kind.format.content:
        raise SelectionError(f"A manifest tells of calls, and {kind.format.label} holds none. Leave it out.")
    return kind
