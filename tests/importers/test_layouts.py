"""The same rows are read alike from every layout of JSON and from Parquet; damage is told by its place."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.importing import FIELDS, GOOD, Look, Shelf
from usage_core.errors import UsageError
from usage_core.intake import documents

ROWS = [
    {name: int(value) if name.endswith(("tokens", "ms")) else value for name, value in GOOD.items()},
    GOOD | {"output_tokens": None, "api_key_name": "'=1", "prompt": {"text": "[\n{"}},
    GOOD | {"input_tokens": "-5"},
]


def read(shelf: Shelf, text: str | bytes) -> Look:
    return shelf.look(text, header="", name="calls.json")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2) + "\n",
        "[" + ",\n".join(map(json.dumps, ROWS)) + "]",
        json.dumps({"data": ROWS, "total": 3}),
        "\n".join(json.dumps(row, indent=1) for row in ROWS),
        "\ufeff" + "\n".join(map(json.dumps, ROWS)),
        "\r\n".join(map(json.dumps, ROWS)) + "\r\n",
        json.dumps(ROWS[:1]) + "\n" + json.dumps(ROWS[1:]),
    ],
    ids=["list", "indented", "by line", "data", "one after another", "lines, BOM", "CRLF", "lists"],
)
def test_layouts_of_json_are_read_alike(module_shelf: Shelf, text: str) -> None:
    found, lines = read(module_shelf, text), read(module_shelf, "\n".join(map(json.dumps, ROWS)))
    assert (found.rows, found.good) == (3, lines.good)
    assert [problem[1:] for problem in found.bad] == [problem[1:] for problem in lines.bad]
    assert lines.bad_lines == [3]
    assert lines.column("api_key_name") == ["checkout", "'=1"], "only our own CSV puts apostrophes in front"


def test_parquet_is_read_like_json(module_shelf: Shelf, tmp_path: Path) -> None:
    rows = [{name: row.get(name) for name in [*FIELDS, "prompt"]} for row in ROWS[1:]]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "calls.parquet")
    found = read(module_shelf, (tmp_path / "calls.parquet").read_bytes())
    assert (found.rows, found.bad_lines) == (2, [2])
    assert found.good == read(module_shelf, json.dumps(ROWS[1:])).good


def test_types_of_parquet(module_shelf: Shelf, tmp_path: Path) -> None:
    """Moments with a zone, numbers that went through floating point, and what is no text."""
    moment = pa.array([1785748447412345000], pa.timestamp("ns", "Europe/Berlin"))
    columns = {
        "called_at": moment,
        "api_key_id": pa.array(["k"]).dictionary_encode(),
        "model": ["m"],
        "input_tokens": pa.array([500.0]),
        "output_tokens": pa.array([7], pa.uint64()),
        "input_price": pa.array([0.1 + 0.2]),
        "completion_time_ms": pa.array([None], pa.int32()),
    }
    pq.write_table(pa.table(columns), tmp_path / "calls.parquet")
    [call] = read(module_shelf, (tmp_path / "calls.parquet").read_bytes()).good
    told = dict(zip(FIELDS, map(str, call), strict=True))
    assert told["called_at"] == "2026-08-03 09:14:07.412345"
    assert (told["input_tokens"], told["output_tokens"], told["input_price"]) == ("500", "7", "0.300000")


def test_damaged_lines_are_set_aside_by_line(module_shelf: Shelf) -> None:
    good = json.dumps(ROWS[0]).encode()
    broken = [b'{"called_at": "2026', b"[1, null]", b'"text"', b'{"model": "\xff"}', b"[" * 5000]
    found = read(
        module_shelf, b"\n".join([good, b"", b"  ", *broken, good, b"", json.dumps(ROWS[2]).encode()])
    )
    assert (found.rows, len(found.good)) == (9, 2)
    assert found.bad_lines == [4, 5, 5, 6, 7, 8, 11]
    assert {reason for *_, reason in found.bad[:-1]} == {"It is not valid JSON.", "It is not a JSON object."}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps(ROWS)[:-1], "breaks off before its end"),
        (json.dumps(ROWS, indent=1).replace("],", "]").replace('"model":', '"model"'), "is not valid JSON"),
        (b"PAR1" + b"\x00" * 100, "is a damaged Parquet file"),
        (b'{"id": 1}\n', "Keys found: id."),
        (b"[]", "Keys found: nothing."),
    ],
)
def test_files_that_are_refused(module_shelf: Shelf, text: str | bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read(module_shelf, text)


def test_an_object_larger_than_the_usual_buffer(module_shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    large = json.dumps(ROWS[0] | {"prompt": "x" * (40 << 20)})
    monkeypatch.setattr(documents, "OBJECT_BYTES", (1 << 24, 1 << 26))
    assert len(read(module_shelf, large).good) == 1
    monkeypatch.setattr(documents, "OBJECT_BYTES", (1 << 24, 1 << 25))
    with pytest.raises(UsageError, match="a JSON object of more than 32 MB"):
        read(module_shelf, large)


def test_maps_of_parquet_are_read_like_json(shelf: Shelf, tmp_path: Path) -> None:
    classes = pa.map_(pa.string(), pa.int64())
    columns = {
        "id": ["0f6c1a2e-0000-4000-8000-00000000000a", "0f6c1a2e-0000-4000-8000-00000000000b"],
        "type": ["GENERATION", "SPAN"],
        "start_time": pa.array([1785748447412000, 1785748447412000], pa.timestamp("us", "UTC")),
        "end_time": pa.array([1785748448412000, None], pa.timestamp("us", "UTC")),
        "provided_model_name": ["claude-sonnet-4-5", None],
        "usage_details": pa.array([{"input": 10, "input_cache_read": 90, "output": 5}, {}], classes),
        "total_cost": [0.25, None],
    }
    pq.write_table(pa.table(columns), tmp_path / "observations.parquet")
    receipt = shelf.take_file(tmp_path / "observations.parquet")
    assert (receipt.source, receipt.rows_stored, receipt.rows_skipped) == ("langfuse", 1, 1)
    names = ("input_tokens", "cache_read_tokens", "output_tokens", "completion_time_ms", "cost_pico")
    assert shelf.stored(receipt, *names) == [(100, 90, 5, 1000, 250_000_000_000)]


def test_moments_as_numbers(module_shelf: Shelf) -> None:
    """Seconds, milli-, micro- and nanoseconds since 1970, told by their size."""
    starts = [1785748447.412345, 1785748447412, 1785748447412345, "1785748447412345678", "1e30"]
    call = {"request_id": "x", "call_type": "completion", "model": "m", "spend": 1}
    found = read(module_shelf, json.dumps([call | {"startTime": start} for start in starts]))
    assert [str(moment)[11:] for moment in found.column("called_at")] == [
        "09:14:07.412345",
        "09:14:07.412000",
        "09:14:07.412345",
        "09:14:07.412345",
    ]
    assert found.bad_lines == [5]
