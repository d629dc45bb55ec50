"""Writes what the steps of the schema make as SQL: `python -m usage_core.store.schema_as_sql FILE`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from usage_core.store import migrate
from usage_core.store.engine import literal
from usage_core.store.lake import Lake

_TABLES = sa.text("SELECT table_name, sql FROM duckdb_tables() WHERE database_name = 'lake' ORDER BY 1")
_VIEWS = sa.text("SELECT sql FROM duckdb_views() WHERE database_name = 'lake' ORDER BY view_name")
_NO_DEFAULT = " DEFAULT(NULL)"


def made_by_steps(folder: Path) -> Lake:
    """A new store in a folder, made step by step, as one that was brought up to date time and again is."""
    for part in ("staging", "parquet"):
        (folder / part).mkdir(parents=True)
    lake = Lake(folder)
    with lake.writing() as connection:
        migrate.upgrade(connection)
    return lake


def as_sql(connection: sa.Connection) -> str:
    """Statements that make a store's tables, the few rows in them, and its views."""
    return "".join(f"{statement}\n" for statement in _statements(connection))


def _statements(connection: sa.Connection) -> Iterator[str]:
    tables = connection.execute(_TABLES).all()
    for _, made in tables:
        yield made.replace(_NO_DEFAULT, "").replace("(", "(\n    ", 1).replace(", ", ",\n    ")
    for name, _ in tables:
        for row in connection.execute(sa.text(f'FROM "{name}"')):
            yield f"INSERT INTO {name} VALUES ({', '.join(map(literal, row))});"
    yield from connection.execute(_VIEWS).scalars()


if __name__ == "__main__":
    with TemporaryDirectory() as home:
        lake = made_by_steps(Path(home) / "store")
        with lake.reading() as connection:
            text = as_sql(connection)
        lake.close()
    Path(sys.argv[1]).write_text(text, encoding="utf-8")
