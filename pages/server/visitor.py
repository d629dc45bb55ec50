"""Who is here: the visitor of a run or of a request, decided by one function for all of them."""

import functools
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import streamlit as st
from starlette.requests import HTTPConnection

# How Streamlit itself reads its cookie when a page connects; it has no public function for a route.
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

from usage_core import cached
from usage_core.access import configuration, tokens
from usage_core.access.configuration import Access
from usage_core.access.journal import Event, Journal
from usage_core.access.rules import THIS_MACHINE, Claims, Refusal, Scope, Visitor, judge
from usage_core.api.routes import endpoint
from usage_core.errors import AccessRefused

HERE = "visitor"
PROGRAMS = ("api", "export")
"""First parts of addresses that programs may come to."""


@functools.cache
def access() -> Access | None:
    """How people sign in to this process's console; None where no sign-in is configured."""
    return configuration.load()


def journal() -> Journal:
    """The audit log."""
    return cached.workspace().journal


def judged(claims: Claims) -> Visitor | Refusal:
    """Who somebody with these claims is now: the one place where it is decided who gets in."""
    found = access()
    if found is None:
        return THIS_MACHINE
    return judge(claims, found.rules, datetime.now(UTC), journal().has_ended)


def of_run() -> Visitor | Refusal:
    """Who this run of the script is for; to be asked at the start of every run."""
    found = judged(st.user.to_dict() if access() else {})
    st.session_state[HERE] = found if isinstance(found, Visitor) else None
    return found


def of_request(asked: HTTPConnection, path: str) -> Visitor | Refusal:
    """Who sent a request for a path beneath the base: a program by its token, or a person by their cookies.

    A token that is none of ours says nothing: proxies in front add some of their own.
    """
    authorization, method = asked.headers.get("authorization", ""), asked.scope.get("method", "")
    if path == "metrics" and is_scraper(authorization):
        return THIS_MACHINE
    scheme, _, token = authorization.partition(" ")
    if (
        scheme.lower() == "bearer"
        and token.startswith(tokens.BEGIN)
        and path.split("/", maxsplit=1)[0] in PROGRAMS
    ):
        found = endpoint(method, f"/{path}")
        wanted = found.scopes if found else frozenset(Scope)  # where there is nothing, that is said
        return tokens.judge(journal(), token.strip(), f"{method} /{path}", wanted, datetime.now(UTC))
    return of_cookies(asked.cookies)


def of_cookies(cookies: Mapping[str, str]) -> Visitor | Refusal:
    """Who sent a request with these cookies."""
    return judged(claims(cookies))


def is_scraper(authorization: str) -> bool:
    """Whether a request may read what the console counts by its token alone."""
    found = access()
    wanted = f"Bearer {found.metrics_token}" if found and found.metrics_token else ""
    return bool(wanted) and hmac.compare_digest(authorization.encode(), wanted.encode())


def claims(cookies: Mapping[str, str]) -> dict[str, Any]:
    """What the identity provider said about whoever has these cookies; nothing where they are forged,
    broken, or those of a console at another address."""
    found = access()
    signed = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME) if found else None
    if found is None or signed is None:
        return {}
    try:
        said = json.loads(signed)
    except ValueError:
        return {}
    return said if isinstance(said, dict) and said.get("origin") == found.url else {}


def here() -> Visitor:
    """The visitor of this run; for pages, which are drawn for visitors only."""
    found: Visitor = st.session_state[HERE]
    return found


def who() -> str | None:
    """The address of the administrator who changes something now; None where there is no sign-in.

    It is decided anew: a widget's callback comes before the rest of its run, and so before the frame
    has looked whether the visitor may still be here.

    Raises:
        AccessRefused: they may change nothing, or not any more.
    """
    found = of_run()
    if isinstance(found, Refusal) or not found.is_administrator:
        raise AccessRefused("Nothing was changed: only administrators who are signed in may.")
    return found.email


def note(event: Event, what: str, rows: int | None = None) -> None:
    """Add to the audit log what an administrator has just done."""
    journal().record(event, who(), what, rows)
