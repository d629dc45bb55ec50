"""OTLP protobuf is read as OTLP JSON is, however a file frames its messages; damage is told by its place."""

import base64
import json
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.importing import Shelf, with_store
from usage_core.errors import UsageError
from usage_core.intake import otlp_protobuf, several
from usage_core.intake.otlp_protobuf import Framing, framing
from usage_core.intake.receipt import Receipt
from usage_core.store.tables import CALLS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SAMPLES = Path(__file__).parents[1] / "samples"
JSON = [line.encode() for line in (SAMPLES / "otlp_collector.jsonl").read_text().splitlines()]
KEPT = [column.name for column in CALLS.columns if column.name != "import_id"]


def request(document: bytes) -> bytes:
    def as_base64(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: base64.b64encode(bytes.fromhex(each)).decode()
                if key in ("traceId", "spanId")
                else as_base64(each)
                for key, each in value.items()
            }
        return [as_base64(each) for each in value] if isinstance(value, list) else value

    made = json_format.ParseDict(as_base64(json.loads(document)), ExportTraceServiceRequest())
    return bytes(made.SerializeToString())


MESSAGES = [request(document) for document in JSON]


def varint(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + varint(number >> 7)


def fixed(messages: list[bytes]) -> bytes:
    return b"".join(struct.pack(">I", len(each)) + each for each in messages)


FRAMED = {
    "request": (Framing.REQUEST, b"".join(MESSAGES)),
    "varint": (Framing.VARINT, b"".join(varint(len(each)) + each for each in MESSAGES)),
    "fixed": (Framing.FIXED, fixed(MESSAGES)),
    "zstd": (Framing.FIXED, fixed([zstd.compress(each) for each in MESSAGES])),
    "JSON in zstd": (Framing.FIXED, fixed([zstd.compress(each) for each in JSON])),
}


@pytest.fixture(scope="module")
def as_json(module_shelf: Shelf) -> tuple[Receipt, list[tuple[Any, ...]]]:
    """What the same spans are as JSON."""
    receipt = module_shelf.take_file(SAMPLES / "otlp_collector.jsonl")
    return receipt, module_shelf.stored(receipt, *KEPT)


@pytest.mark.parametrize("name", FRAMED)
def test_every_framing_is_read_as_json_is(
    as_json: tuple[Receipt, list[tuple[Any, ...]]], shelf: Shelf, tmp_path: Path, name: str
) -> None:
    framed, raw = FRAMED[name]
    path = tmp_path / "spans.binpb"
    path.write_bytes(raw)
    assert framing(path) is framed
    shelf.dirty = True
    [outcome] = several.import_given(shelf.lake, str(path))
    expected, calls = as_json
    assert isinstance(outcome.result, Receipt), outcome
    assert shelf.stored(outcome.result, *KEPT) == calls
    for counted in ("rows_read", "rows_stored", "rows_rejected", "skipped_reasons", "columns_dropped"):
        assert getattr(outcome.result, counted) == getattr(expected, counted)


@with_store
@given(st.integers(1, len(FRAMED["fixed"][1]) - 1))
def test_messages_behind_their_length_are_read_as_far_as_they_are_whole(shelf: Shelf, end: int) -> None:
    shelf.clear()
    shelf.dirty = True
    path = shelf.folder / "cut.binpb"
    path.write_bytes(FRAMED["fixed"][1][:end])
    [outcome] = several.import_given(shelf.lake, str(path))
    whole, spans = 0, 0
    for message in MESSAGES:
        whole += 4 + len(message)
        spans += (whole <= end) * JSON[MESSAGES.index(message)].count(b"spanId")
    if isinstance(outcome.result, UsageError):
        assert end < 4 + len(MESSAGES[0])
    else:
        assert outcome.result.rows_read == spans


def refused(shelf: Shelf, raw: bytes) -> str:
    with pytest.raises(UsageError) as caught:
        shelf.look(raw, header="", name="spans.binpb")
    return str(caught.value)


def test_what_is_refused(module_shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = FRAMED["request"][1]
    assert "breaks off before its end" in refused(module_shelf, whole[:-5])
    assert "breaks off before its end" in refused(module_shelf, FRAMED["fixed"][1][:80])
    damaged = MESSAGES[0].replace(b"invoke_agent", b"\xff" * 12)
    said = refused(module_shelf, fixed([MESSAGES[1], damaged]))
    assert "something else in message 2, before byte" in said
    metric = {"name": "calls", "gauge": {"dataPoints": [{"asInt": "1", "timeUnixNano": "5"}]}}
    metrics = json_format.ParseDict(
        {"resourceMetrics": [{"resource": {}, "scopeMetrics": [{"metrics": [metric]}]}]},
        ExportMetricsServiceRequest(),
    )
    assert "holds no spans" in refused(module_shelf, metrics.SerializeToString())
    empty = request(b'{"resourceSpans": [{"resource": {"droppedAttributesCount": 1}}]}')
    assert "holds no spans, so" in refused(module_shelf, fixed([empty]))
    packed = zstd.compress(bytes(1 << 20))
    monkeypatch.setattr(otlp_protobuf, "MOST_BYTES", 1 << 16)
    assert "more than 0 MB in message 1" in refused(module_shelf, fixed([packed]))


@pytest.mark.parametrize("path", [path for path in SAMPLES.iterdir() if path.suffix != ".binpb"])
def test_no_text_is_taken_for_protobuf(path: Path) -> None:
    if path.is_file():
        assert framing(path) is None


@given(st.text(max_size=200))
def test_no_text_at_all_is(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "text"
    path.write_text("".join(each for each in text if each.isprintable() or each in "\r\n\t"), "utf-8")
    assert framing(path) is None
