"""The frame every page is drawn in: navigation, sidebar, and what is said on all pages."""

from copy import copy
from functools import lru_cache
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from pages.parts import address, keeping, look, sidebar, sign_in, trail
from pages.parts.text import plain
from pages.server import visitor
from usage_core import cached
from usage_core.access.rules import Refusal, Visitor
from usage_core.errors import UsageError

SELECTED = "selected"

# Drawn here: an icon by name would be fetched from its maker, and nothing is fetched from anywhere.
ICON = Path(__file__).with_name("icon.svg").read_text(encoding="utf-8")

PAGES = {
    "Usage": [
        ("usage/overview", "Overview", ":material/dashboard:", "What happened and what changed"),
        ("usage/cost", "Cost", ":material/payments:", "Where the money goes"),
        ("usage/latency", "Latency", ":material/timer:", "How fast each model and provider answers"),
        ("usage/patterns", "Patterns", ":material/calendar_view_week:", "When calls are made"),
        ("usage/export", "Export", ":material/download:", "The calls behind the charts, as a file"),
    ],
    "Billing": [
        ("billing/reconcile", "Reconcile", ":material/balance:", "Is the provider's bill right?"),
        ("billing/prices", "Prices", ":material/sell:", "What each model costs, since when, and who says so"),
    ],
    "Administration": [
        ("admin/imports", "Imports", ":material/upload_file:", "Bring in logs; see what became of them"),
        ("admin/tokens", "Access tokens", ":material/key:", "How programs get in"),
        ("admin/audit", "Audit log", ":material/history:", "Who did what, and who was refused"),
        ("admin/workspace", "Workspace", ":material/settings:", "The time zone of its days, and its size"),
    ],
}
HOME = "usage/overview"
IMPORTS, PRICES = "pages/admin/imports.py", "pages/billing/prices.py"
CLOSED = "For administrators"
WITHOUT_SELECTION = ("Imports",)
WITH_FIGURES = tuple(title for _, title, *_ in PAGES["Usage"])
ADMINISTRATORS_ONLY = ("Billing", "Administration")


def run() -> None:
    """Draw the frame and, inside it, the page that was asked for; or the sign-in."""
    here = visitor.of_run()
    st.set_page_config(page_title="API Usage Console", page_icon=ICON, layout="wide")
    if isinstance(here, Refusal):
        look.draw()
        _shut(here)
        return
    page = navigation(here)
    try:
        cached.refresh(here.keys)
        address.follow()
        chosen = st.session_state[SELECTED] = sidebar.selection()
        look.draw(sidebar.said_beside(chosen))
        sidebar.account(here)
        if page.title != CLOSED:
            _say_above(page, chosen)
        page.run()
    except UsageError as error:
        st.error(plain(str(error)), icon=":material/error:")


def _say_above(page: Page, chosen: sidebar.Selection) -> None:
    """What has to be known of what a page shows."""
    _say_if_sample(page.title)
    if page.title in WITH_FIGURES:
        keeping.say_what_is_gone(chosen)
        sidebar.say_what_is_left_out(page.title, chosen)
    trail.way_back(_path(page), page.title, chosen)


def navigation(here: Visitor) -> Page:
    """The page that was asked for, of those the visitor may see.

    To be called once when the server starts, too: until then Streamlit takes every file under pages/
    for a page of its own making, and greets the first visitor by a link with "Page not found".
    """
    open_ones = {
        section: [_page(*page) for page in pages]
        for section, pages in PAGES.items()
        if here.is_administrator or section not in ADMINISTRATORS_ONLY
    }
    closed = [
        st.Page(_closed, title=CLOSED, url_path=Path(path).name, visibility="hidden")
        for section, pages in PAGES.items()
        if section not in open_ones
        for path, *_ in pages
    ]
    return st.navigation({**open_ones, "": closed} if closed else open_ones)


def _page(*asked: str) -> Page:
    # Without a visitor, when the server starts, half a page is made.
    if get_script_run_ctx(suppress_warning=True) is None:
        return _made.__wrapped__(*asked)
    return copy(_made(*asked))


@lru_cache
def _made(path: str, title: str, icon: str, help_: str) -> Page:
    """A page before a run has it. To look for its file takes longer than all that a run does with it."""
    return st.Page(f"pages/{path}.py", title=title, icon=icon, help=help_, default=path == HOME)


def _closed() -> None:
    """What a viewer finds at the address of a page that is not theirs."""
    st.title(CLOSED, anchor=False)
    st.markdown("You may see usage, but not this page. Whoever administers this console can help.")


def _shut(refusal: Refusal) -> None:
    """The sign-in at whatever address was asked for, so that it is still there afterwards."""

    def body() -> None:
        sign_in.draw(refusal)

    every = [path for pages in PAGES.values() for path, *_ in pages]
    shut = [st.Page(body, title="Sign in", url_path=Path(path).name, default=path == HOME) for path in every]
    st.navigation(shut, position="hidden").run()


def _path(page: Page) -> str:
    return next(path for pages in PAGES.values() for path, title, *_ in pages if title == page.title)


def selected() -> sidebar.Selection:
    """What the sidebar selects; for pages."""
    chosen: sidebar.Selection = st.session_state[SELECTED]
    return chosen


def _say_if_sample(title: str) -> None:
    if not cached.shown().is_sample:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="sample-note", border=True):
        st.markdown(
            ":material/science: **Sample workspace.** These calls are made up, to show what the console "
            "does. They disappear when you import your own."
        )
        if title not in WITHOUT_SELECTION and visitor.here().is_administrator:
            st.page_link(IMPORTS, label="Import files", icon=":material/upload_file:", width="content")
