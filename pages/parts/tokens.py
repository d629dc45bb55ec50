"""Access tokens: creating one, showing it once, seeing what each is for, revoking it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.text import plain
from pages.server import visitor
from usage_core import wording
from usage_core.access import tokens
from usage_core.access.rules import Scope, Why
from usage_core.access.tokens import Token
from usage_core.errors import AccessRefused, TokenRefused
from usage_core.names import visible

CREATED, REVOKED, REFUSED = "token-created", "token-revoked", "token-refused"
NAME, SCOPES, LASTS, CHOICE = "token-name", "token-scopes", "token-lasts", "token-revoke"
LASTING = {"30 days": 30, "90 days": 90, "1 year": 365, "Until it is revoked": None}


def shown_once() -> None:
    """The token that was just created, until its maker has copied it; and what else has just happened."""
    if told := st.session_state.pop(REVOKED, None):
        st.success(told, icon=":material/check:")
    if told := st.session_state.pop(REFUSED, None):
        st.error(told, icon=":material/error:")
    if token := st.session_state.get(CREATED):
        with st.container(border=True, key="new-token"):
            st.markdown("**Copy the token now.** It cannot be shown again.")
            st.code(token, language=None, wrap_lines=True)
            st.caption("A program sends it as the header `Authorization: Bearer` and the token.")
            st.button("I have copied it", type="primary", on_click=_forget, key="token-copied")


def creator() -> None:
    """The form that creates a token."""
    with st.form("new-token-form", border=False):
        left, right = st.columns([2, 1])
        left.text_input("Name", key=NAME, placeholder="nightly export", max_chars=tokens.LONGEST_NAME)
        right.selectbox("Valid for", list(LASTING), index=1, key=LASTS)
        st.pills(
            "It may",
            list(Scope),
            format_func=lambda scope: scope.meaning.capitalize(),
            selection_mode="multi",
            key=SCOPES,
        )
        st.form_submit_button("Create token", type="primary", icon=":material/add:", on_click=_create)


def every(zone: str) -> None:
    """All tokens, those in force first."""
    st.header("Tokens", anchor=False)
    now = datetime.now(UTC)
    known = sorted(tokens.known(visitor.journal()), key=lambda each: each.why_not(now) is not None)
    if not known:
        st.caption("None yet.")
        return
    table = pd.DataFrame(
        {
            "Name": [each.name for each in known],
            "State": [_state(each, now) for each in known],
            "May": ["; ".join(scope.meaning for scope in sorted(each.scopes)) for each in known],
            "Valid until": [_when(each.expires_at, zone, "revoked") for each in known],
            "Last used": [_when(each.used_at, zone, "never") for each in known],
            "Created": [wording.moment(each.created_at, zone) for each in known],
            "By": [each.created_by or "this machine" for each in known],
        }
    )
    st.caption(f"Times in {plain(zone)}.")
    tables.draw(table, hide_index=True, key="tokens")


def revoker(zone: str) -> None:
    """A choice among the tokens that are not revoked; the one chosen can be."""
    left = {each.number: each for each in tokens.known(visitor.journal()) if not each.revoked_at}
    if not left:
        return
    chosen = st.selectbox(
        "Revoke a token",
        list(left),
        index=None,
        format_func=lambda number: visible(left[number].name),
        placeholder="Choose the token to revoke",
        key=CHOICE,
    )
    if chosen in left:
        token = left[chosen]
        used = f"last used {wording.moment(token.used_at, zone)}" if token.used_at else "never used"
        st.warning(
            f"Programs that send **{plain(token.name)}** ({plain(used)}) are turned away from then on. "
            "That cannot be taken back.",
            icon=":material/key_off:",
        )
        with st.container(horizontal=True):
            st.button("Revoke this token", type="primary", on_click=_revoke, args=(token,), key="revoke-now")
            st.button("Keep it", on_click=_keep, key="revoke-not")


def _create() -> None:
    days = LASTING[st.session_state[LASTS]]
    until = datetime.now(UTC) + timedelta(days=days) if days else None
    scopes = [Scope(each) for each in st.session_state[SCOPES] or ()]

    def create() -> None:
        st.session_state[CREATED] = tokens.create(
            visitor.journal(), st.session_state[NAME], scopes, until, visitor.who()
        )
        st.session_state[NAME], st.session_state[SCOPES] = "", []

    _said(create)


def _revoke(token: Token) -> None:
    def revoke() -> None:
        tokens.revoke(visitor.journal(), token.number, visitor.who())
        st.session_state[REVOKED] = f"The token {plain(token.name)} is revoked."

    st.session_state[CHOICE] = None
    _said(revoke)


def _said(change: Callable[[], None]) -> None:
    """Make a change; where it is refused, keep why for the page that is drawn next."""
    try:
        change()
    except (TokenRefused, AccessRefused) as error:
        st.session_state[REFUSED] = plain(str(error))


def _keep() -> None:
    st.session_state[CHOICE] = None


def _forget() -> None:
    st.session_state.pop(CREATED, None)


def _state(token: Token, now: datetime) -> str:
    return {None: "In force", Why.REVOKED: "Revoked", Why.TOKEN_EXPIRED: "Expired"}[token.why_not(now)]


def _when(moment: datetime | None, zone: str, never: str) -> str:
    return wording.moment(moment, zone) if moment else never
