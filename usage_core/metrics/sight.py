"""What whoever asks may see, as conditions on tables that no selection holds to."""

import sqlalchemy as sa

from usage_core.selection import SIGHT
from usage_core.store.tables import DAYS


def keys_in_sight(column: sa.ColumnElement[str]) -> list[sa.ColumnElement[bool]]:
    """The condition on a column of key ids; none where everything may be seen."""
    keys = SIGHT.get()
    return [] if keys is None else [column.in_(keys)]


def models_in_sight(provider: sa.ColumnElement[str], model: sa.ColumnElement[str]) -> list[sa.Exists]:
    """The condition on columns of canonical names: that a key in sight called the model."""
    c = DAYS.alias("called").c
    same = (c.provider_name.is_not_distinct_from(provider), c.model_name == model)
    return [sa.exists().where(held, *same) for held in keys_in_sight(c.api_key_id)]
