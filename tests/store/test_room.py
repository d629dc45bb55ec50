"""A full disk is said to be full, and what was begun on it is undone."""

import errno
import shutil
from collections.abc import Callable

import duckdb
import pytest
import sqlalchemy as sa

from tests.importing import HEADER, Shelf, as_csv, row
from usage_core.errors import StoreUnavailable
from usage_core.intake import storing
from usage_core.intake.several import import_given
from usage_core.store import room
from usage_core.store.room import told_when_full

FULL: tuple[Callable[[], Exception], ...] = (
    lambda: OSError(errno.ENOSPC, "No space left on device"),
    lambda: duckdb.IOException('IO Error: Could not write file "calls.parquet": No space left on device'),
    lambda: sa.exc.OperationalError("COMMIT", {}, duckdb.IOException("database or disk is full")),
)


@pytest.mark.parametrize("full", FULL, ids=("file", "engine", "catalog"))
def test_an_import_into_a_full_disk_leaves_nothing(
    own_shelf: Shelf, monkeypatch: pytest.MonkeyPatch, full: Callable[[], Exception]
) -> None:
    def fail(*_given: object) -> None:
        raise full()

    path = own_shelf.folder / "calls.csv"
    path.write_text(HEADER + as_csv([row()]), encoding="utf-8", newline="")
    with monkeypatch.context() as patch:
        patch.setattr(storing, "append_sums", fail)
        [outcome] = import_given(own_shelf.lake, str(path))
    assert "There is no room left on the disk of" in str(outcome.result)
    assert outcome.kind == "refused"
    assert own_shelf.stored() == []
    [again] = import_given(own_shelf.lake, str(path))
    assert again.rows == 1


def test_a_store_that_has_no_room_to_be_opened_says_so(
    own_shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite then says nothing but "disk I/O error", which has other reasons, too."""

    def fail(*_given: object) -> None:
        raise sa.exc.DBAPIError("SELECT", {}, duckdb.IOException("PRAGMA journal_mode=WAL: disk I/O error"))

    monkeypatch.setattr(own_shelf.lake, "reading", fail)
    monkeypatch.setattr(own_shelf.lake, "_version", None)
    for free, told in ((room.NEEDED - 1, StoreUnavailable), (room.NEEDED, sa.exc.DBAPIError)):
        left = shutil.disk_usage(own_shelf.folder)._replace(free=free)
        monkeypatch.setattr(room.shutil, "disk_usage", lambda _folder, left=left: left)
        with pytest.raises(told):
            own_shelf.lake.version()


def test_another_failure_is_not_said_to_be_that(own_shelf: Shelf) -> None:
    with pytest.raises(FileNotFoundError), told_when_full(own_shelf.folder):
        raise FileNotFoundError(errno.ENOENT, "No such file")
    with pytest.raises(duckdb.BinderException), told_when_full(own_shelf.folder):
        own_shelf.lake.engine.raw_connection().execute("SELECT nothing")
    with pytest.raises(StoreUnavailable), told_when_full(own_shelf.folder):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")
