"""What a format has to say about itself."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from usage_core.importers.sql import output_tokens, total


class Layout(StrEnum):
    """How a file holds its rows."""

    CSV = "CSV"
    JSON = "JSON"
    """JSON Lines, a list, one object, or objects one after another."""
    PARQUET = "Parquet"


class InputCount(StrEnum):
    """Whether a source counts the tokens read from and written to a cache among its input tokens."""

    WITH_CACHED = "with cached ones"
    WITHOUT_CACHED = "without cached ones"
    """The record counts them, so they are added."""
    BY_ROW = "by row: its numbers tell"
    """It depends on the provider; `Format.fields` adds them where a row's own numbers show that they are
    left out."""
    NO_CACHED = "cached ones not told"


CACHED = ("cache_read_tokens", "cache_write_tokens")
"""Fields of tokens that are counted among input tokens, too."""

ITEMS = """
    CASE json_type(doc) WHEN 'ARRAY' THEN json_extract(doc, '$[*]')
    WHEN 'OBJECT' THEN CASE WHEN json_type(doc, '$.data') = 'ARRAY' THEN json_extract(doc, '$.data[*]')
        ELSE [doc] END
    ELSE [doc] END
"""
"""The rows of a JSON document `doc`: its elements, those of its `data`, or itself."""


_PERSONAL = re.compile(
    r"(?i)user|mail|identity|metadata|(^|_)ip(_|$)|message|prompt|input|output|response|content|body"
)
"""What a heading is called by that may hold people, their addresses, prompts or answers."""


@dataclass(frozen=True, slots=True)
class Format:
    """A file with one row per call, or, where it says so, with sums of calls.

    Columns that are not named here are never kept. In a CSV file headings are compared without regard to
    case and surrounding spaces, and columns may come in any order.
    """

    name: str
    label: str
    columns: Mapping[str, tuple[str, ...]]
    """The source's columns: a name to use in SQL -> the headings it is known by."""
    fingerprint: frozenset[str]
    """Columns that must all be there for a file to be of this format."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Field of the record -> DuckDB SQL for its text, from the columns, each a text or NULL (what is nested
    is JSON text). Empty where the columns are the fields."""
    steps: tuple[Mapping[str, str], ...] = ()
    """SQL for further columns that the fields are made of, each step from the columns before it."""
    skip: str = ""
    """SQL for why a row is no call of its own and is skipped, or NULL; empty where no row is."""
    layouts: frozenset[Layout] = frozenset({Layout.CSV})
    items: str = ITEMS
    """SQL for the list of rows in a JSON document `doc`, each an object with the columns."""
    private: frozenset[str] = frozenset()
    """Columns of which only some values are read, since others in them are prompts or people: a row that is
    set aside is kept without them."""
    guarded: bool = False
    """Whether texts in its CSV may have an apostrophe in front, as ours have (see `text_guard`)."""
    ours: bool = False
    """Whether we write it ourselves, so that what is empty in it is empty, and what is 0 is 0."""
    without: frozenset[str] = frozenset()
    """Headings (any case) of which none may be there, since they are another format's."""
    in_csv: frozenset[str] = frozenset()
    """Columns that must be there besides, in a CSV file."""
    sums: bool = False
    """Whether its rows are usage buckets; `fields` are then those of `buckets`."""
    input_count: InputCount = InputCount.NO_CACHED

    def __post_init__(self) -> None:
        told = any(name in self._fields() for name in CACHED)
        if told is (self.input_count is InputCount.NO_CACHED):
            raise AssertionError(f"{self.name} has to say whether its input tokens count cached ones")

    def positions(self, header: Sequence[str]) -> dict[str, list[int]]:
        """Column -> positions in the header under any of its headings."""
        places: dict[str, list[int]] = {}
        for place, heading in enumerate(header):
            places.setdefault(_plain(heading), []).append(place)
        found = {
            name: [place for plain in dict.fromkeys(map(_plain, headings)) for place in places.get(plain, [])]
            for name, headings in self.columns.items()
        }
        return {name: at for name, at in found.items() if at}

    def recognises(self, header: Sequence[str], layout: Layout = Layout.CSV) -> bool:
        """Whether a header (of a JSON file, the keys of a row) is of this format."""
        wanted = self.fingerprint | (self.in_csv if layout is Layout.CSV else frozenset())
        foreign = self.without & {_plain(heading) for heading in header}
        return layout in self.layouts and not foreign and wanted <= self.positions(header).keys()

    def dropped(self, header: Iterable[str]) -> tuple[str, ...]:
        """Headings that are not kept: first those of people, prompts and answers, in part or whole; else in
        order."""
        known = {_plain(heading): name for name, headings in self.columns.items() for heading in headings}
        gone = [
            f"{heading} (in part)" if _plain(heading) in known else heading
            for heading in header
            if heading.strip() and known.get(_plain(heading), "") in {"", *self.private}
        ]
        return tuple(sorted(dict.fromkeys(gone), key=lambda heading: not _PERSONAL.search(heading)))

    def mapped(self) -> Mapping[str, str]:
        """Field of the record -> SQL for its text from the columns. Input tokens count the cached ones; an
        embedding's output tokens are empty."""
        found = dict(self._fields())
        if self.input_count is InputCount.WITHOUT_CACHED:
            parts = (found[name] for name in ("input_tokens", *CACHED) if name in found)
            found["input_tokens"] = total(*parts)
        if {"kind", "output_tokens"} <= found.keys() and not (self.ours or self.sums):
            found["output_tokens"] = output_tokens(found["kind"], found["output_tokens"])
        return found

    def _fields(self) -> Mapping[str, str]:
        return self.fields or {name: name for name in self.columns}


def _plain(heading: str) -> str:
    return " ".join(heading.split()).casefold()
