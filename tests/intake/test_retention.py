"""Calls are deleted for good, with their part of every sum, and leave nothing behind."""

from collections.abc import Callable
from datetime import date

import pytest
from pyarrow import parquet

from tests.importing import Shelf, as_csv, row
from usage_core.errors import NothingToDelete
from usage_core.intake import retention
from usage_core.intake.retention import Doomed
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.question import Question
from usage_core.selection import Selection
from usage_core.store import maintenance, rollups
from usage_core.store.lake import Lake
from usage_core.timeframe import Timeframe, parse_edge

EVER = Selection(Timeframe(parse_edge("2000-01-01", "UTC"), parse_edge("2100-01-01", "UTC"), "UTC"))
ROWS = [
    {"called_at": f"2026-0{month}-{day:02}T{hour:02}:30:00Z", "api_key_id": key, "model": f"model-{key}"}
    for month in range(1, 4)
    for day in (1, 15, 28)
    for hour in (0, 23)
    for key in "ab"
]


@pytest.fixture
def filled(shelf: Shelf) -> Lake:
    shelf.take(as_csv([*(row(**each) for each in ROWS), row(model="")]))
    maintenance.compact(shelf.lake)
    return shelf.lake


def answers(lake: Lake) -> list[str]:
    found = []
    with lake.reading() as connection:
        for by in (("day",), ("hour", "key"), ("model",), ("key",)):
            for covered in (coverage(connection), None):
                found.append(
                    ask(connection, Question(EVER, ("calls", "p95_ms", "cost_usd"), by), covered).to_csv()
                )
    return found


@pytest.mark.parametrize(
    ("doomed", "goes"),
    [
        (Doomed(before=date(2026, 2, 15)), lambda each: each["called_at"] < "2026-02-15"),
        (Doomed(key="a"), lambda each: each["api_key_id"] == "a"),
        (
            Doomed(before=date(2026, 3, 2), key="b"),
            lambda each: each["called_at"] < "2026-03-02" and each["api_key_id"] == "b",
        ),
        (Doomed(before=date(2026, 3, 20)), lambda each: each["called_at"] < "2026-03-20"),
    ],
)
def test_what_is_left_is_what_was_never_deleted(
    filled: Lake, shelf: Shelf, doomed: Doomed, goes: Callable[[dict[str, str]], bool]
) -> None:
    going = [each for each in ROWS if goes(each)]
    shown = retention.preview(filled, doomed)
    assert (shown.calls, shown.stay) == (len(going), len(ROWS) - len(going))
    assert retention.delete(filled, doomed) == shown
    deleted = answers(filled)
    with filled.writing() as connection:  # every sum, made of nothing but the calls that are left
        rollups.rebuild(connection, "UTC")
    assert answers(filled) == deleted
    with pytest.raises(NothingToDelete):
        retention.delete(filled, doomed)
    retention.clear_disk(filled)
    assert answers(filled) == deleted
    left = {each["api_key_id"] for each in ROWS if not goes(each)}
    files = (filled.folder / "parquet" / "main" / "calls").rglob("*.parquet")
    kept = [key for file in files for key in parquet.ParquetFile(file).read()["api_key_id"].to_pylist()]
    assert set(kept) <= left


def test_something_must_be_said() -> None:
    with pytest.raises(NothingToDelete, match="Say which"):
        Doomed()
