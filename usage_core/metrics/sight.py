"""What whoever asks may see, as conditions on tables that no selection holds to."""

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from usage_core.selection import SIGHT
from usage_core.store.kept import whole
from usage_core.store.tables import DAYS

Found = TypeVar("Found")


def of_the_store(connection: sa.Connection, read: Callable[[sa.Connection], Found]) -> Found:
    """What a function of nothing but the store, and of what is in sight, finds; kept where that is all."""
    return whole(connection, read) if SIGHT.get() is None else read(connection)


def keys_in_sight(column: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
    """The condition on a column of key ids; none where everything may be seen."""
    keys = SIGHT.get()
    return [] if keys is None else [column.in_(keys)]


def models_in_sight(provider: sa.ColumnElement[str], model: sa.ColumnElement[str]) -> list[sa.Exists]:
    """The condition on columns of canonical names: that a key in sight called the model."""
    c = DAYS.alias("called").c
    same = (c.provider_name.is_not_distinct_from(provider), c.model_name == model)
    return [sa.exists().where(held, *same) for held in keys_in_sight(c.api_key_id)]
