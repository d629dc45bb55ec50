"""Parts of a page of which a reader sees one at a time: what is not looked at is neither asked nor drawn."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

VIEW = "view"
"""The parameter of the link that says which part is open."""


def views(parts: Mapping[str, Callable[[], None]]) -> None:
    """Tabs, by their labels; the one that is open is drawn, the first where the link says nothing."""
    tabs = st.tabs(list(parts), key=VIEW, on_change="rerun", bind="query-params")
    for tab, part in zip(tabs, parts.values(), strict=True):
        if is_open(tab):
            with tab:
                part()


def is_open(tab: Any) -> bool:
    """Whether a tab is the one that is looked at."""
    return bool(tab.open)
