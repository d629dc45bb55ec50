"""The copy in memory: the same answers as the store's own, and never those of another state."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.importing import open_copy
from usage_core import sample
from usage_core.errors import Interrupted
from usage_core.intake.run import import_file
from usage_core.metrics.limits import change
from usage_core.store import hot
from usage_core.store.changes import changed_since
from usage_core.store.hot import COPIED
from usage_core.store.kept import whole
from usage_core.store.lake import Lake, open_lake
from usage_core.store.maintenance import change_zone
from usage_core.store.settings import put_note
from usage_core.store.tables import CALLS, DAYS, LIMITS, LISTS

LAST = datetime(2026, 4, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("filled")
    lake = open_copy(empty_store, home / "store")
    add(lake, home, 1)
    lake.close()
    return lake.folder


@pytest.fixture
def lake(filled: Path, tmp_path: Path) -> Iterator[Lake]:
    lake = open_copy(filled, tmp_path / "store")
    lake.keep_hot()
    assert lake.hot
    lake.hot.make()
    yield lake
    lake.close()


def add(lake: Lake, home: Path, seed: int) -> None:
    sample.write_csv(home / f"{seed}.csv", calls=300, days=5, seed=seed, until=LAST)
    assert import_file(lake, home / f"{seed}.csv").rows_stored == 300


def by_rollup(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.sum(DAYS.c.calls))).scalar_one())


def by_calls(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(CALLS)).scalar_one())


def database(connection: sa.Connection) -> str:
    return str(connection.execute(sa.text("SELECT current_database()")).scalar_one())


EMPTY = ("limits", "price_rules", "kept_months", "usage_buckets", "repricings", "repricing_sums")


def enter_limit(lake: Lake) -> None:
    with lake.writing() as connection:
        change(connection, "calls_per_minute", {("OpenAI", "gpt-4o"): 7}, LAST.replace(tzinfo=None))


def is_the_store(lake: Lake) -> bool:
    """Every table of the copy has the rows of the store's; returns whether it has any limit."""
    for table in COPIED:
        rows = sa.select(table).order_by(*table.columns)
        if table in LISTS.values():  # what is in a list is in no order
            entries = [sa.func.unnest(c) if c.name in ("bins", "counts") else c for c in table.columns]
            rows = sa.select(*entries).order_by(*(sa.text(f"{n + 1}") for n in range(len(entries))))
        with lake.reading() as connection:
            stored = connection.execute(rows).all()
        assert lake.answer(lambda connection, rows=rows: connection.execute(rows).all()) == stored
        assert stored or table.name in EMPTY or table.name.startswith("bill"), table
    assert lake.answer(database) == "hot"
    return bool(lake.answer(lambda connection: connection.execute(sa.select(LIMITS)).all()))


def test_the_copy_is_the_store(lake: Lake) -> None:
    assert not is_the_store(lake)


def test_a_copy_takes_over_what_did_not_change(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the copy before, which is gone then; what did change is read of the store."""
    assert lake.hot
    filled = []
    real = hot._fill
    monkeypatch.setattr(hot, "_fill", lambda *given: (filled.append(lake.version()), real(*given)))
    enter_limit(lake)
    lake.hot.make()
    assert is_the_store(lake)
    assert not filled
    add(lake, tmp_path, 2)
    lake.hot.make()
    assert is_the_store(lake)
    assert filled == [lake.version()]
    assert lake.answer(by_rollup) == 600


def test_what_changed_is_known_as_long_as_the_catalog_knows_it(lake: Lake, tmp_path: Path) -> None:
    def changed(since: int) -> set[str] | None:
        with lake.reading() as connection:
            return changed_since(connection, since)

    first = lake.version()
    assert changed(first) == set()
    enter_limit(lake)
    assert changed(first) == {"limits"}
    add(lake, tmp_path, 2)
    assert {"limits", "calls", "imports", DAYS.name} <= (changed(first) or set())
    assert changed(0) is None  # that tables were made is no change of rows
    assert changed(lake.version()) == set()
    with lake.writing() as connection:
        connection.execute(
            sa.text("CALL ducklake_expire_snapshots('lake', versions => [:one])"), {"one": first + 1}
        )
    assert changed(first) is None


def test_names_that_are_all_unknown(tmp_path: Path) -> None:
    lake = open_lake(tmp_path / "nothing")
    lake.keep_hot()
    assert lake.hot
    lake.hot.make()
    names = sa.select(DAYS.c.provider_name, DAYS.c.model_name).where(DAYS.c.model_name == "x")
    assert lake.answer(lambda connection: (database(connection), connection.execute(names).all())) == (
        "hot",
        [],
    )
    lake.close()


def test_calls_are_read_through_it(lake: Lake) -> None:
    assert lake.answer(lambda connection: (database(connection), by_calls(connection))) == ("hot", 300)


def test_an_import_shows_at_once_and_the_copy_follows(lake: Lake, tmp_path: Path) -> None:
    add(lake, tmp_path, 2)
    assert lake.answer(lambda connection: (database(connection), by_rollup(connection))) == ("lake", 600)
    lake.keep_hot()
    deadline = time.monotonic() + 60
    while lake.answer(database) != "hot":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert lake.answer(by_rollup) == 600


def test_an_import_during_an_answer_does_not_mix_two_states(lake: Lake, tmp_path: Path) -> None:
    seen = []

    def work(connection: sa.Connection) -> tuple[int, int]:
        rollups = by_rollup(connection)
        if not seen:
            seen.append(rollups)
            add(lake, tmp_path, 2)
        return rollups, by_calls(connection)

    assert lake.answer(work) == (600, 600)
    assert seen == [300]


def test_a_reader_of_the_copy_keeps_its_state_while_it_is_made_anew(lake: Lake, tmp_path: Path) -> None:
    assert lake.hot
    with lake.hot.reading(lake.version()) as connection:
        assert connection is not None
        add(lake, tmp_path, 2)
        lake.hot.make()
        assert by_rollup(connection) == 300
    assert lake.answer(lambda connection: (database(connection), by_rollup(connection))) == ("hot", 600)


def test_the_version_grows_with_every_change_however_quickly_they_follow(lake: Lake) -> None:
    seen = [lake.version()]
    for number in range(8):
        with lake.writing() as connection:
            put_note(connection, "a note", str(number))
        seen.append(lake.version())
    assert seen == sorted(set(seen))


def test_the_version_shows_a_change_by_another(lake: Lake) -> None:
    time.sleep(0.2)  # until what it knows is settled
    before = lake.version()
    assert lake.version() == before
    other = open_lake(lake.folder)
    change_zone(other, "Europe/Berlin")
    assert lake.version() == other.version() > before
    other.close()


def test_a_long_answer_can_be_stopped_and_the_next_one_is_not(lake: Lake) -> None:
    endless = sa.text("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b")

    def stopped_by(stop: object) -> None:
        if callable(stop):
            threading.Timer(0.3, stop).start()

    with pytest.raises(Interrupted):
        lake.answer(lambda connection: connection.execute(endless).all(), stopped_by)
    assert lake.answer(by_rollup) == 300


def test_what_everybody_asks_is_read_before_anybody_asks(filled: Path, tmp_path: Path) -> None:
    lake, asked = open_copy(filled, tmp_path / "store"), []

    def calls(connection: sa.Connection) -> int:
        asked.append(database(connection))
        return by_rollup(connection)

    lake.keep_hot((lambda connection: whole(connection, calls),))
    assert lake.hot
    lake.hot.make()
    for _ in range(2):
        assert lake.answer(lambda connection: whole(connection, calls)) == 300
        lake.hot.forget()
    assert asked == ["hot"]
    add(lake, tmp_path, 2)
    assert lake.answer(lambda connection: whole(connection, calls)) == 600
    lake.hot.make()
    assert lake.answer(lambda connection: whole(connection, calls)) == 600
    assert asked == ["hot", "lake", "hot"]
    lake.close()
