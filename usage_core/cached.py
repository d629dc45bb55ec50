"""Answers shared by all sessions, kept until the store changes; the only module that knows Streamlit."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd
import sqlalchemy as sa
import streamlit as st

from usage_core import settings
from usage_core.export.preview import Preview, preview
from usage_core.metrics import facts
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.facts import Directory, Holdings, directory, holdings
from usage_core.metrics.question import Question
from usage_core.metrics.sources import Coverage
from usage_core.selection import Selection
from usage_core.store.settings import reporting_zone
from usage_core.workspace import Shown, Workspace

MOST_ANSWERS = 500

Answer = TypeVar("Answer")


@st.cache_resource(show_spinner=False)
def workspace() -> Workspace:
    """The process's workspace."""
    return Workspace(settings.load())


_run = threading.local()


def refresh() -> None:
    """Look which store to show and what state it is in; to be called once at the start of a run.

    A script runs in a thread of its own, so a run sees one state from its first figure to its last.
    """
    _run.shown = workspace().shown()
    _run.state = (str(_run.shown.lake.folder), _run.shown.lake.version())


def shown() -> Shown:
    """The store this run shows."""
    if not hasattr(_run, "shown"):
        refresh()
    found: Shown = _run.shown
    return found


@st.cache_resource(show_spinner=False, max_entries=MOST_ANSWERS)
def _kept(state: tuple[str, int], key: object, _compute: Callable[[sa.Connection], object]) -> object:
    """An answer for one state of one store; sessions that ask at the same time wait for one answer."""
    with shown().lake.reading() as connection:
        return _compute(connection)


def _state() -> tuple[str, int]:
    shown()
    state: tuple[str, int] = _run.state
    return state


def answer(question: Question) -> pd.DataFrame:
    """The answer to a question, as `metrics.answer.ask` gives it; yours to change."""
    covered = _kept(_state(), "coverage", coverage)
    assert isinstance(covered, Coverage)
    frame = _kept(_state(), question, lambda connection: ask(connection, question, covered))
    assert isinstance(frame, pd.DataFrame)
    return frame.copy()


def held() -> Holdings:
    """What the shown store holds."""
    found = _kept(_state(), "holdings", holdings)
    assert isinstance(found, Holdings)
    return found


def known() -> Directory:
    """The shown store's keys, providers, models and kinds."""
    found = _kept(_state(), "directory", directory)
    assert isinstance(found, Directory)
    return found


def previewed(selection: Selection) -> Preview:
    """What an export of the selection will hold."""
    found = _kept(_state(), ("preview", selection), lambda connection: preview(connection, selection))
    assert isinstance(found, Preview)
    return found


def days_zone() -> str:
    """The zone of the days of the workspace of real calls."""
    with workspace().real.reading() as connection:
        return reporting_zone(connection)


def real_holdings() -> Holdings:
    """What the workspace of real calls holds."""
    with workspace().real.reading() as connection:
        return holdings(connection)


def receipts() -> list[dict[str, Any]]:
    """The receipts of past imports of real calls, newest first."""
    with workspace().real.reading() as connection:
        return facts.receipts(connection)
