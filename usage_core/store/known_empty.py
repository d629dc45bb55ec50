"""Has the catalog know of tables without a row that they have none.

DuckLake keeps figures of a table from its first row on. For one that never had a row it asks the catalog
for them several times over with every statement, which takes up to ten times as long as reading the table.
"""

import sqlalchemy as sa

from usage_core.store.engine import literal
from usage_core.store.rollups import TABLES
from usage_core.store.small_files import META
from usage_core.store.tables import CALLS, METADATA

FILLED_BY_IMPORTS = (CALLS, *TABLES)
"""Tables that soon have rows, whose smallest and largest values must be those of calls."""

UNTOUCHED = f"""
    SELECT t.table_name FROM {META}.ducklake_table t
    ANTI JOIN {META}.ducklake_table_stats s ON s.table_id = t.table_id AND s.next_row_id > 0
    WHERE t.end_snapshot IS NULL
"""
"""SQL for the names of the tables into which nothing was ever written."""


def settle(connection: sa.Connection) -> None:
    """Put a row into each table that may long stay empty, and take it out: that leaves figures alone."""
    tables = [table for table in METADATA.tables.values() if table not in FILLED_BY_IMPORTS]
    counts = (sa.select(sa.func.count()).select_from(table).scalar_subquery() for table in tables)
    for table, rows in zip(tables, connection.execute(sa.select(*counts)).one(), strict=True):
        if not rows:
            connection.execute(sa.insert(table).values({column: _value(column) for column in table.columns}))
            connection.execute(sa.delete(table))


def _value(column: "sa.Column[object]") -> sa.ColumnElement[object] | sa.Null:
    if column.nullable:
        return sa.null()
    text = "1970-01-01" if isinstance(column.type, sa.DateTime) else "0"
    return sa.cast(sa.literal_column(literal(text)), column.type)
