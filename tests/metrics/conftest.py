"""Stores to ask."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from usage_core.store.tables import METADATA


@pytest.fixture(scope="module")
def engine() -> Iterator[sa.Engine]:
    """The tables in memory: the same engine and statements as the store's, without its files."""
    made = sa.create_engine("duckdb:///:memory:", poolclass=sa.pool.StaticPool)
    with made.begin() as connection:
        connection.execute(sa.text("SET TimeZone = 'UTC'"))
        METADATA.create_all(connection)
    yield made
    made.dispose()
