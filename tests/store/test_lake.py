"""The store: made on first opening, left alone on the second, one state for each reader."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from duckdb_sqlalchemy.datatypes import Struct

from tests.importing import Shelf, as_csv, row
from usage_core.errors import StoreUnavailable
from usage_core.settings import CHECKOUT, DATABASE_URL, load, store_folder
from usage_core.store import new_store
from usage_core.store.known_empty import FILLED_BY_IMPORTS
from usage_core.store.lake import Lake, open_lake
from usage_core.store.schema_as_sql import as_sql, made_by_steps
from usage_core.store.scratch import Scratch
from usage_core.store.tables import CALLS, METADATA, VIEWS, WORKSPACE


def test_a_new_store_has_the_tables_of_the_record(module_shelf: Shelf) -> None:

    def written(kind: sa.types.TypeEngine[Any]) -> str:
        if isinstance(kind, sa.ARRAY):
            return f"{written(kind.item_type)}[]"
        if not isinstance(kind, Struct):
            return str(kind).replace("NUMERIC", "DECIMAL").replace(", ", ",").replace("DATETIME", "TIMESTAMP")
        dialect = module_shelf.lake.engine.dialect
        fields = (f"{name} {each.compile(dialect=dialect)}" for name, each in kind.fields.items())
        return f"STRUCT({', '.join(fields)})".replace("NUMERIC(12, 6)", "DECIMAL(12,6)")

    expected = {
        table.name: [(c.name, written(c.type), bool(c.nullable)) for c in table.columns]
        for table in (*METADATA.tables.values(), *VIEWS.tables.values())
    }
    found: dict[str, list[tuple[str, str, bool]]] = {}
    with module_shelf.lake.reading() as connection:
        for table, name, kind, nullable in connection.exec_driver_sql(
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
            "WHERE table_catalog = 'lake' AND table_schema = 'main' ORDER BY table_name, ordinal_position"
        ):
            found.setdefault(table, []).append((name, kind, nullable == "YES"))
    assert len(found.pop("alembic_version")) == 1
    # A column that was added by a later migration stands last in the store.
    for tables in (found, expected):
        for name in ("calls", "price_rules", "rollup_days", "usage_buckets"):
            tables[name].sort()
    assert found == expected


def test_a_new_store_is_what_the_steps_make(module_shelf: Shelf, tmp_path: Path) -> None:
    """It is made in one go: alike in every table, column, default, view, setting and row."""
    stepped = made_by_steps(tmp_path / "stepped")
    with stepped.reading() as by_steps, module_shelf.lake.reading() as at_once:
        assert made(at_once) == made(by_steps)
        assert as_sql(by_steps) == new_store.SCRIPT.read_text(), "`make format` writes it anew"
    stepped.close()


def made(connection: sa.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Whatever the catalog says of the tables and views there are now, but for when and where they were made;
    and what the tables hold."""
    column = "column_name, column_type, initial_default, default_value, default_value_type, nulls_allowed"
    place = "row_number() OVER (PARTITION BY table_id ORDER BY column_order, column_id)"
    of_tables = {
        "ducklake_column": f"{place}, parent_column IS NOT NULL, {column}",
        "ducklake_partition_info": "x.*",
        "ducklake_sort_info": "x.*",
    }
    beside = "JOIN @ducklake_table t USING (table_id) WHERE t.end_snapshot IS NULL AND x.end_snapshot IS NULL"
    queries = {
        **{name: f"SELECT t.table_name, {of} FROM @{name} x {beside}" for name, of in of_tables.items()},  # noqa: S608
        "views": "SELECT view_name, sql, column_aliases FROM @ducklake_view WHERE end_snapshot IS NULL",
        "tags": "SELECT key, value FROM @ducklake_tag WHERE end_snapshot IS NULL",
        "settings": "SELECT key, value, scope FROM @ducklake_metadata WHERE key <> 'data_path'",
        **{name: f"FROM {name}" for name in ("alembic_version", *METADATA.tables)},
    }
    at = "__ducklake_metadata_lake."
    return {
        name: sorted(map(tuple, connection.exec_driver_sql(query.replace("@", at))), key=str)
        for name, query in queries.items()
    }


def test_every_table_is_known_to_be_empty_and_is(lake: Lake) -> None:
    """DuckLake takes several times as long with a table that it has no figures of."""
    with lake.reading() as connection:
        figures = connection.exec_driver_sql(
            "SELECT table_name FROM __ducklake_metadata_lake.ducklake_table_stats "
            "JOIN __ducklake_metadata_lake.ducklake_table USING (table_id)"
        )
        known = set(figures.scalars())
        held = {
            table: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in METADATA.tables.values()
        }
    assert {table for table, rows in held.items() if rows} == {WORKSPACE}
    assert set(METADATA.tables) - known == {table.name for table in FILLED_BY_IMPORTS}


def test_opening_again_changes_nothing_and_has_its_own_place_to_spill(module_shelf: Shelf) -> None:
    """DuckDB names spilled files alike in every process, and reads back what another one wrote."""
    before = module_shelf.lake.version()
    again = open_lake(module_shelf.lake.folder)
    assert again.version() == before
    folders = set()
    for one in (module_shelf.lake, again):
        with one.reading() as connection:
            folders.add(connection.exec_driver_sql("SELECT current_setting('temp_directory')").scalar_one())
    assert len(folders) == 2
    again.close()


def test_first_starts_at_the_same_time(tmp_path: Path) -> None:
    opened: list[Lake] = []
    starts = [threading.Thread(target=lambda: opened.append(open_lake(tmp_path / "new"))) for _ in range(2)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len({one.version() for one in opened}) == 1
    assert len(opened) == 2
    for one in opened:
        one.close()


def test_a_newer_store_is_refused_and_left_as_it_is(lake: Lake) -> None:
    with lake.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = lake.version()
    with pytest.raises(
        StoreUnavailable, match=r"schema version 9999, .*Nothing was changed\. Update the console"
    ):
        open_lake(lake.folder)
    assert lake.version() == before
    assert [path for path in (lake.folder / "staging").glob("spill_*") if path.is_dir()] == [lake.spill.path]


@pytest.mark.parametrize("content", [None, b"not a database " * 100])
def test_what_is_no_store_is_refused_in_words(tmp_path: Path, content: bytes | None) -> None:
    folder = tmp_path / "store"
    if content is None:
        folder.write_text("a file where the folder should be")
    else:
        folder.mkdir()
        (folder / "catalog.sqlite").write_bytes(content)
    with pytest.raises(StoreUnavailable, match="cannot be opened") as error:
        open_lake(folder)
    assert "Check that the folder exists" in str(error.value)


def test_a_folder_by_any_name_that_may_be_moved(empty_store: Path, tmp_path: Path) -> None:
    odd = tmp_path / "it's a “store” with; everything"
    opened = open_lake(odd)
    shelf = Shelf(opened, tmp_path)
    shelf.take(as_csv(row(api_key_id=f"{n}") for n in range(50)))
    opened.close()
    moved = odd.rename(tmp_path / "moved here")
    opened = open_lake(moved)
    assert len(Shelf(opened, tmp_path).stored()) == 50
    opened.close()


def test_a_reader_sees_one_state_and_does_not_wait(shelf: Shelf) -> None:
    count = sa.select(sa.func.count()).select_from(CALLS)
    with shelf.lake.reading() as connection:
        assert connection.execute(count).scalar_one() == 0
        shelf.rows({}, {})
        assert connection.execute(count).scalar_one() == 0
    with shelf.lake.reading() as connection:
        assert connection.execute(count).scalar_one() == 2


def test_every_change_has_a_version(shelf: Shelf) -> None:
    before = shelf.lake.version()
    shelf.rows({})
    assert shelf.lake.version() > before


def test_a_failure_while_writing_stores_nothing(shelf: Shelf) -> None:
    before = shelf.lake.version()
    with pytest.raises(ZeroDivisionError), shelf.lake.writing() as connection:
        connection.execute(sa.text("DELETE FROM imports"))
        raise ZeroDivisionError
    assert shelf.lake.version() == before
    assert shelf.lake.lock.is_locked is False


def test_a_writer_waits_for_its_turn_and_says_so(shelf: Shelf) -> None:
    held, let_go, said = threading.Event(), threading.Event(), []

    def hold() -> None:
        with shelf.lake.turn():
            held.set()
            let_go.wait()

    def waiting() -> None:
        said.append("waiting")
        let_go.set()

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    with shelf.lake.turn(waiting):
        assert said == ["waiting"]
    other.join()
    with shelf.lake.turn(waiting):
        assert said == ["waiting"]


def test_what_a_dead_process_left_is_swept_and_a_living_one_s_is_not(tmp_path: Path) -> None:
    alive = Scratch(tmp_path, "stage")
    code = (
        "import os, sys; from pathlib import Path; from usage_core.store.scratch import Scratch; "
        "kept = Scratch(Path(sys.argv[1]), 'stage'); (kept.path / 'x').touch(); "
        "print(kept.path.name, flush=True); "
        "os.kill(os.getpid(), 9)"
    )
    dead = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=CHECKOUT, capture_output=True, text=True, check=False
    ).stdout.strip()
    assert (tmp_path / dead / "x").exists()
    (tmp_path / "tmp_from_an_older_version").mkdir()
    new = Scratch(tmp_path, "posted")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == sorted([alive.name, new.name])
    for scratch in (alive, new):
        scratch.close()
    assert list(tmp_path.iterdir()) == []
    new.close()


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("ducklake:///srv/usage", "/srv/usage"),
        ("ducklake:///srv/us%20age/%25", "/srv/us age/%"),
        ("ducklake:///srv/us age/", "/srv/us age"),
        ("ducklake:////srv/usage", "/srv/usage"),
    ],
)
def test_a_store_by_its_url(url: str, folder: str) -> None:
    assert store_folder(url).as_posix().replace("//", "/") == folder
    assert load({DATABASE_URL: url}).folder == store_folder(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret@host/db",
        "ducklake://host/folder",
        "ducklake:",
        "ducklake:///",
        "/srv/usage",
        "x",
    ],
)
def test_another_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(
        StoreUnavailable, match="USAGE_DATABASE_URL must name a folder as ducklake:///"
    ) as error:
        load({DATABASE_URL: url})
    assert "secret" not in str(error.value)


def test_without_a_url_the_store_is_beside_the_program() -> None:
    assert load({}).folder == load({DATABASE_URL: ""}).folder == CHECKOUT / "data"
