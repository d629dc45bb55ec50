"""Stores to ask."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from usage_core.store.tables import CALLS, HELD, METADATA


@pytest.fixture(scope="module")
def engine() -> Iterator[sa.Engine]:
    """The tables in memory: the same engine and statements as the store's, without its files."""
    made = sa.create_engine("duckdb:///:memory:", poolclass=sa.pool.StaticPool)
    with made.begin() as connection:
        connection.execute(sa.text("SET TimeZone = 'UTC'"))
        METADATA.create_all(connection)
        edges = sa.select(sa.func.count(), sa.func.min(CALLS.c.called_at), sa.func.max(CALLS.c.called_at))
        connection.execute(sa.text(f"CREATE VIEW {HELD.name}({', '.join(HELD.c.keys())}) AS {edges}"))
    yield made
    made.dispose()
