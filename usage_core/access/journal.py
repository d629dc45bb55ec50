"""The audit log: what happened, when and by whom; entries are only ever added.

It is a SQLite file of its own beside the calls. There every entry would be a new state of the store, and
every answer known so far would have to be found again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock

from usage_core.store import migrate
from usage_core.store.instants import naive, now

FILE = "journal.sqlite"
STEPS = Path(__file__).parent / "migrations"
METADATA = sa.MetaData()

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("entry", sa.Integer(), primary_key=True),
    sa.Column("at", sa.DateTime(), nullable=False),
    sa.Column("event", sa.String(), nullable=False),
    sa.Column("who", sa.String()),
    sa.Column("what", sa.String(), nullable=False),
    sa.Column("rows", sa.BigInteger()),
)
"""One row per event: UTC, naive; `who` is NULL where there is no sign-in, `rows` where none are counted."""

ENDED = sa.Table(
    "ended_sign_ins",
    METADATA,
    sa.Column("sign_in", sa.String()),
    sa.Column("email", sa.String()),
    sa.Column("at", sa.DateTime(), nullable=False),
)
"""Sign-ins that ended before their time: one of them, or all of an address that began before `at`."""


class Event(StrEnum):
    """What the audit log tells of."""

    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    REFUSED = "refused"
    EXPORTED = "exported"
    IMPORTED = "imported"
    PRICES_CHANGED = "prices changed"
    BILLS_CHANGED = "bills changed"
    SETTINGS_CHANGED = "settings changed"
    DELETED = "deleted"
    TOKEN_CREATED = "token created"  # noqa: S105
    TOKEN_REVOKED = "token revoked"  # noqa: S105 - no secret
    TOKEN_USED = "token used"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the audit log; `at` is UTC, aware."""

    number: int
    at: datetime
    event: str
    who: str | None
    what: str
    rows: int | None


def entry(event: Event, who: str | None, what: str = "", rows: int | None = None) -> sa.Insert:
    """The statement that adds an entry, for whoever does so together with the change it tells of."""
    return sa.insert(AUDIT).values(at=now(), event=event.value, who=who, what=what, rows=rows)


class Journal:
    """The audit log of the store in a folder; safe to share between threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Open it, creating it or bringing it up to date where needed.

        Raises:
            StoreUnavailable: a newer program wrote it.
        """
        self._engine = sa.create_engine(f"sqlite:///{folder / FILE}", connect_args={"timeout": 10})
        sa.event.listen(self._engine, "connect", _set_up)
        with FileLock(folder / "journal.lock"), self._engine.begin() as connection:
            if not migrate.is_current(connection, STEPS):
                migrate.upgrade(connection, STEPS)

    def record(self, event: Event, who: str | None, what: str = "", rows: int | None = None) -> None:
        """Add an entry."""
        with self.changing() as connection:
            connection.execute(entry(event, who, what, rows))

    @contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """A connection whose changes are made all together at the end, or not at all."""
        with self._engine.begin() as connection:
            yield connection

    def entries(self, limit: int | None = None) -> Iterator[Entry]:
        """The newest entries first."""
        newest = sa.select(AUDIT).order_by(AUDIT.c.entry.desc()).limit(limit)
        with self._engine.connect() as connection:
            for row in connection.execute(newest):
                yield Entry(row.entry, row.at.replace(tzinfo=UTC), row.event, row.who, row.what, row.rows)

    def end(self, *, sign_in: str | None = None, email: str | None = None) -> None:
        """End one sign-in, or all of an address so far."""
        with self._engine.begin() as connection:
            ended = {"sign_in": sign_in, "email": email and email.casefold(), "at": now()}
            connection.execute(sa.insert(ENDED).values(**ended))

    def has_ended(self, sign_in: str, email: str, began: datetime) -> bool:
        """Whether a sign-in was ended before its time."""
        c = ENDED.c
        start = naive(began)
        meant = sa.or_(c.sign_in == sign_in, sa.and_(c.email == email, c.at >= start))
        with self._engine.connect() as connection:
            return connection.execute(sa.select(sa.literal(1)).where(meant).limit(1)).first() is not None

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def _set_up(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()
