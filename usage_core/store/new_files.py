"""Files of rows that are written before their transaction begins, which then has only to name them.

The store's own INSERT takes two to three times as long: it writes texts of few values as texts, and only as
fast as one transaction goes. What a killed process leaves is of no store, and upkeep removes it (see
`old_files`).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import sqlalchemy as sa

from usage_core.store.engine import literal, native
from usage_core.store.lake import Lake
from usage_core.store.old_files import known_files

_WRITTEN = "FORMAT parquet, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1000"
"""Numbers as differences: smaller and read sooner. Many different ones would be looked up in a dictionary in
vain, for half as long again as all else takes; that of an ENUM is always written."""


class NewFiles:
    """Files in the store's folder that are named after an import."""

    def __init__(self, folder: Path, import_id: str) -> None:
        """Write none yet; `folder` is the store's."""
        self._home = folder / "parquet" / "main"
        self._import_id = import_id
        self.written: list[tuple[sa.Table, Path]] = []

    def write(self, connection: sa.Connection, table: sa.Table, rows: str) -> None:
        """Write rows for a table, from SQL for them with all columns, in any order.

        A column has to be there also where it is NULL in all rows: the store believes of one that is missing
        that it is NULL in none.
        """
        columns = ", ".join(f'"{name}"' for name in table.columns.keys())  # noqa: SIM118 - sqlalchemy's
        path = self._home / table.name / f"{self._import_id}-{len(self.written)}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.written.append((table, path))
        # Past what reads a statement letter by letter.
        native(connection).execute(f"COPY (SELECT {columns} FROM {rows}) TO {literal(path)} ({_WRITTEN})")

    def add(self, connection: sa.Connection) -> None:
        """Make what was written rows of the store, in the connection's transaction."""
        for table, path in self.written:
            add = f"CALL ducklake_add_data_files('lake', {literal(table.name)}, {literal(path)})"
            connection.execute(sa.text(add)).all()

    def remove(self, lake: Lake) -> None:
        """Remove what was written, but for what the store has: what failed may have come after its commit."""
        with lake.reading() as connection:
            known = known_files(connection)
        for _table, path in self.written:
            if path.name not in known:
                path.unlink(missing_ok=True)


@contextmanager
def new_files(lake: Lake, import_id: str) -> Iterator[NewFiles]:
    """Files for the length of a `with` block, removed again where it fails."""
    files = NewFiles(lake.folder, import_id)
    try:
        yield files
    except BaseException:
        with suppress(sa.exc.SQLAlchemyError, duckdb.Error):  # upkeep removes them then
            files.remove(lake)
        raise
