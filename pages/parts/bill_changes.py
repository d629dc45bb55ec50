"""Changing what is kept of bills: recorded with who did it, and said when the page is drawn anew."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

import sqlalchemy as sa
import streamlit as st

from pages.parts.text import plain
from pages.server import visitor
from usage_core import cached
from usage_core.access.journal import Event
from usage_core.bills.format import BillRefused
from usage_core.bills.who import named

TOLD = "bill-told"
RESULTS = "bill-results"
"""What became of the files dropped last; told until something is changed."""


def by() -> str:
    """Who changes something now.

    Raises:
        AccessRefused: they may change nothing.
    """
    return named(visitor.who())


def change(done: Callable[[sa.Connection, str], None], told: str, noted: str) -> None:
    """Change the store: `done` is given a connection and who it is. A refusal is said at once; a success is
    noted in the audit log, and said (`told`) when the page is drawn anew."""
    try:
        with cached.shown().lake.writing() as connection:
            done(connection, by())
    except BillRefused as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    visitor.note(Event.BILLS_CHANGED, noted)
    st.session_state[TOLD] = told
    st.session_state.pop(RESULTS, None)
    st.rerun()


def say_what_changed() -> None:
    """What was changed last, once."""
    if told := st.session_state.pop(TOLD, None):
        st.success(plain(told), icon=":material/check:")


def number(text: str, what: str) -> Decimal:
    """A number as typed.

    Raises:
        BillRefused: it is none.
    """
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise BillRefused(f"{what} is not a plain decimal number such as 1.08: {text[:40]!r}.") from None
