"""What statements find, as Arrow tables, and Arrow tables as what statements read: no row becomes an object.

All of it is in the connection's own transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from usage_core.store.engine import native


def arrow(connection: sa.Connection, statement: sa.Select[*tuple[Any, ...]]) -> pa.Table:
    """A statement's rows as an Arrow table, in the connection's transaction: no row becomes an object."""
    table: pa.Table = run(connection, statement).to_arrow_table()
    return table


def pieces(
    connection: sa.Connection, statement: sa.Select[*tuple[Any, ...]], rows: int
) -> Iterator[pa.Table]:
    """A statement's rows as Arrow tables of about so many rows, each made when it is asked for."""
    for batch in run(connection, statement).to_arrow_reader(rows):
        yield pa.Table.from_batches([batch])


def keep(connection: sa.Connection, name: str, statement: sa.Select[*tuple[Any, ...]]) -> pa.Table:
    """A statement's rows as an Arrow table, and under this name for the connection's further statements."""
    hold(connection, name, statement)
    table: pa.Table = native(connection).execute(f"FROM {name}").to_arrow_table()
    return table


def hold(connection: sa.Connection, name: str, statement: sa.Select[*tuple[Any, ...]]) -> None:
    """Have a statement's rows under this name for the connection's further statements."""
    run(connection, statement, f"CREATE OR REPLACE TEMP TABLE {name} AS ")


@contextmanager
def beside(connection: sa.Connection, **tables: pa.Table) -> Iterator[None]:
    """Have Arrow tables under these names for the connection's statements in a `with` block."""
    held = native(connection)
    try:
        for name, table in tables.items():
            held.register(name, table)
        yield
    finally:
        for name in tables:
            held.unregister(name)


def run(connection: sa.Connection, statement: sa.Select[*tuple[Any, ...]], before: str = "") -> Any:
    """Run a statement, with SQL such as `INSERT INTO x` before it; gives DuckDB's own result."""
    compiled: Any = statement.compile(connection)
    whole = compiled.construct_expanded_state()
    return native(connection).execute(before + whole.statement, list(whole.positional_parameters))
