"""The sample is shown while there are no calls, apart from them, and gone with the first."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.importing import GOOD, Shelf
from usage_core.intake.undoing import undo
from usage_core.settings import Settings
from usage_core.store.lake import Lake
from usage_core.store.tables import CALLS
from usage_core.workspace import Workspace

DAY = date(2026, 11, 20)
CALLS_IN_SAMPLE = 2000


class Clock:
    day = DAY

    def __call__(self) -> date:
        return self.day


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workspace(lake: Lake, clock: Clock) -> Iterator[Workspace]:
    opened = Workspace(Settings(lake.folder), clock, CALLS_IN_SAMPLE)
    yield opened
    opened.close()


def held(lake: Lake) -> tuple[int, datetime]:
    with lake.reading() as connection:
        return tuple(connection.execute(sa.select(sa.func.count(), sa.func.max(CALLS.c.called_at))).one())


def test_the_sample_comes_and_goes(workspace: Workspace, clock: Clock, lake: Lake, tmp_path: Path) -> None:
    home = lake.folder / "sample"
    half = home / f"{DAY}-{CALLS_IN_SAMPLE}"
    half.mkdir(parents=True)
    (half / "catalog.sqlite").write_bytes(b"left half made by a process that was killed")
    shown = workspace.shown()
    assert shown.is_sample
    count, last = held(shown.lake)
    assert count == CALLS_IN_SAMPLE
    assert DAY - timedelta(days=2) < last.date() < DAY
    assert held(workspace.real) == (0, None), "the sample is kept apart"
    assert workspace.shown() == shown, "made once"

    second = Workspace(Settings(lake.folder), clock, CALLS_IN_SAMPLE)
    made = (home / f"{DAY}-{CALLS_IN_SAMPLE}" / "complete").stat().st_mtime_ns
    assert held(second.shown().lake)[0] == CALLS_IN_SAMPLE
    assert (home / f"{DAY}-{CALLS_IN_SAMPLE}" / "complete").stat().st_mtime_ns == made, "shared by processes"
    second.close()

    clock.day += timedelta(days=1)
    later = workspace.shown()
    assert held(later.lake)[1].date() == DAY, "made anew when the day changes"
    assert [path.name for path in home.iterdir() if path.is_dir()] == [f"{clock.day}-{CALLS_IN_SAMPLE}"]

    # As another process does.
    receipt = Shelf(lake, tmp_path).rows({}, {"api_key_id": "other"})
    now = workspace.shown()
    assert (now.is_sample, held(now.lake)[0]) == (False, 2)
    assert not home.exists()
    assert now.lake is workspace.real
    with now.lake.reading() as connection:
        keys = connection.execute(sa.select(CALLS.c.api_key_id).order_by(CALLS.c.api_key_id)).scalars().all()
    assert keys == [GOOD["api_key_id"], "other"]

    undo(lake, receipt.import_id)
    assert workspace.shown().is_sample, "an import that was undone was none"
