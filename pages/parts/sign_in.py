"""What somebody sees who is not let in: a way to sign in, or why it did not help."""

import streamlit as st

from pages.parts.text import plain
from pages.server import signing
from pages.server.signing import Failure
from usage_core.access.rules import Refusal, Why

SAID = {
    Why.NOT_SIGNED_IN: ("Sign in", "This console shows what your company's API keys cost. Sign in to go on."),
    Why.EXPIRED: ("Sign in again", "Your last sign-in has expired. Sign in again to go on where you were."),
    Why.ENDED: ("Signed out", "You are signed out. Sign in again to go on where you were."),
}

FAILED = {
    Failure.NO_ANSWER: "The identity provider does not answer, so nobody can be signed in now. Try again in "
    "a moment; if it lasts, tell whoever runs this console.",
    Failure.REFUSED: "You came back from the identity provider without being signed in: you gave up there, "
    "or it did not let you through. Try again, perhaps with another account.",
    Failure.UNFINISHED: "The sign-in was not finished: it took too long, it was begun in another tab, or the "
    "identity provider stopped answering. Try again; if it lasts, tell whoever runs this console.",
}
"""What is said of an attempt that has just failed."""


def draw(refusal: Refusal) -> None:
    """The whole page of somebody who is not let in."""
    _left, middle, _right = st.columns([1, 2, 1])
    with middle:
        st.space("large")
        _card(refusal)


def _card(refusal: Refusal) -> None:
    with st.container(key="sign-in", border=True):
        st.caption("API Usage Console")
        if refusal.why in SAID:
            heading, text = SAID[refusal.why]
            st.title(heading, anchor=False)
            st.markdown(text)
            failed = FAILED.get(st.context.cookies.get(signing.FAILED))
            if failed:
                st.error(failed, icon=":material/error:")
            label, icon = ("Try again", ":material/refresh:") if failed else ("Sign in", ":material/login:")
            st.button(label, type="primary", icon=icon, on_click=st.login, key="sign-in-now")
        else:
            st.title("No access", anchor=False)
            st.markdown(_refused(refusal))
            st.button(
                "Sign in as somebody else", icon=":material/logout:", on_click=st.logout, key="sign-out-now"
            )


def _refused(refusal: Refusal) -> str:
    address = f"**{plain(refusal.email)}**" if refusal.email else "this account"
    if refusal.why is Why.UNVERIFIED:
        return (
            f"You signed in as {address}, but your identity provider does not say that the address is "
            "verified, and one that is not verified proves nothing. Ask whoever runs it to verify yours."
        )
    return (
        f"You signed in as {address}, which is not on this console's list. "
        "Ask whoever runs the console to add you."
    )
