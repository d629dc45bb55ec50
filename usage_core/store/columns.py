"""What statements find, column by column: ten times as fast as row by row."""

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

BATCH_ROWS = 10_000


def batches(
    connection: sa.Connection, statement: sa.Executable, parameters: Mapping[str, Any] | None = None
) -> Iterator[pa.RecordBatch]:
    """A statement's rows as Arrow batches, in the connection's transaction."""
    cursor: Any = connection.execute(statement, parameters).cursor
    try:
        yield from cursor.to_arrow_reader(BATCH_ROWS)
    except OSError as error:  # as Arrow tells of what DuckDB raised
        interrupted = str(error).startswith("INTERRUPT")
        raise (duckdb.InterruptException if interrupted else duckdb.Error)(str(error)) from error


def by_column(
    connection: sa.Connection, statement: sa.Executable, parameters: Mapping[str, Any] | None = None
) -> list[list[Any]]:
    """A statement's columns as Python values; for small answers."""
    cursor: Any = connection.execute(statement, parameters).cursor
    table: pa.Table = cursor.to_arrow_table()
    return [values(column.combine_chunks()) for column in table.columns]


def values(column: pa.Array) -> list[Any]:
    """A column as Python values: None, int, float, str, naive datetime; whole decimals are integers."""
    if pa.types.is_dictionary(column.type):
        names = [*column.dictionary.to_pylist(), None]
        return [names[code] for code in pc.fill_null(column.indices, len(names) - 1).to_pylist()]
    if pa.types.is_timestamp(column.type):
        instants: list[Any] = column.to_numpy(zero_copy_only=False).astype("datetime64[us]").tolist()
        return instants
    if pa.types.is_decimal128(column.type) and not column.type.scale:
        return _whole(column)
    return list(column.to_pylist())


def _whole(column: pa.Array) -> list[int | None]:
    """Integers of 128 bits, as Arrow holds them: the lower half, then the upper."""
    halves = np.frombuffer(column.buffers()[1], "<i8").reshape(-1, 2)
    low, high = halves[column.offset : column.offset + len(column)].T
    if not column.null_count and (high == low >> 63).all():
        return list(low.tolist())
    pairs = zip(low.tolist(), high.tolist(), column.is_valid().to_pylist(), strict=True)
    return [(above << 64) | (below & (2**64 - 1)) if known else None for below, above, known in pairs]
