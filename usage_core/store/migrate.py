"""Brings a store's tables up to this program's version, one recorded step after another."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from usage_core.errors import StoreUnavailable

STEPS = Path(__file__).parent / "migrations"


def _config(steps: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(steps))
    config.set_main_option("path_separator", "os")
    return config


def is_current(connection: Connection, steps: Path = STEPS) -> bool:
    """Whether the store has every step this program knows.

    Raises:
        StoreUnavailable: the store was written by a newer program.
    """
    newest, known = _known(steps)
    at = _at(connection)
    if at is not None and at not in known:
        raise StoreUnavailable(
            f"The store is at schema version {at}, which this version of the console does not know. "
            "Nothing was changed. Update the console and start it again."
        )
    return at == newest


def _at(connection: Connection) -> str | None:
    try:
        # Whether there is such a table takes several times as long to find out as what is in it.
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return None if found is None else str(found)
    except DBAPIError:
        return MigrationContext.configure(connection).get_current_revision()


def newest(steps: Path = STEPS) -> str | None:
    """The last step this program knows."""
    return _known(steps)[0]


@cache
def _known(steps: Path) -> tuple[str | None, frozenset[str]]:
    """The newest step, and all of them; their files are read once."""
    scripts = ScriptDirectory.from_config(_config(steps))
    return scripts.get_current_head(), frozenset(step.revision for step in scripts.walk_revisions())


def upgrade(connection: Connection, steps: Path = STEPS) -> None:
    """Run the steps that are missing, within the connection's transaction."""
    config = _config(steps)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
