"""Turns OTLP protobuf into JSON Lines with a span each, read as the spans of OTLP JSON are.

Such a file is a request of spans (several one after another are one, too); or messages, each behind its
length: in four bytes, as the collector's file exporter writes them, where they may also be packed with zstd
or be JSON; or in a varint, as protobuf's own libraries write them. One message is in memory at a time.
"""

import json
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING

from usage_core.errors import UnreadableFile
from usage_core.importers.otlp import FORMAT

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

HEAD_BYTES = 1 << 12
MOST_BYTES = 1 << 27
"""The largest message that is read; collectors send no more than 4 to 20 MB at once."""

MOST_OTHERS = 200
"""Names of attributes that are told apart of those that are not kept."""

_ZSTD = b"\x28\xb5\x2f\xfd"
_GROUP = b"\x0a"
"""The tag of a request's groups of spans."""
_IN_GROUP = frozenset([b"\x0a", b"\x12", b"\x1a"])
_NEVER_IN_TEXT = frozenset(range(32)) - frozenset(b"\t\n\v\f\r")

_KNOWN = frozenset(heading for headings in FORMAT.columns.values() for heading in headings)


class Framing(StrEnum):
    """How a file holds its messages."""

    REQUEST = "request"
    FIXED = "length in four bytes"
    VARINT = "length in a varint"


class _BreaksOff(Exception):
    """The file ends within a message."""


def framing(path: Path) -> Framing | None:
    """How a file holds OTLP protobuf, told by its beginning; None where it holds something else."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    fixed = int.from_bytes(head[:4], "big")
    body = head[4:]
    if 0 < fixed <= MOST_BYTES and (body.startswith((_ZSTD, b"{")) or _is_request(body, fixed)):
        return Framing.FIXED
    if _is_request(head, MOST_BYTES):
        return Framing.REQUEST
    length, start = _varint(head, 0)
    return Framing.VARINT if _is_request(head[start:], length) else None


def _is_request(head: bytes, length: int) -> bool:
    """Whether bytes begin as a request of so many bytes does, and as no text does."""
    inner, at = _varint(head, 1)
    begins = head.startswith(_GROUP) and at > 0 and at + inner <= length
    return begins and (not inner or head[at : at + 1] in _IN_GROUP) and not _NEVER_IN_TEXT.isdisjoint(head)


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """A number and where it ends; (0, 0) where there is none."""
    number = 0
    for place, byte in enumerate(raw[at : at + 10]):
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return number, at + place + 1
    return 0, 0


def write_lines(path: Path, name: str, target: Path, spend: Callable[[int], None]) -> bool:
    """Write a file's spans to `target`, telling `spend` how many bytes; False where it ends within a message
    behind its length, with all that came before.

    Raises:
        UnreadableFile: it is damaged, or holds no spans.
    """
    framed, done, lines = framing(path) or Framing.REQUEST, 0, _Lines()
    with path.open("rb") as file, target.open("wb") as written:
        try:
            for message in _messages(file, framed):
                for line in lines.of(message):
                    spend(len(line))
                    written.write(line)
                done += 1
        except _BreaksOff:
            if done and framed is not Framing.REQUEST:
                return False
            raise UnreadableFile(
                f"{name} is OTLP protobuf that breaks off before its end, so nothing was imported. "
                "Get the whole file and try again."
            ) from None
        except ValueError as error:
            raise UnreadableFile(
                f"{name} is damaged OTLP protobuf, or holds no spans: {error} in message {done + 1:,}, "
                f"before byte {file.tell():,}. Nothing was imported."
            ) from None
        if not written.tell():
            raise UnreadableFile(f"{name} holds no spans, so nothing was imported.")
    return True


def _messages(file: IO[bytes], framed: Framing) -> Iterator[bytes]:
    """The messages of a file; of a request its groups of spans, each of which is a request, too."""
    while (length := _length(file, framed)) is not None:
        if length > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES >> 20} MB")
        message = file.read(length)
        if len(message) < length:
            raise _BreaksOff
        yield message


def _length(file: IO[bytes], framed: Framing) -> int | None:
    """The length of the message that comes next; None at the end of the file."""
    start = file.tell()
    ahead = file.read(11)
    if not ahead:
        return None
    if framed is Framing.FIXED:
        length, at = int.from_bytes(ahead[:4], "big"), 4
    else:
        length, at = _varint(ahead, 1 if framed is Framing.REQUEST else 0)
    if at == 0 or len(ahead) < at:
        raise _BreaksOff if len(ahead) < 11 else ValueError("no length")
    if framed is not Framing.REQUEST:
        file.seek(start + at)
        return length
    if not ahead.startswith(_GROUP):
        raise ValueError("no group of spans")
    file.seek(start)
    return at + length


class _Lines:
    """The spans of messages as lines; keeps which names of attributes were seen."""

    def __init__(self) -> None:
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # noqa: PLC0415 - few need it

        self._request = trace_service_pb2.ExportTraceServiceRequest
        self._others: set[str] = set()
        self._spans = 0

    def of(self, message: bytes) -> Iterator[bytes]:
        """The lines of a message.

        Raises:
            ValueError: it is damaged, or holds something else than spans.
        """
        if message.startswith(_ZSTD):
            message = _unpacked(message)
        if message.startswith(b"{"):
            yield message.replace(b"\n", b" ") + b"\n"
            return
        from google.protobuf.message import DecodeError  # noqa: PLC0415

        try:
            request = self._request.FromString(message)
        except DecodeError:
            raise ValueError("something else") from None
        for group in request.resource_spans:
            service = _first(group.resource.attributes, "service.name")
            for scope in group.scope_spans:
                for span in scope.spans:
                    yield json.dumps(self._flat(span, service)).encode() + b"\n"

    def _flat(self, span: "Span", service: str | None) -> dict[str, str | None]:
        """The attributes of a span that may be kept, and what else is kept of it; of others each name once,
        so that the receipt can say that they were not."""
        if not self._spans and len(span.trace_id) != 16:
            raise ValueError("something else")
        self._spans += 1
        flat = dict[str, str | None]()
        for attribute in span.attributes:
            if attribute.key in _KNOWN:
                flat.setdefault(attribute.key, _text(attribute.value))
            elif attribute.key not in self._others and len(self._others) < MOST_OTHERS:
                self._others.add(attribute.key)
                flat[attribute.key] = None
        return flat | {
            "span.start": str(span.start_time_unix_nano or "") or None,
            "span.end": str(span.end_time_unix_nano or "") or None,
            "span.trace": span.trace_id.hex() or None,
            "span.id": span.span_id.hex() or None,
            "span.status": str(span.status.code or "") or None,
            "span.service": service,
        }


def _first(attributes: "Iterator[KeyValue]", key: str) -> str | None:
    return next((_text(each.value) for each in attributes if each.key == key), None)


def _text(value: "AnyValue") -> str | None:
    """A value that is one text or number."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind == "bool_value":
        return "true" if value.bool_value else "false"
    if kind == "int_value":
        return str(value.int_value)
    return repr(value.double_value) if kind == "double_value" else None


def _unpacked(message: bytes) -> bytes:
    try:
        plain: bytes = zstd.ZstdDecompressor().decompress(message, max_length=MOST_BYTES + 1)
    except zstd.ZstdError:
        raise ValueError("damaged zstd") from None
    if len(plain) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES >> 20} MB")
    return plain
