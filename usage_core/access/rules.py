"""Who a sign-in is and what it may see: one function that decides, for pages and for every address."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

Claims = Mapping[str, Any]
"""What the identity provider says about a person, from its signed ID token."""

Ended = Callable[[str, str, datetime], bool]
"""Whether a sign-in (its id, its e-mail address, its begin) was ended before its time."""

CLOCK_SKEW = timedelta(minutes=2)
GOOGLE = ("https://accounts.google.com", "accounts.google.com")


class Role(StrEnum):
    """What a visitor is."""

    ADMINISTRATOR = "administrator"
    VIEWER = "viewer"
    PROGRAM = "program"


class Scope(StrEnum):
    """What a program may do."""

    EXPORT = "export"
    USAGE = "usage"
    INGEST = "ingest"

    @property
    def meaning(self) -> str:
        """What that is."""
        return _MEANINGS[self]


_MEANINGS = {
    Scope.EXPORT: "read all calls, and sums of them",
    Scope.USAGE: "read figures, but no single call",
    Scope.INGEST: "bring in calls, and read rows set aside",
}


class Why(StrEnum):
    """Why somebody is not let in."""

    NOT_SIGNED_IN = "not signed in"
    EXPIRED = "the sign-in is too old"
    ENDED = "signed out"
    UNVERIFIED = "the e-mail address is not verified"
    STRANGER = "not on the list"
    UNKNOWN_TOKEN = "the token is not known"  # noqa: S105 - no secret
    TOKEN_EXPIRED = "the token has expired"  # noqa: S105
    REVOKED = "the token was revoked"
    OTHER_SCOPE = "the token is for something else"


@dataclass(frozen=True, slots=True)
class People:
    """Some people: by e-mail address, by its domain, or by a group the identity provider puts them in."""

    emails: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.emails or self.domains or self.groups)

    def hold(self, email: str, domain: str | None, groups: frozenset[str]) -> bool:
        """Whether somebody is one of them; `domain` is None where the address proves none."""
        return email in self.emails or domain in self.domains or bool(groups & self.groups)


@dataclass(frozen=True, slots=True)
class Viewers:
    """People who may see and export: calls of these keys, or all calls where `keys` is None."""

    people: People
    keys: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Who gets in."""

    administrators: People
    viewers: tuple[Viewers, ...] = ()
    longest: timedelta = timedelta(hours=12)
    """A sign-in ends after this long, whatever the identity provider's token says."""
    groups_claim: str = "groups"
    verified_claim: str = "email_verified"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who was let in."""

    email: str | None
    """None where no sign-in is configured: whoever uses this machine."""
    role: Role
    keys: tuple[str, ...] | None = None
    """The keys whose calls they may see; None for all."""
    sign_in: str = ""
    until: datetime | None = None
    token: str = ""
    """The name of the access token of a program."""
    scopes: frozenset[Scope] = frozenset()
    """What a program may do."""

    @property
    def who(self) -> str | None:
        """Who they are in the audit log."""
        return f"token {self.token}" if self.token else self.email

    @property
    def is_administrator(self) -> bool:
        """Whether they may change things."""
        return self.role is Role.ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody who was not let in, and why."""

    why: Why
    email: str | None = None


THIS_MACHINE = Visitor(None, Role.ADMINISTRATOR)
"""Whoever uses a console without sign-in, which answers on its own machine only."""


def sign_in_id(claims: Claims) -> str:
    """The name of one sign-in: the same in every tab, another after signing in again."""
    parts = (claims.get(name, "") for name in ("iss", "sub", "iat", "nonce", "at_hash"))
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


def judge(claims: Claims, rules: Rules, now: datetime, ended: Ended) -> Visitor | Refusal:
    """Who somebody with these claims is. Claims that cannot be meant let nobody in."""
    began, email = _instant(claims.get("iat")), _email(claims)
    if claims.get("is_logged_in") is not True or began is None or not claims.get("sub"):
        return Refusal(Why.NOT_SIGNED_IN)
    sign_in, until = sign_in_id(claims), began + rules.longest
    if not began - CLOCK_SKEW <= now < until:
        return Refusal(Why.EXPIRED, email or None)
    if ended(sign_in, email, began):
        return Refusal(Why.ENDED, email or None)
    if not _is_verified(email, claims.get(rules.verified_claim)):
        return Refusal(Why.UNVERIFIED, email or None)
    role, keys = _place(claims, rules)
    return Visitor(email, role, keys, sign_in, until) if role else Refusal(Why.STRANGER, email)


def _place(claims: Claims, rules: Rules) -> tuple[Role | None, tuple[str, ...] | None]:
    """What a verified address may be, and the keys it may see."""
    email = _email(claims)
    asked = email, _domain(email, claims), _groups(claims.get(rules.groups_claim))
    if rules.administrators.hold(*asked):
        return Role.ADMINISTRATOR, None
    found = [viewers.keys for viewers in rules.viewers if viewers.people.hold(*asked)]
    return (Role.VIEWER, _together(found)) if found else (None, None)


def _email(claims: Claims) -> str:
    return str(claims.get("email") or "").strip().casefold()


def _together(found: list[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    listed = [keys for keys in found if keys is not None]
    if len(listed) < len(found):
        return None
    return tuple(sorted({key for keys in listed for key in keys}))


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _is_verified(email: str, claim: object) -> bool:
    """Some providers write their truth as a text or a number."""
    return email.count("@") == 1 and not email.startswith("@") and str(claim).casefold() in ("true", "1")


def _domain(email: str, claims: Claims) -> str | None:
    """The domain an address proves membership of.

    Anybody can open a Google account with an address of any domain that once was theirs; only the
    claim `hd` says that the account is one of the organisation's.
    """
    domain = email.rpartition("@")[2]
    if claims.get("iss") in GOOGLE and str(claims.get("hd") or "").casefold() != domain:
        return None
    return domain


def _groups(value: object) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset({value})
    return frozenset(map(str, value)) if isinstance(value, list | tuple) else frozenset()
