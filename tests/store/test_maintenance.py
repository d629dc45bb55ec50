"""Changes of a store as a whole leave every answer as it is."""

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from usage_core.sample.into_store import fill
from usage_core.store.lake import Lake, open_lake
from usage_core.store.maintenance import change_zone, merge_rollups
from usage_core.store.settings import reporting_zone

UNTIL = datetime(2026, 3, 10, tzinfo=UTC)
IMPORTS = 4

HELD = sa.text(
    "SELECT (SELECT count(*) FROM calls), (SELECT sum(cost_pico) FROM calls), "
    "(SELECT sum(calls) FROM rollup_days), (SELECT sum(cost_pico) FROM rollup_key_hours), "
    "(SELECT sum(calls) FROM rollup_times), (SELECT count(*) FROM imports)"
)
KEYS = sa.text(
    "SELECT count(*), count(DISTINCT (day, api_key_id, provider_name, model_name, kind)) FROM rollup_days"
)


def many_imports(folder: Path) -> Lake:
    lake = open_lake(folder)
    for _ in range(IMPORTS):
        fill(lake, calls=300, days=3, seed=1, until=UNTIL)
    return lake


def held(lake: Lake) -> tuple[object, ...]:
    with lake.reading() as connection:
        return tuple(connection.execute(HELD).one())


def test_sums_become_fewer_and_answers_stay(tmp_path: Path) -> None:
    lake = many_imports(tmp_path / "store")
    before = held(lake)
    with lake.reading() as reader:
        many, distinct = reader.execute(KEYS).one()
        assert many > distinct
        merge_rollups(lake)
        assert tuple(reader.execute(HELD).one()) == before  # whoever reads goes on reading
        assert tuple(reader.execute(KEYS).one()) == (many, distinct)
    with lake.reading() as connection:
        assert tuple(connection.execute(KEYS).one()) == (distinct, distinct)
    assert held(lake) == before
    lake.close()


def test_another_zone_keeps_every_sum(tmp_path: Path) -> None:
    lake = many_imports(tmp_path / "store")
    before = held(lake)
    change_zone(lake, "Asia/Kathmandu")
    with lake.reading() as connection:
        assert reporting_zone(connection) == "Asia/Kathmandu"
    assert held(lake) == before
    lake.close()
