"""Columns are read as rows would be, and an interrupted one says so."""

import threading
from collections.abc import Iterator

import duckdb
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_core.store.columns import batches, by_column


@pytest.fixture(scope="module")
def connection() -> Iterator[sa.Connection]:
    with sa.create_engine("duckdb:///:memory:").connect() as connection:
        yield connection


@settings(max_examples=20)
@given(
    whole=st.lists(st.none() | st.integers(-(10**37), 10**37) | st.integers(-(2**64), 2**64), min_size=1),
    text=st.none() | st.text("aä\x01'", max_size=3),
)
def test_columns_hold_what_rows_hold(
    connection: sa.Connection, whole: list[int | None], text: str | None
) -> None:
    rows = ", ".join(f"(CAST({'NULL' if one is None else one} AS HUGEINT))" for one in whole)
    shown = "n, CAST(n % 7 AS BIGINT), TIMESTAMP '2026-08-03 09:14:07.000001', CAST(n AS DOUBLE)"
    statement = sa.text(f"SELECT {shown}, CAST(:text AS VARCHAR) FROM (VALUES {rows}) t(n)")  # noqa: S608
    asked = statement.bindparams(text=text)
    assert list(zip(*by_column(connection, asked), strict=True)) == connection.execute(asked).all()


def test_no_rows_are_columns_without_values(connection: sa.Connection) -> None:
    assert by_column(connection, sa.text("SELECT 1, 'a' WHERE false")) == [[], []]


def test_an_interrupted_reader_says_so(connection: sa.Connection) -> None:
    native = connection.connection.driver_connection
    assert native is not None
    endless = sa.text("SELECT a.range + b.range FROM range(1000000) a, range(1000000) b")
    threading.Timer(0.2, native.interrupt).start()
    with pytest.raises(duckdb.InterruptException):
        sum(batch.num_rows for batch in batches(connection, endless))
