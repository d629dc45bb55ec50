"""What changed from one version of the store to another, as the catalog has noted it."""

import sqlalchemy as sa

from usage_core.store.small_files import META

_MADE = sa.text(
    f"SELECT changes_made FROM {META}.ducklake_snapshot_changes "
    "WHERE snapshot_id > :since AND snapshot_id <= (SELECT id FROM lake.current_snapshot())"
)
_SINCE = sa.text("SELECT id - :since FROM lake.current_snapshot()")
_NAMES = sa.text(f"SELECT table_id, table_name FROM {META}.ducklake_table WHERE end_snapshot IS NULL")


def changed_since(connection: sa.Connection, version: int) -> set[str] | None:
    """The names of the tables whose rows are others than at a version, or may be; None where the catalog
    does not know any more, or knows of something else than rows."""
    made = connection.execute(_MADE, {"since": version}).scalars().all()
    if len(made) != connection.execute(_SINCE, {"since": version}).scalar_one():
        return None
    # As in "inlined_insert:7,deleted_from_table:12": a number is a table's, all else has a name.
    tables = {each.rpartition(":")[2] for change in made if change for each in change.split(",")}
    if not all(table.isdecimal() for table in tables):
        return None
    names = {str(number): name for number, name in connection.execute(_NAMES)}
    return {names[table] for table in tables} if tables <= names.keys() else None
