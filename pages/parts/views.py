"""Parts of a page of which a reader sees one at a time: what is not looked at is neither asked nor drawn."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import streamlit as st

from pages.parts import address

VIEW = "view"
"""The parameter of the link that says which part is open."""

_LEFT = "views-left"
"""Which part of each page was open when it was left, by the parts that the page has."""


def views(parts: Mapping[str, Callable[[], None]], kept: Collection[str] = ()) -> None:
    """Tabs, by their labels; the one that is open is drawn: the link's, else the one that was open when the
    page was left, else the first.

    Those in `kept` are drawn always: what is being entered in a form is lost when it is not.
    """
    _open_again(tuple(parts))
    tabs = st.tabs(list(parts), key=VIEW, on_change="rerun", bind="query-params")
    st.session_state.setdefault(_LEFT, {})[tuple(parts)] = st.session_state[VIEW]
    for tab, (label, part) in zip(tabs, parts.items(), strict=True):
        if is_open(tab) or label in kept:
            with tab:
                part()


def _open_again(labels: tuple[str, ...]) -> None:
    """Open what was open when the page was left, where the link says nothing of it."""
    before = st.session_state.get(_LEFT, {}).get(labels)
    has_come = st.session_state.get(VIEW) not in labels
    if before and has_come and VIEW not in st.query_params and not address.rules():
        st.session_state[VIEW] = before


def is_open(tab: Any) -> bool:
    """Whether a tab is the one that is looked at."""
    return bool(tab.open)
