"""Changes of a store as a whole leave every answer as it is, whoever reads, writes or dies meanwhile."""

import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.importing import Shelf, as_csv, open_copy, row
from tests.processes import Other, other
from usage_core.cli.commands import app
from usage_core.sample.into_store import fill
from usage_core.settings import DATABASE_URL
from usage_core.store import old_files, rollups, small_files
from usage_core.store.lake import Lake, open_lake
from usage_core.store.maintenance import change_zone, compact, merge_rollups
from usage_core.store.settings import reporting_zone
from usage_core.store.small_files import META
from usage_core.store.tables import CALLS, METADATA

UNTIL = datetime(2026, 3, 10, tzinfo=UTC)
IMPORTS = 3
NOW = timedelta(0)
LONG_AGO = timedelta(days=30)

HELD = sa.text(
    "SELECT (SELECT count(*) FROM calls), (SELECT sum(cost_pico) FROM calls), "
    "(SELECT sum(hash(calls)::HUGEINT) FROM calls), (SELECT sum(calls) FROM rollup_days), "
    "(SELECT sum(cost_pico) FROM rollup_key_hours), (SELECT max(last_called_at) FROM rollup_key_names), "
    "(SELECT sum(calls) FROM rollup_times), (SELECT count(*) FROM imports)"
)
KEYS = sa.text(
    "SELECT count(*), count(DISTINCT (day, api_key_id, provider_name, model_name, kind)) FROM rollup_days"
)

READER = """
import sys
from pathlib import Path
import sqlalchemy as sa
from usage_core.store.lake import open_lake

with open_lake(Path(sys.argv[1])).reading() as connection:
    print(connection.execute(sa.text("SELECT id FROM lake.current_snapshot()")).scalar(), flush=True)
    for line in sys.stdin:
        print(tuple(connection.execute(sa.text(sys.argv[2])).one()), flush=True)
"""

COMPACTOR = """
import sys
from pathlib import Path
from usage_core.store import maintenance, small_files
from usage_core.store.lake import open_lake

small_files.TURN_ROWS, small_files.FEWEST = 150, 3
lake = open_lake(Path(sys.argv[1]))
print("Starting", flush=True)
maintenance.compact(lake, lambda doing, part: print(doing, flush=True))
"""


@pytest.fixture(scope="module")
def used(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store after many small imports, over two months."""
    folder = tmp_path_factory.mktemp("used")
    lake = open_copy(empty_store, folder / "store")
    for _ in range(IMPORTS):
        fill(lake, calls=100, days=20, seed=1, until=UNTIL)
    bad = [row(model="") for _ in range(12)]
    nothing_known = row(api_key_name="", input_price="", output_price="", output_tokens="")
    Shelf(lake, folder).take(as_csv([nothing_known, *bad]))
    with lake.writing() as connection:  # some rows are deleted in the file they were in
        changed = sa.update(CALLS).where(CALLS.c.input_tokens % 3 == 0).values(source_call_id="changed")
        assert connection.execute(changed).rowcount > 10 * IMPORTS
    lake.close()
    return folder / "store"


@pytest.fixture
def many(used: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    monkeypatch.setattr(small_files, "FEWEST", IMPORTS)
    lake = open_copy(used, tmp_path / "many")
    yield lake
    lake.close()


def held(lake: Lake) -> tuple[object, ...]:
    with lake.reading() as connection:
        return tuple(connection.execute(HELD).one())


def everything(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table; of rollups what is the same however many rows they have."""
    found = {}
    with lake.reading() as connection:
        for name, table in METADATA.tables.items():
            rows = rollups.added_up(table) if table in rollups.TABLES else sa.select(table)
            found[name] = sorted((tuple(one) for one in connection.execute(rows)), key=repr)
    return found


def sql(query: str) -> sa.TextClause:
    return sa.text(query.replace("META", META))


def meta(lake: Lake, query: str) -> Any:
    with lake.reading() as connection:
        return connection.execute(sql(query)).scalar()


def in_catalog(lake: Lake, name: str) -> int:
    """Rows of a table that are kept in the catalog, be they of a state now or of a former one."""
    with lake.reading() as connection:
        tables = [
            sa.table(held, schema=META) for of, held in small_files.catalog_tables(connection) if of == name
        ]
        counts = [sa.select(sa.func.count()).select_from(table) for table in tables]
        return sum(connection.execute(count).scalar_one() for count in counts)


def on_disk(lake: Lake) -> set[Path]:
    return set((lake.folder / "parquet").rglob("*.parquet"))


def in_use(lake: Lake) -> set[str]:
    """Names of the data files of the store's state now."""
    with lake.reading() as connection:
        paths = connection.execute(sql("SELECT path FROM META.ducklake_data_file WHERE end_snapshot IS NULL"))
        return {Path(path).name for path in paths.scalars()}


def age(lake: Lake, *files: Path) -> None:
    """Make every state of the store, and some files, a month old."""
    old = {"old": (datetime.now(UTC) - LONG_AGO).isoformat()}
    with lake.writing() as connection:
        connection.execute(sql("UPDATE META.ducklake_snapshot SET snapshot_time = :old"), old)
        schedule = "UPDATE META.ducklake_files_scheduled_for_deletion SET schedule_start = :old"
        connection.execute(sql(schedule), old)
    for file in files:
        os.utime(file, times=(time.time() - LONG_AGO.total_seconds(),) * 2)


@contextmanager
def reader(lake: Lake) -> Iterator[Other]:
    """Another process that has begun to read, and goes on for each line it is sent."""
    with other(READER, str(lake.folder), HELD.text) as process:
        assert process.said.readline().strip() == str(lake.version())
        yield process


def reads(process: Other) -> str:
    process.told.write("\n")
    process.told.flush()
    return process.said.readline().strip()


def test_sums_become_fewer_and_answers_stay(many: Lake) -> None:
    before = held(many)
    with many.reading() as connection:
        rows, distinct = connection.execute(KEYS).one()
        assert rows > distinct
        merge_rollups(many)
        assert tuple(connection.execute(HELD).one()) == before  # whoever reads goes on reading
        assert tuple(connection.execute(KEYS).one()) == (rows, distinct)
    with many.reading() as connection:
        assert tuple(connection.execute(KEYS).one()) == (distinct, distinct)
    assert held(many) == before


def test_another_zone_keeps_every_sum(many: Lake) -> None:
    before = held(many)
    change_zone(many, "Asia/Kathmandu")
    with many.reading() as connection:
        assert reporting_zone(connection) == "Asia/Kathmandu"
    assert held(many) == before


def test_calls_of_different_months_stay_apart(own_shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a question of some days would look into files of years."""
    monkeypatch.setattr(small_files, "FEWEST", 2)
    for month in (3, 5):
        for _ in range(2):
            fill(own_shelf.lake, calls=200, days=9, seed=1, until=datetime(2026, month, 20, tzinfo=UTC))
    compact(own_shelf.lake)
    assert (
        meta(own_shelf.lake, "SELECT file_count FROM ducklake_table_info('lake') WHERE table_name = 'calls'")
        == 2
    )


def test_files_become_few_and_every_row_stays(many: Lake) -> None:
    before = everything(many)
    done = compact(many)
    assert everything(many) == before
    assert done.files_before > done.files_after
    assert meta(many, "SELECT file_count FROM ducklake_table_info('lake') WHERE table_name = 'calls'") == 1
    assert done.files_removed == done.snapshots_expired == 0  # others may still read what was replaced
    assert len(on_disk(many)) > done.files_before
    version = many.version()
    again = compact(many)
    assert (again.files_before, again.files_after) == (done.files_after, done.files_after)
    assert many.version() == version


def test_joined_calls_are_sorted_by_time(many: Lake) -> None:
    compact(many)
    with many.reading() as connection:
        files = sa.text("SELECT data_file FROM ducklake_list_files('lake', 'calls')")
        for file in list(connection.execute(files).scalars()):
            read = sa.text("SELECT called_at FROM read_parquet(:file)")
            times = list(connection.execute(read, {"file": file}).scalars())
            assert len(times) > 20
            assert times == sorted(times)


def test_whoever_reads_goes_on_in_this_process_and_in_another(many: Lake) -> None:
    """Also when the state they read is old: it is the newest there is until then."""
    age(many)
    before = held(many)
    with many.reading() as connection, reader(many) as process:
        version = sa.text("SELECT id FROM lake.current_snapshot()")
        connection.execute(version)  # begins the transaction, and reads nothing yet
        assert compact(many).snapshots_expired > 0
        assert reads(process) == str(before)
        assert tuple(connection.execute(HELD).one()) == before
    assert held(many) == before


def test_what_nobody_can_be_reading_is_removed(many: Lake) -> None:
    before = everything(many)
    done = compact(many)
    version = many.version()
    age(many)
    assert compact(many).snapshots_expired == version
    assert len(on_disk(many)) > done.files_after  # forgotten now, removed a day later
    age(many)
    removed = compact(many).files_removed
    assert removed > done.files_before - done.files_after
    assert len(on_disk(many)) == done.files_after
    assert many.version() == version
    assert everything(many) == before
    again = open_lake(many.folder)
    assert everything(again) == before
    again.close()


def test_a_file_that_is_gone_already_does_no_harm(many: Lake) -> None:
    """Killed after removing files, before the catalog says so."""
    before = held(many)
    compact(many)
    old_files.expire(many, NOW)
    first = meta(many, "SELECT min(path) FROM META.ducklake_files_scheduled_for_deletion")
    (many.folder / "parquet" / first).unlink()
    assert old_files.remove(many, NOW) > 0
    assert meta(many, "SELECT count(*) FROM META.ducklake_files_scheduled_for_deletion") == 0
    assert held(many) == before


def test_only_old_files_that_nobody_knows_are_removed(used: Path, tmp_path: Path) -> None:
    """In folders whose names a pattern would take for each other."""
    lake = open_copy(used, tmp_path / "data[1]")
    beside = Path(shutil.copytree(used, tmp_path / "data1"))
    month = next(iter(on_disk(lake))).parent
    left, being_written = month / "left.parquet", month / "being-written.parquet"
    for file in (left, being_written):
        file.write_bytes(b"half a file")
    with lake.reading() as connection:
        assert not old_files.find(connection, lake.folder)
    known = on_disk(lake) - {left, being_written}
    for file in (left, *known, *beside.rglob("*.parquet")):
        age(lake, file)
    with lake.reading() as connection:
        assert old_files.find(connection, lake.folder)
    assert compact(lake).files_removed == 1
    assert not left.exists()
    assert on_disk(lake) >= known | {being_written}
    assert len(list(beside.rglob("*.parquet"))) == len(known)
    lake.close()


def test_rows_kept_in_the_catalog_become_a_file(own_shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_files, "MOST_IN_CATALOG", 12)
    lake = own_shelf.lake
    for n in range(3):
        own_shelf.take(as_csv(row(api_key_id=f"{n}", input_tokens=f"{m}") for m in range(6)))
    before = everything(lake)
    assert (in_catalog(lake, "calls"), len(on_disk(lake))) == (18, 0)
    with lake.reading() as connection:
        was = tuple(connection.execute(HELD).one())
        compact(lake)
        assert tuple(connection.execute(HELD).one()) == was
    assert len(on_disk(lake)) == 1
    old_files.expire(lake, NOW)
    assert in_catalog(lake, "calls") == 0
    assert everything(lake) == before


def test_a_rewriting_that_would_change_something_is_given_up(
    many: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, version = everything(many), many.version()
    monkeypatch.setattr(rollups, "added_up", lambda table: sa.select(*table.columns).limit(1))
    with pytest.raises(RuntimeError, match="nothing was"):
        compact(many)
    monkeypatch.undo()
    assert many.version() == version
    assert everything(many) == before


def test_a_compaction_killed_at_any_moment_changes_nothing(many: Lake, used: Path) -> None:
    before = everything(many)
    chance = random.Random()
    for moment in ("Adding up", "Joining small files", "Joining small files"):
        with other(COMPACTOR, str(many.folder)) as process:
            process.await_line(moment)
            time.sleep(chance.uniform(0, 0.5))
        assert everything(many) == before
    (many.folder / "parquet" / "main" / "calls" / "half.parquet").write_bytes(b"half a file")
    compact(many)
    old_files.expire(many, NOW)
    old_files.remove(many, NOW)
    assert {path.name for path in on_disk(many)} == in_use(many)
    again = open_lake(many.folder)
    assert everything(again) == before
    again.close()


def test_an_import_takes_its_turn_between(many: Lake, tmp_path: Path) -> None:
    calls = held(many)[0]
    with other(COMPACTOR, str(many.folder)) as process:
        process.await_line("Joining small files")
        receipt = Shelf(many, tmp_path).rows({"api_key_id": "new"})
        assert process.ended() == 0
    assert receipt.rows_stored == 1
    assert held(many)[0] == calls + 1


def test_the_command_says_what_it_did(many: Lake) -> None:
    done = CliRunner().invoke(app, ["compact"], env={DATABASE_URL: f"ducklake:///{many.folder}"})
    assert done.exit_code == 0, done.output
    assert "now. 0 old files removed; what was replaced is kept for 24 hours" in done.output


@pytest.mark.parametrize(
    ("sizes", "joined"),
    [
        ([], 0),
        ([5] * (small_files.FEWEST - 1), 0),
        ([5] * small_files.FEWEST, small_files.FEWEST),
        ([1, 2, 4, 8, 16, 32, 64, 128, 256], 0),
        ([5] * small_files.FEWEST + [10_000], small_files.FEWEST),
        ([200_000] * small_files.FEWEST, 2),
    ],
)
def test_files_are_joined_where_it_pays(sizes: list[int], joined: int) -> None:
    assert small_files.worth_joining(sizes) == joined


@given(st.lists(st.integers(1, small_files.SMALL_ROWS - 1), min_size=1, max_size=200))
def test_files_stay_few_and_rows_are_not_written_again_and_again(imports: list[int]) -> None:
    files: list[int] = []
    written = 0
    for rows in imports:
        files.append(rows)
        files.sort()
        while many := small_files.worth_joining([size for size in files if size < small_files.SMALL_ROWS]):
            assert many > 1
            together = sum(files[:many])
            assert together <= small_files.TURN_ROWS
            files = sorted([together, *files[many:]])
            written += together
    assert sum(files) == sum(imports)
    assert sum(size < small_files.SMALL_ROWS for size in files) <= small_files.FEWEST + 20
    assert written <= 20 * sum(imports)
