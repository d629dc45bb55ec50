"""Several processes on one store, some of which are killed."""

import random
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.importing import Shelf, as_csv, row
from tests.processes import Other, other
from usage_core import sample
from usage_core.schema import EXPORT_COLUMNS
from usage_core.store.lake import Lake
from usage_core.store.tables import CALLS, IMPORTS

ROWS = 40_000

LABELS = [column.label for column in EXPORT_COLUMNS]

IMPORTER = """
import sys
from pathlib import Path
from usage_core.store.lake import open_lake
from usage_core.intake.run import import_file

lake = open_lake(Path(sys.argv[1]))
for path in sys.argv[2:]:
    said = lambda doing, part: part is None and print(doing, flush=True)
    print(import_file(lake, Path(path), report=said).sentence, flush=True)
"""


def importer(lake: Lake, *files: Path) -> AbstractContextManager[Other]:
    """Another process that imports, saying what it does line by line."""
    return other(IMPORTER, str(lake.folder), *map(str, files))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "log.csv"
    sample.write_csv(path, calls=ROWS, days=60, seed=3, until=datetime(2026, 9, 1, tzinfo=UTC))
    return path


def counts(lake: Lake) -> tuple[int, int, int]:
    """Calls, calls that belong to a receipt, and calls that receipts speak of, in one state."""
    with lake.reading() as connection:
        ids = sa.select(IMPORTS.c.import_id)
        return (
            connection.execute(sa.select(sa.func.count()).select_from(CALLS)).scalar_one(),
            connection.execute(sa.select(sa.func.count()).where(CALLS.c.import_id.in_(ids))).scalar_one(),
            connection.execute(
                sa.select(sa.func.coalesce(sa.func.sum(IMPORTS.c.rows_stored), 0))
            ).scalar_one(),
        )


def test_a_killed_import_is_in_the_store_entirely_or_not_at_all(shelf: Shelf, log: Path) -> None:
    """Killed while it reads, and at moments of its one transaction."""
    lake = shelf.lake
    chance = random.Random()
    for stage, seconds in (("Reading", 0.5), ("Storing", 0.0), ("Storing", 0.6)):
        with importer(lake, log) as process:
            process.await_line(stage)
            time.sleep(chance.uniform(0, seconds))
        held = counts(lake)
        assert held in ((0, 0, 0), (ROWS, ROWS, ROWS))
    receipt = shelf.take_file(log)
    assert receipt.rows_stored + receipt.rows_duplicate == ROWS
    assert counts(lake) == (ROWS, ROWS, ROWS)
    assert list((lake.folder / "staging").glob("stage_*")) == []


def test_two_processes_import_while_a_third_reads(shelf: Shelf, tmp_path: Path) -> None:
    lake, shelf.dirty = shelf.lake, True
    files = []
    for n in range(4):
        files.append(tmp_path / f"{n}.csv")
        rows = as_csv(row(called_at=f"2026-0{n + 1}-02T00:00:{s:02}Z", api_key_id=f"{n}") for s in range(60))
        files[-1].write_text(",".join(LABELS) + "\n" + rows)
    seen = set()
    with importer(lake, files[0], files[2], files[3]) as one, importer(lake, files[1], files[3]) as another:
        while one.process.is_alive() or another.process.is_alive():
            held = counts(lake)
            assert held[0] == held[1] == held[2]
            seen.add(held[0])
            time.sleep(0.2)
        assert (one.ended(), another.ended()) == (0, 0)
    assert counts(lake) == (240, 240, 240)
    assert seen <= {0, 60, 120, 180, 240}
    with lake.reading() as connection:
        totals = sa.select(
            sa.func.sum(IMPORTS.c.rows_read), sa.func.sum(IMPORTS.c.rows_duplicate), sa.func.count()
        )
        assert tuple(connection.execute(totals).one()) == (300, 60, 5)
