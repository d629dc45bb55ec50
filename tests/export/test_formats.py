"""Every format of the export: the same calls in the same order, readable by whoever reads such files."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from tests.importing import EVER, Shelf, as_csv, row
from usage_core.errors import SelectionError
from usage_core.export.formats import BOM, CODECS, FORMATS, file
from usage_core.export.stream import file_stream
from usage_core.schema import COLUMNS, EXPORT_COLUMNS, Form
from usage_core.selection import Selection
from usage_core.store.tables import CALLS

HOSTILE = ("=1+1", 'quo"te, comma', "back\\slash", "tab\tand\nline", "\x01\x7f", "Ünï – 漢字 🎉", "'=x")
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def held(module_shelf: Shelf) -> Shelf:
    """Hostile names, cheap and dear calls, an embedding, and what is unknown."""
    rows = [
        row(called_at=f"2026-03-01T10:00:0{n}.{n}00Z", api_key_id=f"key-{n}", api_key_name=text, model=text)
        for n, text in enumerate(HOSTILE)
    ]
    rows += [
        row(input_tokens="1", output_tokens="0", input_price="0.000001", output_price="0"),
        row(input_tokens="7", output_tokens="", input_price="0.02", output_price=""),
        row(input_tokens="123456789", output_tokens="987654321", input_price="150.00", output_price="600.5"),
        row(provider="", api_key_name="", completion_time_ms="", input_price="", output_price="", model="?"),
    ]
    module_shelf.take(as_csv(rows))
    return module_shelf


def whole(shelf: Shelf, name: str, codec: str = "", selection: Selection = EVER) -> bytes:
    return b"".join(file_stream(shelf.lake, selection, file(name, codec)))


def stored(shelf: Shelf) -> Rows:
    """Every call as the store has it, in the order of an export, money as USD."""
    columns = [CALLS.c[column.name] for column in COLUMNS]
    with shelf.lake.reading() as connection:
        found = connection.execute(sa.select(*columns).order_by(*columns)).mappings().all()
    rows = [dict(each) for each in found]
    for each in rows:
        pico = each.pop("cost_pico")
        each["cost_usd"] = None if pico is None else Decimal(pico).scaleb(-12)
        each["called_at"] = each["called_at"].replace(tzinfo=UTC)
    return rows


def read_csv(data: bytes) -> Rows:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def read_json_lines(data: bytes) -> Rows:
    rows = [json.loads(line, parse_float=Decimal) for line in data.decode().split("\n")[:-1]]
    for each in rows:
        each["called_at"] = datetime.fromisoformat(each["called_at"])
    return rows


def read_parquet(data: bytes) -> Rows:
    rows: Rows = pq.read_table(io.BytesIO(data)).to_pylist()
    return rows


@pytest.mark.parametrize(("name", "read"), [("jsonl", read_json_lines), ("parquet", read_parquet)])
def test_files_for_programs_hold_what_is_stored(
    held: Shelf, name: str, read: Callable[[bytes], Rows]
) -> None:
    expected, found = stored(held), read(whole(held, name))
    assert len(found) == len(HOSTILE) + 4
    for one, other in zip(found, expected, strict=True):
        assert one == other


def test_the_detail_begins_with_the_ten_columns(held: Shelf) -> None:
    ten = list(csv.reader(io.StringIO(whole(held, "csv").decode(), newline="")))
    all_of_them = list(csv.reader(io.StringIO(whole(held, "csv-detail").decode(), newline="")))
    assert [line[: len(EXPORT_COLUMNS)] for line in all_of_them] == ten
    assert all_of_them[0] == [column.label for column in COLUMNS]


def test_costs_are_exact_and_plain(held: Shelf) -> None:
    written = [each["Cost (USD)"] for each in read_csv(whole(held, "csv-detail"))]
    expected = [each["cost_usd"] for each in stored(held)]
    assert [Decimal(text) if text else None for text in written] == expected
    assert "0.000000000001" in written
    assert "" in written
    assert not any("E" in text for text in written)


def test_excel_gets_a_mark_and_the_same_lines(held: Shelf) -> None:
    assert whole(held, "csv-excel") == BOM + whole(held, "csv")


@pytest.mark.parametrize("name", [each.name for each in FORMATS.values() if each.is_text])
@pytest.mark.parametrize("codec", CODECS)
def test_compressed_is_the_same_file(held: Shelf, name: str, codec: str) -> None:
    packed = whole(held, name, codec)
    assert pa.CompressedInputStream(io.BytesIO(packed), codec).read() == whole(held, name)
    if codec == "gzip":
        assert gzip.decompress(packed) == whole(held, name)


@pytest.mark.parametrize("name", FORMATS)
def test_without_calls_a_file_is_still_one(held: Shelf, name: str) -> None:
    empty = whole(held, name, selection=Selection(EVER.timeframe, key=("nobody",)))
    if name == "parquet":
        assert pq.read_table(io.BytesIO(empty)).num_rows == 0
    else:
        assert empty.count(b"\n") == (name != "jsonl")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_says_what_it_is(name: str) -> None:
    each = FORMATS[name]
    assert each.label
    assert each.meaning
    assert each.suffix.startswith(".")
    assert {column.form for column in each.columns} <= set(Form)


@pytest.mark.parametrize(
    ("asked", "said"),
    [(("xlsx",), "csv-detail"), (("csv", "rar"), "gzip, zstd"), (("parquet", "gzip"), "compressed already")],
)
def test_what_is_not_known_is_said(asked: tuple[str, ...], said: str) -> None:
    with pytest.raises(SelectionError, match=said):
        file(*asked)
