"""Who is let in, by what an identity provider says about them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usage_core.access.rules import (
    People,
    Refusal,
    Role,
    Rules,
    Viewers,
    Visitor,
    Why,
    judge,
    sign_in_id,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = Rules(
    administrators=People(
        emails=frozenset({"ada@example.com"}),
        domains=frozenset({"ops.example"}),
        groups=frozenset({"finops"}),
    ),
    viewers=(
        Viewers(People(domains=frozenset({"example.com"})), ("k1",)),
        Viewers(People(groups=frozenset({"team"})), ("k2", "k3")),
        Viewers(People(groups=frozenset({"board"}))),
    ),
)


def said(**claims: Any) -> dict[str, Any]:
    signed_in = int((NOW - timedelta(hours=1)).timestamp())
    return {
        "is_logged_in": True,
        "iss": "https://id.example",
        "sub": "1",
        "iat": signed_in,
        "email": "ada@example.com",
        "email_verified": True,
        **claims,
    }


def judged(claims: dict[str, Any], *, ended: bool = False, rules: Rules = RULES) -> Visitor | Refusal:
    return judge(claims, rules, NOW, lambda _sign_in, _email, _began: ended)


@pytest.mark.parametrize(
    ("claims", "role", "keys"),
    [
        ({}, Role.ADMINISTRATOR, None),
        ({"email": " ADA@Example.com "}, Role.ADMINISTRATOR, None),
        ({"email": "bob@ops.example"}, Role.ADMINISTRATOR, None),
        ({"email": "bob@else.example", "groups": ["x", "finops"]}, Role.ADMINISTRATOR, None),
        ({"email": "bob@else.example", "groups": "finops"}, Role.ADMINISTRATOR, None),
        ({"email_verified": "true"}, Role.ADMINISTRATOR, None),
        ({"email": "eve@example.com"}, Role.VIEWER, ("k1",)),
        ({"email": "eve@example.com", "groups": ["team"]}, Role.VIEWER, ("k1", "k2", "k3")),
        ({"email": "eve@example.com", "groups": ["team", "board"]}, Role.VIEWER, None),
    ],
)
def test_who_gets_in(claims: dict[str, Any], role: Role, keys: tuple[str, ...] | None) -> None:
    found = judged(said(**claims))
    assert isinstance(found, Visitor)
    assert (found.role, found.keys) == (role, keys)
    assert found.until == NOW + timedelta(hours=11)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"is_logged_in": False}, Why.NOT_SIGNED_IN),
        ({"is_logged_in": "true"}, Why.NOT_SIGNED_IN),
        ({"sub": ""}, Why.NOT_SIGNED_IN),
        ({"iat": None}, Why.NOT_SIGNED_IN),
        ({"iat": True}, Why.NOT_SIGNED_IN),
        ({"iat": "1795000000"}, Why.NOT_SIGNED_IN),
        ({"iat": float("nan")}, Why.NOT_SIGNED_IN),
        ({"iat": 10**30}, Why.NOT_SIGNED_IN),
        ({"iat": NOW.timestamp() - 12 * 3600}, Why.EXPIRED),
        ({"iat": NOW.timestamp() + 3600}, Why.EXPIRED),
        ({"email_verified": False}, Why.UNVERIFIED),
        ({"email_verified": "false"}, Why.UNVERIFIED),
        ({"email_verified": None}, Why.UNVERIFIED),
        ({"email": None, "groups": ["finops"]}, Why.UNVERIFIED),
        ({"email": "a@b@example.com"}, Why.UNVERIFIED),
        ({"email": "ada@example.com.evil"}, Why.STRANGER),
        ({"email": "ada@sub.example.com"}, Why.STRANGER),
        ({"email": "x@else.example", "groups": ["Finops", "fin"]}, Why.STRANGER),
        ({"email": "x@else.example", "groups": {"finops": True}}, Why.STRANGER),
    ],
)
def test_who_does_not(claims: dict[str, Any], why: Why) -> None:
    found = judged(said(**claims))
    assert isinstance(found, Refusal)
    assert found.why is why


def test_a_sign_in_that_was_ended() -> None:
    assert judged(said(), ended=True) == Refusal(Why.ENDED, "ada@example.com")
    assert sign_in_id(said()) != sign_in_id(said(iat=1)) != sign_in_id(said(nonce="n"))


def test_a_google_account_proves_its_domain_by_the_workspace_it_is_of() -> None:
    google = said(iss="https://accounts.google.com", email="eve@example.com")
    assert judged(google) == Refusal(Why.STRANGER, "eve@example.com")
    assert isinstance(judged({**google, "hd": "example.com"}), Visitor)
    assert isinstance(judged({**google, "email": "ada@example.com"}), Visitor)


def test_the_claim_that_verifies_an_address_can_be_another() -> None:
    entra = Rules(administrators=RULES.administrators, verified_claim="xms_edov")
    assert judged(said(), rules=entra) == Refusal(Why.UNVERIFIED, "ada@example.com")
    assert isinstance(judged(said(xms_edov=1), rules=entra), Visitor)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(["is_logged_in", "iss", "sub", "iat", "email", "email_verified", "groups"]), ANYTHING
    )
)
def test_no_claims_whatever_are_an_error(claims: dict[str, Any]) -> None:
    for given_ in (claims, {**said(email="x@else.example"), **claims}):
        found = judged(given_)
        if isinstance(found, Visitor):
            assert found.email == "ada@example.com"
