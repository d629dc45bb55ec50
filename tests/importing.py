"""A store to import text into, and what became of it."""

import csv
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings

from usage_core.errors import UnreadableFile
from usage_core.export import set_aside
from usage_core.export.stream import csv_stream
from usage_core.importers.format import Format
from usage_core.intake.receipt import Receipt
from usage_core.intake.run import import_file, prepare
from usage_core.intake.source import open_source
from usage_core.intake.staging import staging
from usage_core.intake.unpacking import Part, kind, unpacked
from usage_core.schema import EXPORT_COLUMNS, EXPORT_HEADER
from usage_core.selection import Selection
from usage_core.store.lake import Lake, open_lake
from usage_core.store.tables import CALLS
from usage_core.timeframe import Timeframe

with_store = settings(
    max_examples=5,
    deadline=None,
    # Shrinking would take minutes: an example costs an import.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""For properties of a store that a test's examples share."""

HEADER = EXPORT_HEADER + "\n"
FIELDS = [column.name for column in EXPORT_COLUMNS]
LABELS = [column.label for column in EXPORT_COLUMNS]
EVER = Selection(Timeframe(datetime(1999, 12, 31, tzinfo=UTC), datetime(2102, 1, 1, tzinfo=UTC)))

GOOD = {
    "called_at": "2026-08-03T09:14:07.412Z",
    "api_key_id": "key-1",
    "api_key_name": "checkout",
    "provider": "OpenAI",
    "model": "gpt-4o",
    "input_tokens": "500",
    "output_tokens": "1200",
    "completion_time_ms": "3821",
    "input_price": "2.50",
    "output_price": "10.00",
}


def row(**given: str) -> list[str]:
    """The fields of a good row, some of them replaced."""
    return list((GOOD | given).values())


def as_csv(rows: Iterable[Sequence[str]], ending: str = "\n") -> str:
    """Rows as CSV without a header, written by Python's own writer, which quotes both characters of its own
    line ends."""
    lines: list[str] = []
    csv.writer(SimpleNamespace(write=lines.append)).writerows(rows)
    return "".join(line.removesuffix("\r\n") + ending for line in lines)


@dataclass(frozen=True)
class Look:
    """What a file holds: its rows, the fields of the good ones, line, field, value, reason of the others,
    and how many were skipped."""

    rows: int
    good: list[tuple[Any, ...]]
    bad: list[tuple[Any, ...]]
    skipped: int = 0

    @property
    def bad_lines(self) -> list[int]:
        return [line for line, *_ in self.bad]

    def column(self, name: str) -> list[Any]:
        return [fields[FIELDS.index(name)] for fields in self.good]


def open_copy(store: Path, folder: Path) -> Lake:
    """The copy of a closed store, in a folder of its own: many times faster than to make it anew."""
    return open_lake(Path(shutil.copytree(store, folder)))


class Shelf:
    """A store, and a folder of files to import into it. It may begin anew as a copy of the folder `empty`."""

    def __init__(self, lake: Lake, folder: Path, empty: Path | None = None) -> None:
        self.lake, self.folder, self.empty, self.dirty = lake, folder, empty, False

    def take(self, body: str | bytes, header: str = HEADER, name: str = "calls.csv") -> Receipt:
        """Import a text beneath a header."""
        raw = header.encode() + (body.encode() if isinstance(body, str) else body)
        (self.folder / name).write_bytes(raw)
        return self.take_file(self.folder / name)

    def take_file(self, path: Path) -> Receipt:
        """Import a file."""
        self.dirty = True
        return import_file(self.lake, self._plain(path), name=path.name)

    def look(
        self, body: str | bytes, header: str = HEADER, name: str = "calls.csv", mapped: Format | None = None
    ) -> Look:
        """Read and check a text as an import does, but store nothing: that is several times faster."""
        path = self.folder / name
        path.write_bytes(header.encode() + (body.encode() if isinstance(body, str) else body))
        with staging(self.lake, lambda _doing, _part: None) as stage:
            rows = prepare(stage, open_source(self._plain(path), name, mapped))
            fields = ", ".join(FIELDS)
            good = stage.run(f"SELECT {fields} FROM {{s}}.checked WHERE reason IS NULL ORDER BY row")  # noqa: S608
            bad = stage.run("SELECT line, field, value, reason FROM {s}.rejected ORDER BY line, reason")
            [[skipped]] = stage.run("SELECT count(*) FROM {s}.checked WHERE skip IS NOT NULL")
        return Look(rows, good, bad, skipped)

    def _plain(self, path: Path) -> Path:
        if not path.is_file() or kind(path) != "otlp":
            return path
        for part in unpacked(Part(path, path.name), self.folder):
            if isinstance(part, UnreadableFile):
                raise part
            return Path(shutil.copy(part.path, self.folder / "plain"))
        raise AssertionError(f"{path} holds nothing")

    def rows(self, *given: dict[str, str]) -> Receipt:
        """Import good rows, each with some fields replaced."""
        return self.take(as_csv(row(**fields) for fields in given))

    def clear(self) -> None:
        """Begin anew with an empty store, which is faster than to empty every table."""
        if not self.dirty:
            return
        assert self.empty
        self._become(self.empty)
        self.dirty = False

    def begin(self, fill: Callable[["Shelf"], object]) -> None:
        """Begin anew with what `fill` puts into an empty store: it is called once, and what came of it is
        copied from then on."""
        filled = self.folder / f"filled by {fill.__qualname__}"
        if not filled.exists():
            self.clear()
            fill(self)
            self.lake.close()
            shutil.copytree(self.lake.folder, filled)
        self._become(filled)
        self.dirty = True

    def _become(self, store: Path) -> None:
        self.lake.close()
        shutil.rmtree(self.lake.folder)
        self.lake = open_copy(store, self.lake.folder)

    def stored(self, receipt: Receipt | None = None, *names: str) -> list[tuple[Any, ...]]:
        """Fields of the calls in the store, or of those of one import, in order."""
        columns = [CALLS.c[name] for name in names or FIELDS]
        statement = sa.select(*columns).order_by(CALLS.c.called_at, *columns)
        if receipt:
            statement = statement.where(CALLS.c.import_id == receipt.import_id)
        with self.lake.reading() as connection:
            return [tuple(found) for found in connection.execute(statement)]

    def set_aside(self, receipt: Receipt) -> list[tuple[Any, ...]]:
        """(line, field, value, reason) of an import's rows that were not stored."""
        with self.lake.reading() as connection:
            return [tuple(found) for found in connection.execute(set_aside.rows(receipt.import_id))]

    def export(self, selection: Selection = EVER) -> bytes:
        """The export of everything, or of a selection."""
        return b"".join(csv_stream(self.lake, selection))
