"""What charts show is what the file holds: figures of a real store against sums over its exported rows."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.importing import open_copy
from tests.metrics.by_hand import KEYS, MODELS, Row, as_log, call
from usage_core.export.stream import csv_stream
from usage_core.intake.run import import_file
from usage_core.metrics.answer import ask
from usage_core.metrics.question import Question
from usage_core.metrics.sources import OTHER
from usage_core.schema import EXPORT_COLUMNS
from usage_core.selection import UNKNOWN, Selection
from usage_core.store.lake import Lake
from usage_core.timeframe import Timeframe

SUMS = ("calls", "input_tokens", "output_tokens", "tokens", "cost_usd", "unpriced_calls", "untimed_calls")
MIDDLE = datetime(2026, 10, 25, 1, tzinfo=UTC)
PRICES = (None, Decimal(0), Decimal("0.15"), Decimal("2.5"), Decimal("0.000001"), Decimal("999999.999999"))
HOSTILE = ("=cmd|' /C calc'!A0", 'quo"te', "a,b", "'=1", "\u202eabc")


def random_calls(count: int) -> list[Row]:
    draw = Random(11)
    rows = []
    for _ in range(count):
        tokens = [draw.choice((None, 0, draw.randrange(10**6))) for _ in range(2)]
        prices = [draw.choice(PRICES) for _ in range(2)]
        minute = MIDDLE + timedelta(minutes=draw.randrange(-4 * 1440, 4 * 1440))
        rows.append(
            call(
                (minute + timedelta(microseconds=draw.choice((0, 0, -1, 412_000)))).replace(tzinfo=None),
                api_key_id=draw.choice((*KEYS, *HOSTILE)),
                provider=draw.choice((None, "openai", *HOSTILE)),
                model=draw.choice((*MODELS, *HOSTILE)),
                input_tokens=tokens[0],
                output_tokens=tokens[1],
                completion_time_ms=draw.choice((None, draw.randrange(10**5))),
                input_price=prices[0],
                output_price=prices[1],
            )
        )
    return rows


@pytest.fixture(scope="module")
def lake(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("lake")
    log = folder / "calls.csv"
    log.write_text(as_log(random_calls(2500)), encoding="utf-8", newline="")
    opened = open_copy(empty_store, folder / "store")
    assert import_file(opened, log).rows_stored == 2500
    yield opened
    opened.close()


minutes = st.integers(-4 * 1440, 4 * 1440).map(lambda n: MIDDLE + timedelta(minutes=n))
selections = st.builds(
    lambda edges, zone, **filters: Selection(Timeframe(min(edges), max(edges), zone), **filters),
    st.lists(minutes, min_size=2, max_size=2, unique=True),
    st.sampled_from(("UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Honolulu", "Australia/Lord_Howe")),
    key=st.just(()) | st.lists(st.sampled_from((*KEYS, *HOSTILE)), max_size=4).map(tuple),
    provider=st.just(()) | st.lists(st.sampled_from((UNKNOWN, "openai", *HOSTILE)), max_size=3).map(tuple),
    model=st.just(()) | st.lists(st.sampled_from((*MODELS, *HOSTILE)), max_size=4).map(tuple),
)


def exported(lake: Lake, selection: Selection) -> list[dict[str, Any]]:
    """The rows of the exported file, numbers as Decimal or int; what is empty is None."""
    text = b"".join(csv_stream(lake, selection)).decode()
    records = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    names = {column.label: column.name for column in EXPORT_COLUMNS}
    assert records.fieldnames == list(names)
    rows = [{names[label]: value or None for label, value in record.items()} for record in records]
    for row in rows:
        for name in ("input_tokens", "output_tokens", "completion_time_ms"):
            row[name] = row[name] and int(row[name])
    return rows


def cost(row: dict[str, Any]) -> Decimal | None:
    """What a row of the file costs, from its tokens and prices alone."""
    if row["output_tokens"] is None and row["output_price"] is None and row["input_price"] is not None:
        row = row | {"output_tokens": 0}  # a price for input and none for output: an embedding
    total = Decimal(0)
    for part in ("input", "output"):
        tokens, price = row[f"{part}_tokens"], row[f"{part}_price"]
        if tokens is None or (tokens and price is None):
            return None
        total += tokens * Decimal(price or 0) / 10**6
    return total


def sums(rows: list[dict[str, Any]]) -> dict[str, int | Decimal]:
    costs = [cost(row) for row in rows]
    sent, received = (sum(row[f"{part}_tokens"] or 0 for row in rows) for part in ("input", "output"))
    return {
        "calls": len(rows),
        "input_tokens": sent,
        "output_tokens": received,
        "tokens": sent + received,
        "cost_usd": sum((each for each in costs if each is not None), Decimal(0)),
        "unpriced_calls": sum(each is None for each in costs),
        "untimed_calls": sum(row["completion_time_ms"] is None for row in rows),
    }


@given(selection=selections)
@settings(max_examples=7)
def test_charts_add_up_to_the_file(lake: Lake, selection: Selection) -> None:
    file = sums(exported(lake, selection))
    over_time = ("day", "model"), ("hour",), ("week", "provider")
    with lake.reading() as connection:
        questions = [
            Question(selection, SUMS),
            Question(selection, SUMS, ("key",)),
            Question(selection, SUMS, ("weekday", "hour_of_day")),
            *(Question(selection, SUMS, by) for by in over_time),
            Question(selection, SUMS, ("day", "key"), keep=(KEYS[0], HOSTILE[0])),
        ]
        for question in questions:
            frame = ask(connection, question)
            assert {name: sum(value for value in frame[name] if value is not None) for name in SUMS} == file


def test_a_ranking_is_that_of_the_file(lake: Lake) -> None:
    day = Timeframe(MIDDLE, MIDDLE + timedelta(days=2), "Asia/Kathmandu")
    rows = exported(lake, Selection(day))
    with lake.reading() as connection:
        frame = ask(connection, Question(Selection(day), SUMS, ("key",)))
    unguarded = {"'=cmd|' /C calc'!A0": "=cmd|' /C calc'!A0", "''=1": "'=1"}
    for record in frame.to_dict("records"):
        of_key = [row for row in rows if unguarded.get(row["api_key_id"], row["api_key_id"]) == record["key"]]
        assert {name: record[name] or 0 for name in SUMS} == sums(of_key)
    assert len(frame) == len(set(KEYS) | set(HOSTILE))


def test_folded_and_kept_are_the_file(lake: Lake) -> None:
    week = Selection(Timeframe(MIDDLE - timedelta(days=4), MIDDLE + timedelta(days=4)))
    rows = exported(lake, week)
    with lake.reading() as connection:
        frame = ask(connection, Question(week, SUMS, ("model",), keep=("small",)))
    found = {record.pop("model"): record for record in frame.to_dict("records")}
    assert found["small"] == sums([row for row in rows if row["model"] == "small"])
    assert found[OTHER] == sums([row for row in rows if row["model"] != "small"])


def test_days_are_those_of_the_zone(lake: Lake) -> None:
    """The file is in UTC, the chart in Kathmandu: a quarter to six is midnight."""
    day = date(2026, 10, 24)
    start = datetime(2026, 10, 23, 18, 15, tzinfo=UTC)
    rows = exported(lake, Selection(Timeframe(start, start + timedelta(days=1), "Asia/Kathmandu")))
    wide = Selection(Timeframe(start - timedelta(days=1), start + timedelta(days=2), "Asia/Kathmandu"))
    with lake.reading() as connection:
        frame = ask(connection, Question(wide, SUMS, ("day",)))
    [found] = [record for record in frame.to_dict("records") if record.pop("day").date() == day]
    assert found == sums(rows)
