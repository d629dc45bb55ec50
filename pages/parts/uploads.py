"""Bringing in files by hand, and the receipts of all imports."""

import tempfile
import threading
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.api.calls import SET_ASIDE_PATH
from usage_core.errors import UsageError
from usage_core.importers.registry import formats
from usage_core.intake.receipt import Receipt
from usage_core.intake.run import import_file
from usage_core.store import maintenance

COPY_BYTES = 1 << 22


def uploader(zone: str) -> None:
    """The place to drop files, and what became of those dropped last.

    The first calls of a workspace make the reader's zone the one its days are kept in.
    """
    known = ", ".join(known.label for known in formats())
    st.markdown(
        f"Drop log files here to add their calls. Known formats: {plain(known)}. A call that is already "
        "there is not stored twice, so a file may be imported again without harm."
    )
    with st.form("upload", clear_on_submit=True, border=False):
        files = st.file_uploader("Log files", accept_multiple_files=True, label_visibility="collapsed")
        sent = st.form_submit_button("Import files", type="primary", icon=":material/upload_file:")
    if sent and not files:
        st.info("Choose at least one file first.", icon=":material/info:")
    elif sent:
        if not cached.workspace().has_real_calls():
            maintenance.change_zone(cached.workspace().real, zone)
        results = [_import(file) for file in files]
        st.session_state["import-results"] = results
        st.rerun()
    for kind, text in st.session_state.get("import-results", []):
        (st.success if kind == "stored" else st.warning if kind == "set aside" else st.error)(text)


def _import(file: UploadedFile) -> tuple[str, str]:
    """Import one uploaded file; how it went, and a sentence on it (Markdown)."""
    bar, context = st.progress(0.0, plain(f"{file.name}: Reading")), get_script_run_ctx()

    def report(doing: str, part: float | None) -> None:
        # Some reports come from a thread that watches the database; it has to be told whose page this is.
        add_script_run_ctx(threading.current_thread(), context)
        bar.progress(part or 0.0, plain(f"{file.name}: {doing}"))

    with tempfile.TemporaryDirectory(dir=cached.workspace().real.folder / "staging") as folder:
        path = Path(folder) / "upload"
        with path.open("wb") as copy:
            while chunk := file.read(COPY_BYTES):
                copy.write(chunk)
        try:
            receipt = import_file(cached.workspace().real, path, name=file.name, report=report)
        except UsageError as error:
            return "refused", "  \n".join(plain(line) for line in str(error).splitlines())
    return ("set aside" if receipt.rows_rejected else "stored"), _told(receipt)


def _told(receipt: Receipt) -> str:
    more = " The rows set aside are listed below, to download." if receipt.rows_rejected else ""
    return plain(receipt.sentence) + more


def receipts(zone: str) -> None:
    """All imports, newest first, with their rows set aside."""
    past = cached.receipts()
    st.subheader("Past imports", anchor=False)
    if not past:
        st.caption("None yet.")
        return
    st.caption(f"Newest first. Times in {plain(zone)}.")
    table = pd.DataFrame(
        {
            "Imported": [wording.moment(row["imported_at"], zone) for row in past],
            "File": [row["file_name"] for row in past],
            "Rows read": [row["rows_read"] for row in past],
            "Stored": [row["rows_stored"] for row in past],
            "Already there": [row["rows_duplicate"] for row in past],
            "Set aside": [row["rows_rejected"] for row in past],
            "First call": [wording.moment(row["first_call_at"], zone) for row in past],
            "Last call": [wording.moment(row["last_call_at"], zone) for row in past],
            "Rows set aside": [_link(row) for row in past],
            "Undone": [wording.moment(row["undone_at"], zone) if row["undone_at"] else "" for row in past],
        }
    )
    numbers = ("Rows read", "Stored", "Already there", "Set aside")
    config = {name: st.column_config.NumberColumn(format="localized") for name in numbers}
    config["Rows set aside"] = st.column_config.LinkColumn(display_text="Download")
    st.dataframe(table, hide_index=True, column_config=config, key="receipts")


def _link(row: dict[str, object]) -> str:
    if not row["rows_rejected"] or row["undone_at"]:
        return ""  # nothing at all would be shown as "None"
    return SET_ASIDE_PATH.lstrip("/").format(import_id=row["import_id"])
