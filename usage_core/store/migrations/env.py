"""Alembic's entry point: runs the steps on the connection it is handed, in that transaction."""

from alembic import context
from alembic.ddl.impl import DefaultImpl


class DuckDBImpl(DefaultImpl):
    """DuckDB's DDL is the default's; Alembic only has to know the dialect's name."""

    __dialect__ = "duckdb"
    transactional_ddl = True


context.configure(
    connection=context.config.attributes["connection"],
    # DuckLake has no keys.
    version_table_pk=False,
)
context.run_migrations()
