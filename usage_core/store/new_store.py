"""Makes a new store as the newest step of its schema leaves one, in one go: the steps one after another take
several times as long, and whoever starts the console for the first time waits for them.

What to make stands in `new_store.sql`, which `schema_as_sql` writes from the steps.
"""

from pathlib import Path

import sqlalchemy as sa

from usage_core.store import migrate
from usage_core.store.engine import native

SCRIPT = Path(__file__).with_suffix(".sql")

_TABLES = sa.text("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'lake'")
_VERSION = sa.text("SELECT version_num FROM alembic_version")


def create(connection: sa.Connection) -> bool:
    """Make the tables and views within the connection's transaction; gives False, and makes nothing, where
    there are any already.

    Raises:
        RuntimeError: the script is not of the newest step; the transaction must be given up.
    """
    if connection.execute(_TABLES).scalar_one():
        return False
    native(connection).execute(SCRIPT.read_text(encoding="utf-8"))
    if (version := connection.execute(_VERSION).scalar_one()) != migrate.newest():
        raise RuntimeError(f"{SCRIPT.name} is of step {version}. `make format` writes it anew.")
    return True
