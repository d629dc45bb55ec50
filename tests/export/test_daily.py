"""A file a day: whatever interrupts a run, all days are there in the end, and no call twice."""

import csv
import gzip
import io
import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
from typer.testing import CliRunner

from tests.importing import EVER, Shelf
from usage_core import settings
from usage_core.cli import app
from usage_core.errors import UsageError
from usage_core.export import places
from usage_core.export.daily import Wanted, write
from usage_core.export.formats import file
from usage_core.export.manifest import beside, differences, read
from usage_core.export.places import Folder, Place, place
from usage_core.intake import undoing
from usage_core.selection import Selection

NOON = datetime(2026, 8, 5, 12, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def fill(shelf: Shelf) -> None:
    at = ("2026-07-31T22:00:00Z", "2026-08-01T21:59:59.999Z", "2026-08-03T05:00:00Z", "2026-08-05T10:00:00Z")
    shelf.rows(*({"called_at": each, "api_key_id": key} for each in at for key in "ab"))


@pytest.fixture
def filled(module_shelf: Shelf) -> Shelf:
    """Calls of three days of Berlin's August, of which the last is not over at `NOON`."""
    module_shelf.begin(fill)
    return module_shelf


def wanted(**given: Any) -> Wanted:
    return Wanted(Selection, BERLIN, file("csv", "gzip"), **given)


def run(shelf: Shelf, where: Place, now: datetime = NOON, **given: Any) -> list[tuple[str, int]]:
    done = write(shelf.lake, wanted(**given), where, now, lambda _selection, _rows: None)
    return [(each.name[10:20], each.calls) for each in done if each.is_written]


def held(folder: Path) -> list[dict[str, str]]:
    """Every call of every file, each of which is what its manifest tells; and nothing else is there."""
    files = sorted(path for path in folder.iterdir() if path.name.endswith(".csv.gz"))
    assert {path.name for path in folder.iterdir()} == {
        name for path in files for name in (path.name, beside(path).name)
    }
    for path in files:
        assert differences(path, read(beside(path))) == []
    return [call for path in files for call in rows(gzip.decompress(path.read_bytes()))]


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def complete(shelf: Shelf) -> list[dict[str, str]]:
    return [each for each in rows(shelf.export(EVER)) if each["Date"] < "2026-08-04T22"]


def test_complete_days_once_each(filled: Shelf, tmp_path: Path) -> None:
    where = Folder(tmp_path / "out")
    assert run(filled, where) == [("2026-08-01", 4), ("2026-08-03", 2)]
    assert held(tmp_path / "out") == complete(filled)
    assert run(filled, where) == []
    assert run(filled, where, datetime(2026, 8, 5, 22, tzinfo=UTC)) == [("2026-08-05", 2)]
    assert len(held(tmp_path / "out")) == 8


def test_what_comes_late_is_there_and_what_goes_is_gone(filled: Shelf, tmp_path: Path) -> None:
    where = Folder(tmp_path)
    run(filled, where)
    late = filled.rows({"called_at": "2026-08-02T10:00:00Z"}, {"called_at": "2026-08-03T11:00:00Z"})
    assert run(filled, where) == [("2026-08-02", 1), ("2026-08-03", 3)]
    assert held(tmp_path) == complete(filled)
    undoing.undo(filled.lake, late.import_id)
    assert run(filled, where) == []
    left = write(filled.lake, wanted(), where, NOON, lambda _selection, _rows: None)
    assert [(each.calls, each.fewer) for each in left] == [(4, None), (1, 0), (3, 2)]
    assert run(filled, where, also_fewer=True) == [("2026-08-02", 0), ("2026-08-03", 2)]
    assert held(tmp_path) == complete(filled)
    assert run(filled, where) == []


class Killed(BaseException):
    """The process ends here."""


class Failing(Folder):
    """A folder whose process is killed at its so-many-th step."""

    def __init__(self, path: Path, at: int) -> None:
        super().__init__(path)
        self._steps, self._at = itertools.count(), at

    def _step(self) -> None:
        if next(self._steps) == self._at:
            raise Killed

    def read(self, name: str) -> bytes | None:
        self._step()
        return super().read(name)

    def remove(self, name: str) -> None:
        self._step()
        super().remove(name)
        self._step()

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        part = self._path / f".{name}{places.PART}"
        part.write_bytes(b"half")  # what a kill leaves
        self._step()
        with super().writing(name) as path:
            yield path
            self._step()
        self._step()


def test_a_kill_at_any_step_leaves_nothing_out_and_nothing_twice(filled: Shelf, tmp_path: Path) -> None:
    """Of a day that is there, but to which calls came late."""
    since = date(2026, 8, 3)
    assert run(filled, Folder(tmp_path / "before"), since=since) == [("2026-08-03", 2)]
    filled.rows({"called_at": "2026-08-03T11:00:00Z"})
    expected = [each for each in complete(filled) if each["Date"] > "2026-08-03"]
    for step in range(100):
        folder = tmp_path / str(step)
        shutil.copytree(tmp_path / "before", folder)
        try:
            run(filled, Failing(folder, step), since=since)
        except Killed:
            run(filled, Folder(folder), since=since)
            assert held(folder) == expected, step
        else:
            assert step > 6
            return
    raise AssertionError("It never came to its end.")


def test_another_selection_or_format_is_refused(filled: Shelf, tmp_path: Path) -> None:
    where = Folder(tmp_path)
    run(filled, where)
    for over, kind in (
        (lambda frame: Selection(frame, key=("a",)), file("csv", "gzip")),
        (Selection, file("csv-detail", "gzip")),
    ):
        other = Wanted(over, BERLIN, kind)
        with pytest.raises(UsageError, match="folder of its own"):
            list(write(filled.lake, other, where, NOON, lambda _selection, _rows: None))
    assert held(tmp_path) == complete(filled)


def test_since_a_day(filled: Shelf, tmp_path: Path) -> None:
    assert run(filled, Folder(tmp_path), since=date(2026, 8, 2)) == [("2026-08-03", 2)]


def test_an_address(filled: Shelf, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    where = place("memory://bucket/exports", scratch)
    assert run(filled, where) == [("2026-08-01", 4), ("2026-08-03", 2)]
    assert run(filled, where) == []
    system = fsspec.filesystem("memory")
    data = b"".join(system.cat_file(each) for each in sorted(system.glob("/bucket/exports/*.gz")))
    assert [each for each in rows(gzip.decompress(data)) if each["Date"] != "Date"] == complete(filled)
    assert not list(scratch.iterdir())


def test_an_address_that_cannot_be_used_is_said_without_its_secret(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as said:
        place("nowhere://ada:hunter2@host/x", tmp_path)
    assert str(said.value).startswith("nowhere://host/x cannot be used")
    assert "hunter2" not in str(said.value)


def test_the_command(filled: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.DATABASE_URL, "ducklake" + filled.lake.folder.as_uri().removeprefix("file"))
    asked = [
        "export",
        "--since-last",
        "--to-dir",
        str(tmp_path / "out"),
        "--tz",
        BERLIN,
        "--compress",
        "gzip",
    ]
    first, second = (CliRunner().invoke(app, asked) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert "api-calls_2026-08-01_Europe-Berlin.csv.gz: 4 calls\n" in first.output
    assert first.output.endswith("3 days written; 0 as they were.\n")
    assert second.output == "0 days written; 3 as they were.\n"
    assert len(held(tmp_path / "out")) == 8
    wrong = CliRunner().invoke(app, ["export", "--since-last"])
    assert "goes with --to-dir" in str(wrong.exception)
