"""What a running console does in the background, and that it never stands in anybody's way."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.importing import open_copy
from usage_core.sample.into_store import fill
from usage_core.store import old_files, small_files, upkeep
from usage_core.store.lake import Lake
from usage_core.store.upkeep import Upkeep

AT_ONCE = timedelta(0)
OFTEN = timedelta(milliseconds=50)
NEVER = timedelta(days=1)
PATIENCE = 60.0

CALLS = sa.text("SELECT count(*), sum(hash(calls)::HUGEINT) FROM calls")


@pytest.fixture(scope="module")
def used(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store after several small imports."""
    lake = open_copy(empty_store, tmp_path_factory.mktemp("used") / "store")
    for _ in range(3):
        fill(lake, calls=50, days=3, seed=1, until=datetime(2026, 3, 20, tzinfo=UTC))
    lake.close()
    return lake.folder


@pytest.fixture
def many(used: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    monkeypatch.setattr(small_files, "FEWEST", 3)
    monkeypatch.setattr(upkeep, "PAUSE_SECONDS", 0.01)
    lake = open_copy(used, tmp_path / "many")
    yield lake
    lake.close()


def calls(lake: Lake) -> tuple[object, ...]:
    with lake.reading() as connection:
        return tuple(connection.execute(CALLS).one())


def to_join(lake: Lake) -> int:
    with lake.reading() as connection:
        return len(small_files.find(connection))


def wait_until_joined(lake: Lake) -> None:
    end = time.monotonic() + PATIENCE
    while to_join(lake):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_it_joins_and_removes_in_the_background(many: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    before = calls(many)
    assert to_join(many) > 1
    background = Upkeep(many, first=AT_ONCE)
    background.start()
    wait_until_joined(many)
    background.stop()
    kept = list(many.folder.rglob("*.parquet"))
    monkeypatch.setattr(old_files, "GRACE", AT_ONCE)
    old_files.expire(many, AT_ONCE)
    assert old_files.remove(many, AT_ONCE) > 0
    assert len(list(many.folder.rglob("*.parquet"))) < len(kept)
    assert calls(many) == before


def test_a_look_at_a_store_in_good_order_changes_nothing(lake: Lake) -> None:
    version = lake.version()
    Upkeep(lake).look()
    assert lake.version() == version


def test_it_gives_way_to_whoever_writes(many: Lake, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger=upkeep.__name__)
    version = many.version()
    background = Upkeep(many, first=AT_ONCE, every=OFTEN)
    with many.turn():
        background.start()
        end = time.monotonic() + PATIENCE
        while "being written to" not in caplog.text:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert many.version() == version
    wait_until_joined(many)
    background.stop()


def test_it_survives_an_error_and_tries_again(
    many: Lake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done = small_files.join_some
    failed = []

    def fails_once(connection: sa.Connection) -> int:
        if not failed:
            failed.append(True)
            raise OSError("No space left on device")
        return done(connection)

    monkeypatch.setattr(small_files, "join_some", fails_once)
    background = Upkeep(many, first=AT_ONCE, every=OFTEN)
    background.start()
    wait_until_joined(many)
    background.stop()
    [error] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "could not be kept in order" in error.getMessage()
    assert error.exc_info is not None


def test_it_stops_at_once_and_more_than_once(lake: Lake) -> None:
    background = Upkeep(lake, first=NEVER)
    Upkeep(lake).stop()
    background.start()
    start = time.monotonic()
    background.stop()
    background.stop()
    assert time.monotonic() - start < 1
    assert "upkeep" not in {thread.name for thread in threading.enumerate()}
