"""Bringing in files by hand, and what became of those brought in last."""

import shutil
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, date
from pathlib import Path
from typing import TypeAlias

import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.parts import address
from pages.parts.frame import HOME
from pages.parts.text import plain, plain_lines
from pages.server import visitor
from usage_core import cached, counters, wording
from usage_core.access.journal import Event
from usage_core.errors import UsageError
from usage_core.importers.format import Format
from usage_core.importers.registry import formats
from usage_core.intake.receipt import Receipt
from usage_core.intake.several import Outcome, import_given
from usage_core.selection import FILTERS
from usage_core.store import maintenance
from usage_core.store.maintenance import Report
from usage_core.store.scratch import scratch
from usage_core.timeframe import Preset, zone_info

Days: TypeAlias = tuple[date, date]

RESULTS = "import-results"
"""What became of the files brought in last; told until one of them is undone."""

COPY_BYTES = 1 << 22
KINDS = ("refused", "set aside", "stored")
SHOWN = 20


def uploader(zone: str) -> None:
    """The place to drop files, and what became of those dropped last."""
    known = ", ".join(known.label for known in formats())
    st.markdown(
        "Drop log files here to add their calls. A call that is already there is not stored twice, so a file "
        "may be imported again without harm. Files may be packed (.gz, .zst, .zip)."
    )
    st.caption(f"Known formats, told by their content: {plain(known)}.")
    with st.form("upload", clear_on_submit=True, border=False):
        files = st.file_uploader("Log files", accept_multiple_files=True, label_visibility="collapsed")
        sent = st.form_submit_button("Import files", type="primary", icon=":material/upload_file:")
    if sent and not files:
        st.info("Choose at least one file first.", icon=":material/info:")
    elif sent:
        bring_in(files, zone)
    results, days = st.session_state.get(RESULTS, ([], None))
    _results(results)
    _way_on(days)


def bring_in(files: list[UploadedFile], zone: str, mapped: Format | None = None) -> None:
    """Import what was uploaded, as of a format if one is given, and draw the page anew.

    The first calls of a workspace make the reader's zone the one its days are kept in.
    """
    if not cached.workspace().has_real_calls():
        maintenance.change_zone(cached.workspace().real, zone)
    outcomes = _import(files, mapped)
    receipts = [outcome.result for outcome in outcomes if isinstance(outcome.result, Receipt)]
    st.session_state[RESULTS] = [_said(outcome) for outcome in outcomes], _days(receipts, zone)
    st.rerun()


def _days(receipts: Iterable[Receipt], zone: str) -> Days | None:
    """The first and the last day of the calls that were stored."""
    stored = [receipt for receipt in receipts if receipt.rows_stored]
    edges = [edge for one in stored for edge in (one.first_call_at, one.last_call_at) if edge is not None]
    days = sorted(edge.replace(tzinfo=UTC).astimezone(zone_info(zone)).date() for edge in edges)
    return (days[0], days[-1]) if days else None


def _way_on(days: Days | None) -> None:
    """The way to what was brought in: its days may lie far from those that are shown."""
    if days is None:
        return
    shown = {"tf": [Preset.CUSTOM.label], "range": [day.isoformat() for day in days]}
    st.button(
        f"Show the calls of {plain(wording.days(*days))}",
        on_click=address.wish,
        args=(HOME, address.of_the_frame(address.params()) | {name: [] for name in FILTERS} | shown),
        icon=":material/dashboard:",
        key="show-imported",
    )


def _results(results: list[tuple[str, str]]) -> None:
    """What became of each file, those with something amiss first."""
    for kind, text in sorted(results, key=lambda result: KINDS.index(result[0]))[:SHOWN]:
        (st.success if kind == "stored" else st.warning if kind == "set aside" else st.error)(text)
    if len(results) > SHOWN:
        st.caption(f"And {wording.plural(len(results) - SHOWN, 'file')} more; past imports are listed below.")


def _import(files: list[UploadedFile], mapped: Format | None) -> list[Outcome]:
    """Import what was uploaded, and give what became of each file in it."""
    bar, context = st.progress(0.0, "Reading"), get_script_run_ctx()
    outcomes = []
    for number, file in enumerate(files):
        count = f"{number + 1} of {len(files)}, " if len(files) > 1 else ""

        def report(doing: str, part: float | None, before: int = number, count: str = count) -> None:
            # Some reports come from a thread that watches the database; it has to be told whose page this is.
            add_script_run_ctx(threading.current_thread(), context)
            bar.progress(
                (before + (part or 0.0)) / len(files), plain(f"{count}{files[before].name}: {doing}")
            )

        for outcome in _outcomes(file, report, mapped):
            visitor.note(Event.IMPORTED, outcome.sentence, outcome.rows)
            counters.imported(outcome.kind, outcome.rows)
            outcomes.append(outcome)
    return outcomes


def _outcomes(file: UploadedFile, report: Report, mapped: Format | None) -> Iterator[Outcome]:
    lake = cached.workspace().real
    with scratch(lake.folder / "staging", "uploaded") as folder:
        path = copied(file, folder.path)
        yield from import_given(lake, str(path), name=file.name, mapped=mapped, report=report)


def copied(file: UploadedFile, folder: Path) -> Path:
    """A copy of what was uploaded, in a folder: a piece at a time, from its beginning."""
    path = folder / "upload"
    file.seek(0)  # it may have been looked at
    with path.open("wb") as copy:
        shutil.copyfileobj(file, copy, COPY_BYTES)
    return path


def _said(outcome: Outcome) -> tuple[str, str]:
    """How it went, and a sentence on it (Markdown)."""
    if isinstance(outcome.result, UsageError):
        return outcome.kind, plain_lines(str(outcome.result))
    return outcome.kind, f"{_told(outcome.result)} {plain(outcome.note)}".strip()


def _told(receipt: Receipt) -> str:
    aside = " The rows set aside can be downloaded below, corrected in that file, and imported again."
    more = aside if receipt.rows_rejected else ""
    said = [plain(receipt.sentence) + more, *map(plain, receipt.notes)]
    if receipt.rows_doubted:  # which is said first
        said[1] += " These rows can be downloaded below."
    return "  \n".join(said)
