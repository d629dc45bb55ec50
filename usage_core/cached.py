"""Answers shared by all sessions, kept until the store changes; the only module that knows Streamlit."""

import contextvars
import functools
import threading
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar, cast

import pandas as pd
import sqlalchemy as sa
import streamlit as st

# What Streamlit's own cache asks while it waits: it raises when the run is to end.
from streamlit.runtime.scriptrunner_utils.script_run_context import get_run_yield_check

from usage_core import settings
from usage_core.answers import Answers
from usage_core.export.preview import Preview, line_bytes, preview
from usage_core.export.preview import first_lines as first_lines_of
from usage_core.metrics import day_rows, facts, held_times
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.covers import Coverage
from usage_core.metrics.facts import Directory, Holdings, directory, holdings
from usage_core.metrics.question import Question
from usage_core.selection import SIGHT, Selection
from usage_core.store import limited
from usage_core.store.lake import Lake
from usage_core.store.limited import Stop
from usage_core.timeframe import MINUTE
from usage_core.workspace import Shown, Workspace

MOST_BYTES = 64 * 2**20
"""What answers may take in memory, all together."""

THREADS = 8
"""So many answers are computed at a time; those that are known wait for none of them."""

EVERYWHERE = (coverage, directory, holdings, line_bytes, day_rows.ahead, held_times.ahead)
"""What every page needs of the store."""

KEPT_SIGHT = "sight"
"""Where a session keeps what its last run might see."""

LIMIT_S = 60
"""Nothing is computed for longer."""

Found = TypeVar("Found")
Asked = ParamSpec("Asked")


@st.cache_resource(show_spinner=False)
def workspace() -> Workspace:
    """The process's workspace."""
    return Workspace(settings.load())


@st.cache_resource(show_spinner=False)
def _answers() -> Answers:
    return Answers(MOST_BYTES, THREADS)


_run = threading.local()


def refresh(keys: tuple[str, ...] | None = None) -> None:
    """Look which store to show and what state it is in; to be called once at the start of a run.

    With `keys`, nothing in this run is found but what these keys called.

    A script runs in a thread of its own, so a run sees one state from its first figure to its last.
    """
    SIGHT.set(keys)
    st.session_state[KEPT_SIGHT] = keys
    _run.shown = workspace().shown()
    lake = _run.shown.lake
    _run.state = (str(lake.folder), lake.keep_hot(EVERYWHERE))


def shown() -> Shown:
    """The store this run shows."""
    if not hasattr(_run, "shown"):  # in a widget's callback, which comes before the rest of its run
        refresh(st.session_state.get(KEPT_SIGHT))
    found: Shown = _run.shown
    return found


def compute(lake: Lake, work: Callable[[sa.Connection], object], stop: Stop) -> object:
    """Ask the store, for a limited time; benchmarks measure what is spent here."""
    return limited.ask(lake, work, stop, LIMIT_S)


def forget() -> None:
    """Forget all answers, and what they were made of."""
    _answers().clear()
    if hot := workspace().shown().lake.hot:
        hot.forget()


def _answer(
    key: Hashable,
    work: Callable[[sa.Connection], Found],
    state: Hashable | None = None,
    of: Lake | None = None,
) -> Found:
    lake = of or shown().lake
    still_wanted = get_run_yield_check() or (lambda: None)
    sight = contextvars.copy_context()  # another thread looks for it, and must not see further
    place = (state or _run.state, SIGHT.get(), key)
    found = _answers().get(place, lambda stop: sight.run(compute, lake, work, stop), still_wanted)
    return cast(Found, found)


def answer(question: Question) -> pd.DataFrame:
    """The answer to a question, as `metrics.answer.ask` gives it; yours to change."""
    known = covered()
    asked = replace(question, selection=_up_to_last_call(question.selection, known))
    found = _answer(asked, lambda connection: ask(connection, asked, known))
    return found.copy(deep=False)  # pandas copies what is changed


def found(work: Callable[..., Found], *asked: Any) -> Found:
    """What a function of a connection, of these hashable arguments and of the store's coverage finds, for
    statements that no question asks; yours to change."""
    return _found(work, asked, None)


def found_in_calls(work: Callable[..., Found], *asked: Any) -> Found:
    """As `found`, for what takes long and depends on nothing in the store but when calls were made, by
    whom, with how many tokens and how long they took: it is known until calls are imported."""
    newest = [receipt["import_id"] for receipt in _answer("receipts", facts.receipts)[:1]]
    state = (str(shown().lake.folder), tuple(newest), covered())
    return _found(work, asked, state)


def _found(work: Callable[..., Found], asked: tuple[Any, ...], state: Hashable | None) -> Found:
    known = covered()
    cut = tuple(_up_to_last_call(each, known) if isinstance(each, Selection) else each for each in asked)
    key = (work.__module__, work.__qualname__, *cut)
    made = _answer(key, lambda connection: work(connection, *cut, known), state)
    return made.copy(deep=False) if isinstance(made, pd.DataFrame) else made


def _up_to_last_call(selection: Selection, known: Coverage) -> Selection:
    """The same calls by a timeframe that ends soon after the last of them.

    Most timeframes end now. Cut back to the store's last call, the next minute's question is this
    minute's, and its answer is still known.
    """
    if selection.only != SIGHT.get():
        raise AssertionError("A selection that was not made in this run: it holds to other keys.")
    frame = selection.timeframe
    if known.last is None or known.last >= frame.end:
        return selection
    end = max(known.last.replace(second=0, microsecond=0) + MINUTE, frame.start + MINUTE)
    return selection.over(replace(frame, end=end)) if end < frame.end else selection


def of_shown(key: Hashable, finds: Callable[[sa.Connection], Found]) -> Found:
    """What is found in the shown store, kept by a key; read it, do not change it."""
    return _answer(key, finds)


def shared(work: Callable[Asked, Found]) -> Callable[Asked, Found]:
    """A function of hashable arguments and of the store whose results are kept, for all, until the store
    changes. A frame it gives is yours to change."""

    @functools.wraps(work)
    def remembered(*args: Asked.args, **kwargs: Asked.kwargs) -> Found:
        shown()
        key = (
            _run.state,
            SIGHT.get(),
            work.__module__,
            work.__qualname__,
            args,
            tuple(sorted(kwargs.items())),
        )
        found = _answers().remember(key, lambda: work(*args, **kwargs))
        return cast(Found, found.copy(deep=False) if isinstance(found, pd.DataFrame) else found)

    return remembered


def held() -> Holdings:
    """What the shown store holds."""
    return _answer("holdings", holdings)


def rows_set_aside() -> int:
    """How many rows the imports of the shown store could not store; none for whoever may not see all
    calls, as nobody knows whose they were."""
    shown()
    if SIGHT.get() is not None:
        return 0
    return covered().rows_set_aside


def covered() -> Coverage:
    """What has to be known of the shown store before it is asked."""
    return _answer("coverage", coverage)


def known() -> Directory:
    """The shown store's keys, providers, models and kinds."""
    return _answer("directory", directory)


@shared
def previewed(selection: Selection) -> Preview:
    """What an export of the selection will hold."""
    calls = answer(Question(selection, ("calls",)))["calls"].array[0]
    return preview(int(calls), _answer("line bytes", line_bytes))


def first_lines(selection: Selection) -> str:
    """The header and the first lines of an export of the selection."""
    return found(first_lines_of, selection)


def real_state() -> Hashable:
    """Which workspace of real calls there is, and in what state; for keys of `shared`."""
    lake = workspace().real
    return str(lake.folder), lake.version()


def of_real(key: Hashable, finds: Callable[[sa.Connection], Found]) -> Found:
    """What is found in the workspace of real calls as it is now, whichever store is shown; read it, do not
    change it."""
    return _answer(key, finds, real_state(), workspace().real)
