"""Access tokens: kept as what recognises them only; let in by scope, until they expire or are revoked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from usage_core.access import tokens
from usage_core.access.journal import FILE, Journal
from usage_core.access.rules import Refusal, Role, Scope, Visitor, Why
from usage_core.errors import TokenRefused

NOW = datetime.now(UTC)
EXPORT = frozenset({Scope.EXPORT})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path)
    yield opened
    opened.close()


def asked(journal: Journal, token: str, wanted: frozenset[Scope] = EXPORT, now: datetime = NOW) -> object:
    found = tokens.judge(journal, token, "GET /x", wanted, now)
    return found.why if isinstance(found, Refusal) else found


def events(journal: Journal) -> list[tuple[str, str | None, str]]:
    return [(each.event, each.who, each.what) for each in journal.entries()]


def test_a_token_lets_in_for_its_scopes_and_nothing_else(journal: Journal) -> None:
    token = tokens.create(journal, " nightly  export ", [Scope.USAGE, Scope.EXPORT], None, "ada@example.com")
    found = asked(journal, token)
    assert isinstance(found, Visitor)
    assert (found.role, found.who, found.keys) == (Role.PROGRAM, "token nightly export", None)
    assert not found.is_administrator
    assert asked(journal, token, frozenset({Scope.INGEST})) is Why.OTHER_SCOPE
    assert asked(journal, token, frozenset()) is Why.OTHER_SCOPE
    for wrong in (token[:-1], token + "x", token.upper(), "", tokens.BEGIN):
        assert asked(journal, wrong) is Why.UNKNOWN_TOKEN
    assert events(journal) == [
        ("refused", "token nightly export", f"GET /x: {Why.OTHER_SCOPE}"),
        ("refused", "token nightly export", f"GET /x: {Why.OTHER_SCOPE}"),
        ("token used", "token nightly export", "GET /x"),
        ("token created", "ada@example.com", "nightly export: export usage, without end"),
    ]
    [known] = tokens.known(journal)
    assert (known.name, known.created_by, known.used_at) == ("nightly export", "ada@example.com", NOW)


def test_nothing_that_is_kept_is_the_token(journal: Journal, tmp_path: Path) -> None:
    token = tokens.create(journal, "a", [Scope.EXPORT], None, None)
    journal.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*"))
    assert token.encode() not in kept
    assert token.removeprefix(tokens.BEGIN).encode() not in kept


def test_it_ends_with_its_time(journal: Journal) -> None:
    until = NOW + timedelta(days=1)
    token = tokens.create(journal, "a", [Scope.EXPORT], until, None)
    assert isinstance(asked(journal, token, now=until - timedelta(microseconds=1)), Visitor)
    assert asked(journal, token, now=until) is Why.TOKEN_EXPIRED
    assert events(journal)[0] == ("refused", "token a", f"GET /x: {Why.TOKEN_EXPIRED}")


def test_it_ends_when_it_is_revoked(journal: Journal) -> None:
    token, other = (tokens.create(journal, name, [Scope.EXPORT], None, None) for name in "ab")
    second, first = tokens.known(journal)
    tokens.revoke(journal, first.number, "ada@example.com")
    assert asked(journal, token) is Why.REVOKED
    assert isinstance(asked(journal, other), Visitor)
    with pytest.raises(TokenRefused, match="revoked already"):
        tokens.revoke(journal, first.number, None)
    assert ("token revoked", "ada@example.com", "a") in events(journal)
    assert second.name == "b"
    assert tokens.create(journal, "a", [Scope.EXPORT], None, None) != token


@pytest.mark.parametrize(
    ("name", "scopes", "said"),
    [
        ("", [Scope.EXPORT], "a name"),
        ("  ", [Scope.EXPORT], "a name"),
        ("x" * 81, [Scope.EXPORT], "a name"),
        ("a\x00b", [Scope.EXPORT], "a name"),
        ("taken", [Scope.EXPORT], "named 'taken' already"),
        ("a", [], "at least one thing"),
    ],
)
def test_what_is_no_token(journal: Journal, name: str, scopes: list[Scope], said: str) -> None:
    tokens.create(journal, "taken", [Scope.EXPORT], None, None)
    with pytest.raises(TokenRefused, match=said):
        tokens.create(journal, name, scopes, None, None)
    assert [each.name for each in tokens.known(journal)] == ["taken"]
    assert len(events(journal)) == 1
