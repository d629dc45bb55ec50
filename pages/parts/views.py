"""Parts of a page of which a reader sees one at a time: what is not looked at is neither asked nor drawn."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import streamlit as st

VIEW = "view"
"""The parameter of the link that says which part is open."""


def views(parts: Mapping[str, Callable[[], None]], kept: Collection[str] = ()) -> None:
    """Tabs, by their labels; the one that is open is drawn, the first where the link says nothing.

    Those in `kept` are drawn always: what is being entered in a form is lost when it is not.
    """
    tabs = st.tabs(list(parts), key=VIEW, on_change="rerun", bind="query-params")
    for tab, (label, part) in zip(tabs, parts.items(), strict=True):
        if is_open(tab) or label in kept:
            with tab:
                part()


def is_open(tab: Any) -> bool:
    """Whether a tab is the one that is looked at."""
    return bool(tab.open)
