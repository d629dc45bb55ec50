"""Calls are deleted for good, with their part of every sum, and leave nothing behind."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from pyarrow import parquet

from tests.importing import Shelf, as_csv, row
from usage_core.errors import NothingToDelete
from usage_core.intake import retention
from usage_core.intake.retention import Doomed
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.question import Question
from usage_core.schema import usd
from usage_core.selection import Selection
from usage_core.store import maintenance, rollups
from usage_core.store.lake import Lake
from usage_core.store.settings import REPORTING_ZONE, put_note
from usage_core.store.tables import KEPT_MONTHS
from usage_core.timeframe import Timeframe, parse_edge

EVER = Selection(Timeframe(parse_edge("2000-01-01", "UTC"), parse_edge("2100-01-01", "UTC"), "UTC"))
ROWS = [
    {"called_at": f"2026-0{month}-{day:02}T{hour:02}:30:00Z", "api_key_id": key, "model": f"model-{key}"}
    for month in range(1, 4)
    for day in (1, 15, 28)
    for hour in (0, 23)
    for key in "ab"
]


def fill(shelf: Shelf) -> None:
    shelf.take(as_csv([*(row(**each) for each in ROWS), row(model="")]))
    maintenance.compact(shelf.lake)


@pytest.fixture
def filled(module_shelf: Shelf) -> Lake:
    module_shelf.begin(fill)
    return module_shelf.lake


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
        (Doomed(key="a"), lambda each: each["api_key_id"] == "a"),
        (
            Doomed(before=date(2026, 3, 2), key="b"),
            lambda each: each["called_at"] < "2026-03-02" and each["api_key_id"] == "b",
        ),
        (Doomed(before=date(2026, 3, 20)), lambda each: each["called_at"] < "2026-03-20"),
    ],
)
def test_what_is_left_is_what_was_never_deleted(
    filled: Lake, doomed: Doomed, goes: Callable[[dict[str, str]], bool]
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


def test_old_calls_go_and_their_sums_by_month_stay(own_shelf: Shelf) -> None:
    shelf, filled = own_shelf, own_shelf.lake
    shelf.take(as_csv(row(**each) for each in ROWS))
    with filled.writing() as connection:
        put_note(connection, REPORTING_ZONE, "Asia/Tokyo")  # 23:30 UTC of the 31st would be the next month's
    march = date(2026, 3, 1)
    old = [each for each in ROWS if each["called_at"] < "2026-02-28T15"]
    shown = retention.preview(filled, Doomed(before=march))
    assert retention.retain(filled, march) == shown
    assert (shown.calls, shown.stay) == (len(old), len(ROWS) - len(old))
    kept = months(filled)
    assert sum(row["calls"] for row in kept) == len(old)
    assert usd(sum(int(row["cost_pico"]) for row in kept)) == shown.cost
    [first] = [row for row in kept if (row["month"].month, row["api_key_id"]) == (1, "a")]
    assert (first["model_name"], first["calls"], first["input_tokens"]) == ("model-a", 6, 3_000)
    # The file again brings back nothing that the sums hold.
    again = shelf.take(as_csv(row(**each) for each in ROWS), name="again.csv")
    assert (again.rows_stored, again.rows_duplicate, again.rows_skipped) == (0, shown.stay, len(old))
    assert next(iter(again.skipped_reasons)).startswith("It was made before 2026-03-01")
    with pytest.raises(NothingToDelete):
        retention.retain(filled, march)
    # A key that is deleted is deleted from the sums, too.
    retention.delete(filled, Doomed(key="a"))
    assert {row["api_key_id"] for row in months(filled)} == {"b"}
    retention.delete(filled, Doomed(before=date(2026, 2, 1)))
    assert {row["month"].month for row in months(filled)} == {2}


def months(lake: Lake) -> list[dict[str, Any]]:
    with lake.reading() as connection:
        return [dict(each) for each in connection.execute(sa.select(KEPT_MONTHS)).mappings()]


@pytest.mark.parametrize(
    ("months", "today", "first"),
    [(0, "2026-11-23", "2026-11-01"), (1, "2026-11-01", "2026-10-01"), (24, "2026-11-30", "2024-11-01"),
     (11, "2026-11-23", "2025-12-01")],
)  # fmt: skip
def test_months_are_whole(months: int, today: str, first: str) -> None:
    assert retention.months_ago(months, date.fromisoformat(today)) == date.fromisoformat(first)
