"""Answers shared by all sessions, kept until the store changes; the only module that knows Streamlit."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

import pandas as pd
import sqlalchemy as sa
import streamlit as st

from usage_core import settings
from usage_core.export.preview import Preview, preview
from usage_core.export.preview import first_lines as first_lines_of
from usage_core.metrics import facts
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.facts import Directory, Holdings, directory, holdings
from usage_core.metrics.question import Question
from usage_core.metrics.sources import Coverage
from usage_core.selection import Selection
from usage_core.store.settings import reporting_zone
from usage_core.timeframe import MINUTE
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
def _kept(state: tuple[str, int], key: object, _work: Callable[[sa.Connection], object]) -> object:
    """An answer for one state of one store; sessions that ask at the same time wait for one answer."""
    with shown().lake.reading() as connection:
        return compute(connection, _work)


def compute(connection: sa.Connection, work: Callable[[sa.Connection], object]) -> object:
    """Ask the store; benchmarks measure what is spent here."""
    return work(connection)


def forget() -> None:
    """Forget all answers."""
    _kept.clear()


def _answer(key: object, work: Callable[[sa.Connection], Answer]) -> Answer:
    shown()
    return cast(Answer, _kept(_run.state, key, work))


def answer(question: Question) -> pd.DataFrame:
    """The answer to a question, as `metrics.answer.ask` gives it; yours to change."""
    covered = _answer("coverage", coverage)
    asked = replace(question, selection=_up_to_last_call(question.selection, covered))
    return _answer(asked, lambda connection: ask(connection, asked, covered)).copy()


def _up_to_last_call(selection: Selection, covered: Coverage) -> Selection:
    """The same calls by a timeframe that ends soon after the last of them.

    Most timeframes end now. Cut back to the store's last call, the next minute's question is this
    minute's, and its answer is still known.
    """
    frame = selection.timeframe
    if covered.last is None or covered.last >= frame.end:
        return selection
    end = max(covered.last.replace(second=0, microsecond=0) + MINUTE, frame.start + MINUTE)
    return selection.over(replace(frame, end=end)) if end < frame.end else selection


def held() -> Holdings:
    """What the shown store holds."""
    return _answer("holdings", holdings)


def known() -> Directory:
    """The shown store's keys, providers, models and kinds."""
    return _answer("directory", directory)


def previewed(selection: Selection) -> Preview:
    """What an export of the selection will hold."""
    covered = _answer("coverage", coverage)
    asked = _up_to_last_call(selection, covered)
    return _answer(("preview", asked), lambda connection: preview(connection, asked, covered))


def first_lines(selection: Selection) -> str:
    """The header and the first lines of an export of the selection."""
    return _answer(("first", selection), lambda connection: first_lines_of(connection, selection))


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
