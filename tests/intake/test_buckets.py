"""Sums that are imported again, longer, revised or undone are counted once, and never as calls."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.importing import Shelf
from usage_core.intake import retention
from usage_core.intake.retention import Doomed
from usage_core.intake.several import import_given
from usage_core.intake.undoing import preview, undo
from usage_core.metrics.answer import coverage
from usage_core.store.tables import BUCKETS

HEADER = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_read,usage_output_tokens\n"
)
PARTS = ("read", "stored", "skipped", "rejected")
SAMPLES = Path(__file__).parents[1] / "samples" / "sums"


def day(number: int, sent: int, key: str = "web") -> str:
    return f"2026-08-{number:02},claude-sonnet-4-5,{key},Default,standard,{sent},0,1\n"


def versions(shelf: Shelf) -> list[tuple[int, int | None]]:
    """(day, input tokens) of all that is stored, the oldest version first."""
    b = BUCKETS.c
    with shelf.lake.reading() as connection:
        found = connection.execute(sa.select(b.period_start, b.input_tokens).order_by(b.imported_at))
        return [(start.day, tokens) for start, tokens in found]


def test_a_longer_export_adds_what_is_new(shelf: Shelf) -> None:
    shelf.take(day(3, 100) + day(4, 7), HEADER)
    longer = shelf.take(day(3, 100) + day(4, 50) + day(5, 1) + day(3, 9, "jobs"), HEADER)
    assert (longer.rows_stored, longer.rows_duplicate) == (3, 1)
    assert sorted(versions(shelf)) == [(3, 9), (3, 100), (4, 7), (4, 50), (5, 1)]
    again = shelf.take(day(3, 100) + day(4, 7), HEADER)
    assert (again.rows_stored, again.rows_duplicate) == (0, 2)


def test_rows_of_one_bucket_are_added_up(shelf: Shelf) -> None:
    receipt = shelf.take(day(3, 100) + day(3, 100) + day(3, 5), HEADER)
    assert (receipt.rows_stored, versions(shelf)) == (3, [(3, 205)])


def test_undoing_takes_the_sums_alone(shelf: Shelf) -> None:
    shelf.rows({})
    first = shelf.take(day(3, 100), HEADER)
    second = shelf.take(day(3, 120), HEADER)
    third = shelf.take(day(3, 100), HEADER)
    assert (third.rows_duplicate, preview(shelf.lake, first.import_id).later) == (1, ("calls.csv",))
    taken = preview(shelf.lake, second.import_id)
    assert (taken.calls, taken.buckets) == (0, 1)
    undo(shelf.lake, second.import_id)
    assert versions(shelf) == [(3, 100)]
    assert len(shelf.stored()) == 1


def test_sums_are_no_calls_to_what_counts_them(shelf: Shelf) -> None:
    shelf.rows({})
    with shelf.lake.reading() as connection:
        before = coverage(connection)
    shelf.take(day(3, 100), HEADER)
    with shelf.lake.reading() as connection:
        assert coverage(connection) == replace(before, has_totals=True)
    assert len(shelf.stored()) == 1


def test_totals_of_a_deleted_key_go_too(shelf: Shelf) -> None:
    header = "period_start,period_end,org_id,api_key_id,requests\n"
    shelf.take("".join(f"2026-08-0{n},2026-08-0{n},o,{key},5\n" for n in (3, 4) for key in "ab"), header)
    assert retention.delete(shelf.lake, Doomed(key="a")).totals == 2
    assert retention.delete(shelf.lake, Doomed(before=date(2026, 8, 4))).totals == 1
    assert versions(shelf) == [(4, None)]


def test_an_archive_of_amounts_and_costs(shelf: Shelf) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("amount", "cost"):
            archive.write(SAMPLES / f"deepseek_{name}.csv", f"{name}-2026-8.csv")
    (shelf.folder / "usage.zip").write_bytes(packed.getvalue())
    shelf.dirty = True
    outcomes = list(import_given(shelf.lake, str(shelf.folder / "usage.zip")))
    assert [each.rows for each in outcomes] == [4, 0]
    assert versions(shelf) == [(3, 84_000)]


@pytest.mark.parametrize("lines", [False, True])
def test_pages_of_an_answer(shelf: Shelf, lines: bool) -> None:
    page = json.loads((SAMPLES / "openai_usage_api.json").read_text(encoding="utf-8"))
    empty = page | {
        "data": [{"object": "bucket", "start_time": 1785974400, "end_time": 1786060800, "results": []}]
    }
    body = "\n".join(map(json.dumps, (page, empty))) if lines else json.dumps([page, empty])
    receipt = shelf.take(body, "", "pages.json")
    read, stored, skipped, aside = (getattr(receipt, f"rows_{part}") for part in PARTS)
    assert (read, stored, skipped, aside) == (8 + 1, 4, 2 + 1, 2)


def test_hours_and_offsets(shelf: Shelf) -> None:
    body = "2026-08-03T00:00:00+02:00,2026-08-03,o,k,n,5,0.5\n"
    shelf.take(body, "period_start,period_end,org_id,api_key_id,api_key_name,requests,total_cost_usd\n")
    with shelf.lake.reading() as connection:
        [found] = connection.execute(sa.select(BUCKETS.c.period_start, BUCKETS.c.period_end)).all()
    assert tuple(found) == (datetime(2026, 8, 2, 22), datetime(2026, 8, 4))  # noqa: DTZ001 - stored naive
