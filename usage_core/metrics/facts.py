"""What the store holds, whatever is selected."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from usage_core.metrics.sight import keys_in_sight, of_the_store
from usage_core.store.tables import CALLS, DAYS, HELD, IMPORTS, KEY_NAMES

c = CALLS.c


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many calls a store holds and when the first and last of them were made (UTC, aware)."""

    calls: int
    first: datetime | None
    last: datetime | None


def holdings(connection: sa.Connection) -> Holdings:
    """What the store holds, as far as it is in sight."""
    return of_the_store(connection, _holdings)


def _holdings(connection: sa.Connection) -> Holdings:
    in_sight = keys_in_sight(c.api_key_id)
    edges = sa.select(sa.func.count(), sa.func.min(c.called_at), sa.func.max(c.called_at)).where(*in_sight)
    row = connection.execute(edges if in_sight else sa.select(HELD)).one()
    first, last = (moment and moment.replace(tzinfo=UTC) for moment in row[1:])
    return Holdings(row[0], first, last)


@dataclass(frozen=True, slots=True)
class Directory:
    """Every key, provider, model and kind in the store; the values filters can take."""

    key: Mapping[str, str]
    """Key id -> the name it was last seen with, made unique; its id where it never had a name."""
    provider: tuple[str | None, ...]
    model: tuple[str | None, ...]
    kind: tuple[str | None, ...]


MOST_KEYS = 10_000


def directory(connection: sa.Connection) -> Directory:
    """The store's keys, providers, models and kinds, each in alphabetical order; those in sight."""
    return of_the_store(connection, _directory)


def _directory(connection: sa.Connection) -> Directory:
    k, d = KEY_NAMES.c, DAYS.c
    named = sa.select(k.api_key_id, sa.func.arg_max(k.api_key_name, k.last_called_at))
    named = named.where(*keys_in_sight(k.api_key_id)).group_by(k.api_key_id)
    keys = connection.execute(named.limit(MOST_KEYS)).all()
    served = sa.select(d.provider_name, d.model_name, d.kind).distinct()
    kinds = connection.execute(served.where(*keys_in_sight(d.api_key_id))).all()
    distinct = [
        tuple(sorted({row[place] for row in kinds}, key=lambda value: (value is None, value))[:MOST_KEYS])
        for place in range(3)
    ]
    return Directory(unique_names({row[0]: row[1] for row in keys}), *distinct)


def unique_names(names: Mapping[str, str | None]) -> dict[str, str]:
    """Names by id, in alphabetical order, with part of the id behind a name that several keys share."""
    shown = {key: (name or "").strip() or key for key, name in names.items()}
    counts = Counter(shown.values())
    unique = {key: name for key, name in shown.items() if counts[name] == 1}
    taken = set(unique.values())
    begins = Counter((name, key[:8]) for key, name in shown.items())
    for key in sorted(shown.keys() - unique.keys()):
        name, number = shown[key], 1
        label = f"{name} ({key[:8] if begins[name, key[:8]] == 1 else key})"
        while label in taken:  # a key may be named like another one told apart
            number += 1
            label = f"{name} ({key}) ({number})"
        unique[key] = label
        taken.add(label)
    return dict(sorted(unique.items(), key=lambda item: (item[1].casefold(), item[0])))


def receipts(connection: sa.Connection, limit: int = 200) -> list[dict[str, Any]]:
    """The receipts of past imports, newest first."""
    newest = sa.select(IMPORTS).order_by(IMPORTS.c.imported_at.desc()).limit(limit)
    return [dict(row) for row in connection.execute(newest).mappings()]
