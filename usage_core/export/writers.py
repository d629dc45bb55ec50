"""How tables of calls become the bytes of a file, piece by piece, with bounded memory."""

import io
from collections.abc import Callable, Iterator
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq


class Writer(Protocol):
    """Takes tables of one schema; gives whatever bytes of the file are ready."""

    def begin(self) -> bytes:
        """What stands before the first row."""

    def rows(self, table: pa.Table) -> Iterator[bytes]:
        """The rows of a table, in pieces."""

    def end(self) -> bytes:
        """What stands after the last row."""


class Text:
    """Lines after a first line, which may be empty."""

    def __init__(self, first: bytes, lines: Callable[[pa.Table], Iterator[bytes]]) -> None:
        self._first, self._lines = first, lines

    def begin(self) -> bytes:
        """The first line."""
        return self._first

    def rows(self, table: pa.Table) -> Iterator[bytes]:
        """A line for each row."""
        return self._lines(table)

    def end(self) -> bytes:
        """Nothing."""
        return b""


class Compressed:
    """What another writer writes, compressed with a codec that Arrow knows."""

    def __init__(self, writer: Writer, codec: str) -> None:
        self._writer, self._drain = writer, _Drain()
        self._stream = pa.CompressedOutputStream(pa.PythonFile(self._drain, mode="w"), codec)

    def begin(self) -> bytes:
        """The first bytes; with some codecs there are none until more is known."""
        return self._packed(self._writer.begin())

    def rows(self, table: pa.Table) -> Iterator[bytes]:
        """What is ready of the rows."""
        return map(self._packed, self._writer.rows(table))

    def end(self) -> bytes:
        """The rest."""
        packed = self._packed(self._writer.end())
        self._stream.close()
        return packed + self._drain.taken()

    def _packed(self, piece: bytes) -> bytes:
        self._stream.write(piece)
        return self._drain.taken()


class Parquet:
    """A Parquet file with a row group for each table, which `typed` gives the schema."""

    def __init__(self, schema: pa.Schema, typed: Callable[[pa.Table], pa.Table]) -> None:
        self._typed, self._drain = typed, _Drain()
        self._file = pq.ParquetWriter(self._drain, schema, compression="zstd")

    def begin(self) -> bytes:
        """The magic bytes."""
        return self._drain.taken()

    def rows(self, table: pa.Table) -> Iterator[bytes]:
        """A row group."""
        self._file.write_table(self._typed(table))
        yield self._drain.taken()

    def end(self) -> bytes:
        """The footer."""
        self._file.close()
        return self._drain.taken()


class _Drain(io.RawIOBase):
    """A file that keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        data = bytes(memoryview(piece))  # type: ignore[arg-type]
        self._pieces.append(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def taken(self) -> bytes:
        """What was written since this was asked last."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data
