"""The workspace's own settings, kept in the store."""

from datetime import date

import sqlalchemy as sa

from usage_core.store.tables import WORKSPACE
from usage_core.timeframe import zone_info

REPORTING_ZONE, CALLS_SINCE = "reporting_zone", "calls_since"


def reporting_zone(connection: sa.Connection) -> str:
    """The zone whose days the day rollups use."""
    zone: str = connection.execute(noted_as(REPORTING_ZONE)).scalar_one()
    return zone


def days(connection: sa.Connection) -> tuple[str, date | None]:
    """That zone, and the first day whose calls are kept, as `calls_since` gives it: asked for in one
    statement, which takes many times as long as what it finds."""
    noted = {
        row.name: row.value for row in connection.execute(sa.select(WORKSPACE.c.name, WORKSPACE.c.value))
    }
    return noted[REPORTING_ZONE], as_day(noted.get(CALLS_SINCE))


def set_reporting_zone(connection: sa.Connection, zone: str) -> None:
    """Change the zone; the rollups have to be rebuilt in the same transaction.

    Raises:
        SelectionError: the name is no time zone.
    """
    zone_info(zone)
    change = sa.update(WORKSPACE).where(WORKSPACE.c.name == REPORTING_ZONE).values(value=zone)
    connection.execute(change)


def calls_since(connection: sa.Connection) -> date | None:
    """The first day (of the workspace's zone) whose calls are kept; None where all are."""
    return as_day(note(connection, CALLS_SINCE))


def as_day(noted: str | None) -> date | None:
    """A day as it was noted."""
    return date.fromisoformat(noted) if noted else None


def note(connection: sa.Connection, name: str) -> str | None:
    """What a program noted under a name to remember, or None."""
    return connection.execute(noted_as(name)).scalar()


def noted_as(name: str) -> sa.Select[str]:
    """The statement that finds what was noted under a name."""
    return sa.select(WORKSPACE.c.value).where(WORKSPACE.c.name == name)


def put_note(connection: sa.Connection, name: str, value: str) -> None:
    """Note something under a name, in place of what was noted before."""
    connection.execute(sa.delete(WORKSPACE).where(WORKSPACE.c.name == name))
    connection.execute(sa.insert(WORKSPACE).values(name=name, value=value))
