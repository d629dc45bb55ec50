"""Hours of the week, movement and busiest minutes are the same with a store's rollups as without."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.importing import open_copy
from usage_core import sample
from usage_core.intake.run import import_file
from usage_core.metrics.answer import coverage
from usage_core.metrics.movement import movement
from usage_core.metrics.peaks import per_minute
from usage_core.metrics.week import SUMS, week
from usage_core.selection import Selection
from usage_core.store.settings import set_reporting_zone
from usage_core.store.tables import CALLS
from usage_core.timeframe import Timeframe

LAST = datetime(2026, 4, 20, tzinfo=UTC)
DAYS = 40

# Whole days of the workspace's zone, whole hours, edges within an hour, a zone between two hours.
FRAMES = [
    Timeframe(datetime(2026, 3, 20, 23, tzinfo=UTC), datetime(2026, 4, 9, 22, tzinfo=UTC), "Europe/Berlin"),
    Timeframe(datetime(2026, 3, 28, 7, tzinfo=UTC), datetime(2026, 3, 30, 9, tzinfo=UTC), "Europe/Berlin"),
    Timeframe(datetime(2026, 3, 20, 5, 17, tzinfo=UTC), datetime(2026, 4, 9, 3, 41, tzinfo=UTC), "UTC"),
    Timeframe(datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 25, tzinfo=UTC), "Asia/Kathmandu"),
    Timeframe(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "Australia/Lord_Howe"),
]


@pytest.fixture(scope="module")
def connection(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Connection]:
    """A workspace of Berlin, whose clocks change within its days."""
    home = tmp_path_factory.mktemp("patterns")
    lake = open_copy(empty_store, home / "store")
    with lake.writing() as writing:
        set_reporting_zone(writing, "Europe/Berlin")
    sample.write_csv(home / "log.csv", calls=6_000, days=DAYS, seed=3, until=LAST)
    import_file(lake, home / "log.csv")
    with lake.reading() as reading:
        yield reading
    lake.close()


@pytest.fixture(params=FRAMES, ids=lambda frame: f"{frame.zone} {frame.start:%d%b%H%M}")
def selection(request: pytest.FixtureRequest) -> Selection:
    return Selection(request.param)


@pytest.mark.parametrize("metric", SUMS)
def test_hours_of_the_week(connection: sa.Connection, selection: Selection, metric: str) -> None:
    by_model = sa.select(CALLS.c.model_name).group_by(CALLS.c.model_name)
    model = connection.execute(by_model.order_by(sa.func.count().desc()).limit(1)).scalar_one()
    for asked in (selection, replace(selection, model=(model,))):
        by_rollup = week(connection, asked, metric, coverage(connection))
        assert len(by_rollup) > 3
        assert by_rollup.equals(week(connection, asked, metric))


def test_movement(connection: sa.Connection, selection: Selection) -> None:
    before = selection.over(Timeframe(LAST - timedelta(days=DAYS), LAST - timedelta(days=30)))
    by_rollup = movement(connection, selection, before, 3, coverage(connection))
    by_call = movement(connection, selection, before, 3)
    assert by_rollup.counts == by_call.counts
    assert by_rollup.keys.equals(by_call.keys)
    assert sum(by_rollup.counts.values()) > 5


def test_busiest_minutes(connection: sa.Connection, selection: Selection) -> None:
    found = per_minute(connection, selection, coverage(connection))
    assert found == per_minute(connection, selection)
    assert found.every
