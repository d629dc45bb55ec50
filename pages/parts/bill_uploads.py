"""Bringing in bills, and what became of those brought in last."""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.parts import bill_changes, bill_months
from pages.parts.bill_changes import RESULTS
from pages.parts.text import plain, plain_lines
from pages.server import visitor
from usage_core import cached
from usage_core.access.journal import Event
from usage_core.bills import standing
from usage_core.bills.formats.plain import TEMPLATE
from usage_core.bills.opening import MOST_BYTES
from usage_core.bills.registry import formats
from usage_core.bills.storing import take
from usage_core.errors import UsageError
from usage_core.store.scratch import scratch


def uploader() -> None:
    """The place to drop bills, and what became of those dropped last."""
    with st.form("bill-upload", clear_on_submit=True, border=False):
        files = st.file_uploader(
            "Bills",
            accept_multiple_files=True,
            max_upload_size=MOST_BYTES // 10**6,
            label_visibility="collapsed",
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            sent = st.form_submit_button("Check bills", type="primary", icon=":material/upload_file:")
            known = plain(", ".join(known.label for known in formats()))
            st.caption(f"Known bills, told by their content: {known}.")
    if sent and files:
        st.session_state[RESULTS] = [_take(file) for file in files]
        st.rerun()
    elif sent:
        st.info("Choose at least one bill first.", icon=":material/info:")
    for kept, text in st.session_state.get(RESULTS, []):
        (st.success if kept else st.error)(text)


def _take(file: UploadedFile) -> tuple[bool, str]:
    lake = cached.shown().lake
    with scratch(lake.folder / "staging", "bill") as folder:
        path = folder.path / "bill"
        path.write_bytes(file.getvalue())
        try:
            taken = take(lake, path, by=bill_changes.by(), name=file.name)
        except UsageError as error:
            return False, plain_lines(str(error))
    visitor.note(Event.BILLS_CHANGED, f"taken: {file.name}", taken.rows_stored)
    with lake.reading() as connection:
        months = standing.months_of(connection, taken.bills)
    if months:
        bill_months.look_at(bill_months.Which(*months[-1]))
    return True, plain(taken.sentence)


def template() -> None:
    """The table to fill in for a bill in no known format."""
    st.download_button(
        "Download template",
        TEMPLATE,
        "bill-template.csv",
        "text/csv",
        icon=":material/download:",
        help="A plain CSV for any provider: one row per charge",
    )
