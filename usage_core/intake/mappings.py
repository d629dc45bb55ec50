"""The mappings that were saved, by name, in the store."""

import sqlalchemy as sa

from usage_core.errors import MappingRefused
from usage_core.importers.format import Format
from usage_core.intake.mapping import LONGEST_NAME, Mapping, as_format
from usage_core.store.lake import Lake
from usage_core.store.settings import note, put_note
from usage_core.store.tables import WORKSPACE

_PREFIX = "mapping "


def save(lake: Lake, name: str, mapping: Mapping) -> None:
    """Keep a mapping under a name, in place of the one of that name.

    Raises:
        MappingRefused: it cannot be meant, or the name is empty, too long or not printable.
    """
    mapping.check()
    if name != name.strip() or not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
        raise MappingRefused(f"A mapping's name has 1 to {LONGEST_NAME} characters, no blank at its ends.")
    with lake.writing() as connection:
        put_note(connection, _PREFIX + name, mapping.text())


def forget(lake: Lake, name: str) -> None:
    """Remove a mapping; what was imported by it stays."""
    with lake.writing() as connection:
        connection.execute(sa.delete(WORKSPACE).where(WORKSPACE.c.name == _PREFIX + name))


def names(connection: sa.Connection) -> list[str]:
    """The names of all mappings, in alphabetical order."""
    found = connection.scalars(sa.select(WORKSPACE.c.name).where(WORKSPACE.c.name.startswith(_PREFIX)))
    return sorted((name.removeprefix(_PREFIX) for name in found), key=str.casefold)


def saved(lake: Lake, name: str) -> Mapping:
    """The mapping of a name.

    Raises:
        MappingRefused: there is none.
    """
    with lake.reading() as connection:
        text = note(connection, _PREFIX + name)
        if text is None:
            known = ", ".join(names(connection)) or "none"
            raise MappingRefused(f"There is no mapping {name!r}. Saved mappings: {known}.")
    return Mapping.of(text)


def saved_format(lake: Lake, name: str) -> Format:
    """The format of files that are read by a saved mapping.

    Raises:
        MappingRefused: there is none of that name.
    """
    return as_format(name, saved(lake, name))
