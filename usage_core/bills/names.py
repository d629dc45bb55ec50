"""Which model and key of the log a name on a bill stands for: by an alias, exactly, or by its likeness."""

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from usage_core.bills.format import BillRefused
from usage_core.prices import catalogue
from usage_core.store.bill_tables import BILL_ALIASES
from usage_core.store.instants import now

a = BILL_ALIASES.c

_DATED = re.compile(r"[-@](?:20\d{2}-?[01]\d-?[0-3]\d|latest)$")


class AliasKind(StrEnum):
    """What an alias names."""

    MODEL = "model"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Alias:
    """What a name on a provider's bills stands for in the log: a model's name, or an API key's id."""

    alias_id: str
    kind: AliasKind
    provider: str
    billed_as: str
    stands_for: str


def aliases(connection: sa.Connection, provider: str | None = None) -> list[Alias]:
    """The aliases in force, of all providers or of one, by name."""
    chosen = sa.select(a.alias_id, a.kind, a.provider, a.billed_as, a.stands_for)
    chosen = chosen.where(a.withdrawn_at.is_(None)).order_by(a.provider, a.kind, a.billed_as)
    if provider is not None:
        chosen = chosen.where(a.provider == provider)
    return [Alias(row[0], AliasKind(row[1]), *row[2:]) for row in connection.execute(chosen)]


def enter(connection: sa.Connection, kind: AliasKind, provider: str, names: tuple[str, str], by: str) -> None:
    """Say what a name on a provider's bills stands for: `names` is (billed as, stands for); what was said
    of it before is withdrawn.

    Raises:
        BillRefused: one of the two is missing.
    """
    billed_as, stands_for = (name.strip() for name in names)
    if not billed_as or not stands_for:
        raise BillRefused("An alias needs both names: the one on the bill and the one in the log.")
    same = sa.and_(a.kind == kind, a.provider == provider, a.billed_as == billed_as, a.withdrawn_at.is_(None))
    connection.execute(sa.update(BILL_ALIASES).where(same).values(withdrawn_at=now(), withdrawn_by=by))
    given = {"kind": str(kind), "provider": provider, "billed_as": billed_as, "stands_for": stands_for}
    made = {"alias_id": str(uuid.uuid4()), "entered_at": now(), "entered_by": by}
    connection.execute(sa.insert(BILL_ALIASES).values(given | made))


def withdraw(connection: sa.Connection, alias_id: str, by: str) -> None:
    """Take an alias out of force."""
    change = sa.update(BILL_ALIASES).where(a.alias_id == alias_id, a.withdrawn_at.is_(None))
    connection.execute(change.values(withdrawn_at=now(), withdrawn_by=by))


def likeness(model: str) -> str:
    """What is the same in all spellings of a model: no path, date, capitals, spaces or dots."""
    bare = catalogue.names(None, model).model
    return re.sub(r"[\s._\-]+", "-", _DATED.sub("", bare.replace(" ", "-"))).strip("-")


def matched_models(
    billed: Iterable[str], called: Iterable[str], given: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """One name for each model on the bill and for each in the log, the same for those that are the same.

    An alias comes first, then an equal name, then a likeness that only one model on the other side has.
    """
    calls = dict.fromkeys(called)
    names = {name: name for name in calls}
    found: dict[str, str] = {}
    for name in dict.fromkeys(billed):
        exact = given.get(name, catalogue.names(None, name).model)
        if name in given or exact in calls:
            found[name] = exact
    for name in dict.fromkeys(billed):
        if name not in found:
            like = [each for each in calls if likeness(each) == likeness(name)]
            free = [each for each in like if each not in found.values()]
            found[name] = free[0] if len(free) == 1 else catalogue.names(None, name).model
    for name in calls:
        if name not in found.values():
            like = sorted({one for one in found.values() if likeness(one) == likeness(name)})
            names[name] = like[0] if len(like) == 1 else name
    return found, names


def matched_keys(
    billed: Iterable[tuple[str | None, str | None]],
    known: Mapping[str, str | None],
    given: Mapping[str, str],
) -> dict[tuple[str | None, str | None], str | None]:
    """The id in the log of each key on the bill (what it is known by, and its name); None where it is not
    known. An alias comes first, then an equal id, then a name that only one key has."""
    counted = Counter(known.values())
    by_name = {name: key for key, name in known.items() if name and counted[name] == 1}

    def of(key: str | None, name: str | None) -> str | None:
        for each in (key, name):
            if each is not None and each in given:
                return given[each]
        if key in known:
            return key
        return next((by_name[each] for each in (key, name) if each is not None and each in by_name), None)

    return {pair: of(*pair) for pair in dict.fromkeys(billed)}
