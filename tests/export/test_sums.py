"""Sums in place of calls: those of the calls, worked out in plain Python, in every format."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.importing import EVER, Shelf, as_csv, row
from usage_core.api.endpoint import Console
from usage_core.api.routes import routes
from usage_core.api.sums import SUMS_PATH
from usage_core.errors import SelectionError
from usage_core.export.formats import file
from usage_core.export.stream import file_stream
from usage_core.export.sums import BY, PERIODS, summed
from usage_core.periods import start_of
from usage_core.schema import COLUMNS
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe, zone_info
from usage_core.wording import plain_decimal
from usage_core.workspace import Shown

Rows = list[dict[str, Any]]
BERLIN = Selection(
    Timeframe(datetime(2026, 7, 31, 22, tzinfo=UTC), datetime(2026, 9, 1, 5, 30, tzinfo=UTC), "Europe/Berlin")
)
DETAIL = ",".join(column.label for column in COLUMNS[:10]) + ",Call Kind,Cache Read Tokens\n"


@pytest.fixture(scope="module")
def held(module_shelf: Shelf) -> Shelf:
    """Two keys, one renamed, of hostile names; models with and without a price; late at night in Berlin."""
    rows = [
        [
            *row(called_at=at, api_key_id=key, api_key_name=f"=name-{key}-{at[8:10]}", model=model, **price),
            kind,
            cached,
        ]
        for at in ("2026-08-01T22:30:00Z", "2026-08-02T10:00:00Z", "2026-08-31T23:00:00Z")
        for key in ("a", "-b")
        for model, price, kind, cached in (
            ("gpt-4o", {}, "completion", "20"),
            ("nobody-s", {"input_price": "", "output_price": "", "output_tokens": ""}, "other", ""),
        )
    ]
    assert module_shelf.take(as_csv(rows), header=DETAIL).rows_stored == len(rows)
    return module_shelf


def by_hand(shelf: Shelf, selection: Selection, by: str, per: str) -> Rows:
    names = ("called_at", "api_key_id", "api_key_name", "model_name", "input_tokens", "output_tokens")
    calls = shelf.stored(None, *names, "cache_read_tokens", "cost_pico", "provider_name")
    zone, frame, groups = zone_info(selection.timeframe.zone), selection.timeframe, defaultdict(list)
    newest = {key: name for _at, key, name, *_ in calls}
    for naive, key, _name, model, *amounts, provider in calls:
        at = naive.replace(tzinfo=UTC)
        if frame.start <= at < frame.end:
            local = at.astimezone(zone).replace(tzinfo=None)
            period = [f"{start_of(local, per):%Y-%m-%d}"] if per else []
            groups[*period, key, *([provider, model] if by == "key-model" else [])].append(amounts)
    found = []
    for group, amounts in sorted(groups.items()):
        *period, key = group[: 2 if per else 1]
        sums = [
            sum(some) if (some := [each for each in column if each is not None]) else None
            for column in zip(*amounts, strict=True)
        ]
        cost = None if sums[3] is None else Decimal(sums[3]).scaleb(-12)
        unpriced = sum(each[3] is None for each in amounts)
        values = [
            *period,
            key,
            newest[key],
            *group[len(period) + 1 :],
            len(amounts),
            *sums[:3],
            None,
            None,
            cost,
            unpriced,
        ]
        found.append(dict(zip([column.label for column in summed(by, per).columns], values, strict=True)))
    return found


def whole(shelf: Shelf, kind: str, by: str, per: str, selection: Selection = BERLIN) -> bytes:
    return b"".join(file_stream(shelf.lake, selection, file(kind), content=summed(by, per).content))


@pytest.mark.parametrize("per", ["", *PERIODS])
@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("selection", [EVER, BERLIN], ids=["rollups", "calls"])
def test_every_sum_is_that_of_the_calls(held: Shelf, selection: Selection, by: str, per: str) -> None:
    expected = by_hand(held, selection, by, per)
    assert len(expected) > (2 if per == "day" else 1)
    found = list(csv.DictReader(io.StringIO(whole(held, "csv", by, per, selection).decode(), newline="")))

    def cell(value: Any) -> str:
        if isinstance(value, Decimal):
            return plain_decimal(value)
        guarded = f"'{value}" if str(value).startswith(("=", "-")) else str(value)
        return "" if value is None else guarded

    assert found == [{name: cell(value) for name, value in each.items()} for each in expected]


def read_json(data: bytes) -> Rows:
    return [json.loads(line, parse_float=Decimal) for line in data.splitlines()]


def read_parquet(data: bytes) -> Rows:
    rows: Rows = pq.read_table(io.BytesIO(data)).to_pylist()
    return rows


@pytest.mark.parametrize(("kind", "read"), [("jsonl", read_json), ("parquet", read_parquet)])
def test_files_for_programs(held: Shelf, kind: str, read: Callable[[bytes], Rows]) -> None:
    expected = by_hand(held, BERLIN, "key-model", "month")
    found = read(whole(held, kind, "key-model", "month"))
    assert [list(each.values()) for each in found] == [list(each.values()) for each in expected]
    assert list(found[0])[:3] == ["period", "api_key_id", "api_key_name"]


def test_over_http(held: Shelf) -> None:
    client = TestClient(Starlette(routes=routes(Console(lambda: Shown(held.lake, is_sample=False)))))
    frame = {"from": "2026-08-01", "to": "2026-09-01T07:30", "tz": "Europe/Berlin"}
    answer = client.get(SUMS_PATH, params={**frame, "by": "key-model", "per": "week"})
    assert answer.content == whole(held, "csv", "key-model", "week")
    named = "api-usage-by-key-and-model-per-week_2026-08-01_to_2026-09-01_Europe-Berlin.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{named}"'
    assert client.get(SUMS_PATH, params=frame).content == whole(held, "csv", "key", "")
    for wrong, said in (
        ({"by": "user"}, "'user'"),
        ({"per": "hour"}, "'hour'"),
        ({"per": ["day", "day"]}, "'per'"),
    ):
        refused = client.get(SUMS_PATH, params={**frame, **wrong})
        assert (refused.status_code, said in refused.json()["error"]) == (400, True)


def test_nothing_is_a_header(held: Shelf) -> None:
    empty = Selection(Timeframe(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)))
    assert whole(held, "csv", "key", "", empty).count(b"\n") == 1


def test_what_sums_cannot_be_of() -> None:
    for by, per in (("user", ""), ("key", "hour"), ("", "day")):
        with pytest.raises(SelectionError, match="Use one of"):
            summed(by, per)
