"""Access tokens: how programs get in. Administrators create and revoke them; each is shown once.

A token has 256 random bits, so its SHA-256 is kept as it is: there is nothing to guess. Whatever happens
to a token, and every use of it, is in the audit log, in the same transaction.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from usage_core.access.journal import METADATA, Event, Journal, entry
from usage_core.access.rules import Refusal, Role, Scope, Visitor, Why
from usage_core.errors import TokenRefused
from usage_core.store import instants

BEGIN = "usage_"
"""What every token begins with, so that one is known when it is seen where none should be."""
LONGEST_NAME = 80

TOKENS = sa.Table(
    "tokens",
    METADATA,
    sa.Column("number", sa.Integer(), primary_key=True),
    sa.Column("name", sa.String(), nullable=False),
    sa.Column("digest", sa.String(), nullable=False, unique=True),
    sa.Column("scopes", sa.String(), nullable=False),
    sa.Column("created_at", sa.DateTime(), nullable=False),
    sa.Column("created_by", sa.String()),
    sa.Column("expires_at", sa.DateTime()),
    sa.Column("revoked_at", sa.DateTime()),
    sa.Column("used_at", sa.DateTime()),
)
"""One row per token: times UTC, naive; `scopes` with spaces between; `digest` the token's SHA-256."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; times are UTC, aware, NULL where it never happened or never will."""

    number: int
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    def why_not(self, now: datetime) -> Why | None:
        """Why it lets nobody in; None where it does."""
        if self.revoked_at:
            return Why.REVOKED
        return Why.TOKEN_EXPIRED if self.expires_at and self.expires_at <= now else None


def create(
    journal: Journal, name: str, scopes: Collection[Scope], expires_at: datetime | None, who: str | None
) -> str:
    """Create a token and give it; nothing can give it again.

    Raises:
        TokenRefused: it has no name, another one that is not revoked has it, or it is for nothing.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise TokenRefused(f"Give the token a name of 1 to {LONGEST_NAME} characters.")
    if not scopes:
        raise TokenRefused("Choose at least one thing the token may do.")
    token, scoped = BEGIN + secrets.token_urlsafe(32), " ".join(sorted(scopes))
    until = f"until {expires_at:%Y-%m-%d}" if expires_at else "without end"
    same = sa.select(sa.literal(1)).where(TOKENS.c.name == name, TOKENS.c.revoked_at.is_(None))
    row = {
        "name": name,
        "digest": _digest(token),
        "scopes": scoped,
        "created_at": instants.now(),
        "created_by": who,
        "expires_at": expires_at and instants.naive(expires_at),
    }
    with journal.changing() as connection:
        if connection.execute(same).first():
            raise TokenRefused(f"There is a token named {name!r} already. Revoke it, or choose another name.")
        connection.execute(sa.insert(TOKENS).values(**row))
        connection.execute(entry(Event.TOKEN_CREATED, who, f"{name}: {scoped}, {until}"))
    return token


def revoke(journal: Journal, number: int, who: str | None) -> None:
    """Revoke a token, from its next use on.

    Raises:
        TokenRefused: there is none that could be.
    """
    left = (TOKENS.c.number == number, TOKENS.c.revoked_at.is_(None))
    with journal.changing() as connection:
        name = connection.execute(sa.select(TOKENS.c.name).where(*left)).scalar()
        if name is None:
            raise TokenRefused("That token was revoked already.")
        connection.execute(sa.update(TOKENS).where(*left).values(revoked_at=instants.now()))
        connection.execute(entry(Event.TOKEN_REVOKED, who, name))


def known(journal: Journal) -> list[Token]:
    """All tokens, the newest first."""
    with journal.changing() as connection:
        rows = connection.execute(sa.select(TOKENS).order_by(TOKENS.c.number.desc())).all()
    return [_token(row) for row in rows]


def judge(
    journal: Journal, given: str, asked: str, wanted: frozenset[Scope], now: datetime
) -> Visitor | Refusal:
    """Who a token lets in for what is asked (as `GET /api/v1/calls`), for which it needs one of the wanted
    scopes. Its use is noted, and so is that of a token which lets nobody in any more."""
    with journal.changing() as connection:
        row = connection.execute(sa.select(TOKENS).where(TOKENS.c.digest == _digest(given))).first()
        if row is None:
            return Refusal(Why.UNKNOWN_TOKEN)
        token = _token(row)
        program = Visitor(None, Role.PROGRAM, token=token.name, scopes=token.scopes)
        why = token.why_not(now) or (None if token.scopes & wanted else Why.OTHER_SCOPE)
        if why:
            connection.execute(entry(Event.REFUSED, program.who, f"{asked}: {why}"))
            return Refusal(why)
        connection.execute(
            sa.update(TOKENS).where(TOKENS.c.number == token.number).values(used_at=instants.naive(now))
        )
        connection.execute(entry(Event.TOKEN_USED, program.who, asked))
    return program


def _token(row: sa.Row[tuple[object, ...]]) -> Token:
    def aware(moment: datetime | None) -> datetime | None:
        return moment and moment.replace(tzinfo=UTC)

    return Token(
        number=row.number,
        name=row.name,
        scopes=frozenset(Scope(each) for each in row.scopes.split()),
        created_at=row.created_at.replace(tzinfo=UTC),
        created_by=row.created_by,
        expires_at=aware(row.expires_at),
        revoked_at=aware(row.revoked_at),
        used_at=aware(row.used_at),
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
