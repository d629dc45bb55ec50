"""A backup is the store of one moment, and is taken back whole or not at all."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.importing import Shelf, as_csv, row
from usage_core import backup
from usage_core.access.journal import Event, Journal
from usage_core.errors import BackupRefused
from usage_core.export.stream import csv_stream
from usage_core.metrics.answer import ask
from usage_core.metrics.question import Question
from usage_core.selection import Selection
from usage_core.store import maintenance
from usage_core.store.lake import Lake, open_lake
from usage_core.timeframe import Timeframe, parse_edge

KEYS = [f"key-{number}" for number in range(20)]
EVER = Selection(Timeframe(parse_edge("2000-01-01", "UTC"), parse_edge("2100-01-01", "UTC"), "UTC"))


@pytest.fixture(scope="module")
def written(module_shelf: Shelf) -> Iterator[Path]:
    """A backup of a store with calls of several imports."""
    for day in range(1, 4):
        module_shelf.take(
            as_csv([row(called_at=f"2026-0{day}-03T00:00:00Z", api_key_id=key) for key in KEYS])
        )
    maintenance.compact(module_shelf.lake)  # few calls are in the catalog before, not in files
    journal = Journal(module_shelf.lake.folder)
    journal.record(Event.SIGNED_IN, "ada@example.com")
    path = module_shelf.lake.folder / "backup.tar"
    held = backup.write(module_shelf.lake, path)
    assert (held.calls, held.day_calls, held.imports) == (60, 60, 3)
    journal.record(Event.SIGNED_IN, "eve@example.com")
    journal.close()
    yield path
    path.unlink()


def answers(lake: Lake) -> tuple[bytes, str]:
    with lake.reading() as connection:
        figures = ask(connection, Question(EVER, ("calls", "cost_usd"), ("month", "key"))).to_csv()
    return b"".join(csv_stream(lake, EVER)), figures


def test_what_is_taken_back_is_what_was_written(written: Path, module_shelf: Shelf, tmp_path: Path) -> None:
    before = answers(module_shelf.lake)
    held = backup.restore(written, tmp_path / "new")
    lake = open_lake(tmp_path / "new")
    assert answers(lake) == before
    assert backup.facts(lake) == held == backup.facts(module_shelf.lake)
    lake.close()
    journal = Journal(tmp_path / "new")
    assert [entry.who for entry in journal.entries()] == ["ada@example.com"]
    journal.close()


def test_a_store_that_is_there_is_put_aside_when_told_to(written: Path, tmp_path: Path) -> None:
    open_lake(tmp_path).close()
    with pytest.raises(BackupRefused, match="--replace"):
        backup.restore(written, tmp_path)
    backup.restore(written, tmp_path, replace=True)
    lake = open_lake(tmp_path)
    assert backup.facts(lake).calls == 60
    lake.close()
    [aside] = tmp_path.glob("replaced-*")
    old = open_lake(aside)
    assert backup.facts(old).calls == 0
    old.close()
    assert not list(tmp_path.glob(".restoring-*"))


def damaged(path: Path, how: str) -> bytes:
    """A backup that something happened to."""
    whole = path.read_bytes()
    if how == "cut off":
        return whole[: len(whole) // 2]
    if how == "something else":
        return b"Date,API Key ID\n" * 100
    target = io.BytesIO()
    with tarfile.open(path) as source, tarfile.open(fileobj=target, mode="w") as tar:
        members = source.getmembers()
        chosen = next(each.name for each in members if each.name.endswith(".parquet"))
        for member in members:
            if how == "a file is missing" and member.name == chosen:
                continue
            opened = source.extractfile(member)
            assert opened is not None
            content = opened.read()
            if how == "a bit is different" and member.name == chosen:
                content = content[:-1] + bytes([content[-1] ^ 1])
            if how == "other sums" and member.name == backup.MANIFEST:
                content = content.replace(b'"calls": 60', b'"calls": 61')
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if how == "a file outside":
            tar.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    return target.getvalue()


@pytest.mark.parametrize(
    "how",
    ["cut off", "something else", "a file is missing", "a bit is different", "other sums", "a file outside"],
)
def test_a_damaged_backup_changes_nothing(written: Path, tmp_path: Path, how: str) -> None:
    (tmp_path / "damaged.tar").write_bytes(damaged(written, how))
    (tmp_path / "store").mkdir()
    with pytest.raises(BackupRefused, match="Nothing was changed"):
        backup.restore(tmp_path / "damaged.tar", tmp_path / "store")
    assert not list((tmp_path / "store").iterdir())
    assert sorted(each.name for each in tmp_path.iterdir()) == ["damaged.tar", "store"]


def test_a_file_is_never_written_over(written: Path, module_shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="there already"):
        backup.write(module_shelf.lake, written)
    with pytest.raises(BackupRefused, match="cannot be written"):
        backup.write(module_shelf.lake, tmp_path / "nowhere" / "backup.tar")
