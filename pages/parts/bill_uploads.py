"""Bringing in bills, and every bill there ever was."""

import pandas as pd
import sqlalchemy as sa
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.parts import bill_changes, bill_months, tables
from pages.parts.bill_changes import RESULTS
from pages.parts.text import plain, plain_lines, selectable
from server import visitor
from usage_core import cached, wording
from usage_core.access.journal import Event
from usage_core.bills import standing
from usage_core.bills.formats.plain import TEMPLATE
from usage_core.bills.opening import MOST_BYTES
from usage_core.bills.registry import formats
from usage_core.bills.standing import Bill
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


def _every(connection: sa.Connection, _covered: object) -> list[Bill]:
    return standing.every(connection)


def every() -> list[Bill]:
    """All bills there ever were, the newest first."""
    return cached.found(_every)


def bills(zone: str) -> None:
    """All bills, those that were replaced or withdrawn, too."""
    st.header("Bills", anchor=False)
    found = every()
    if not found:
        st.caption("None yet. A bill in no known format can be entered with the template.")
    else:
        tables.draw(_table(found, zone), hide_index=True, key="bills")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        template()
        standing_ones = selectable({_said(bill): bill for bill in found if bill.stands})
        if standing_ones:
            with st.popover("Withdraw a bill"):
                _withdraw(standing_ones)


def _withdraw(bills_by_name: dict[str, Bill]) -> None:
    chosen = st.selectbox("Bill", list(bills_by_name), key="withdraw-bill")
    st.caption("It stays in this list, and a bill that it replaced counts again.")
    if st.button("Withdraw", key="withdraw-bill-now"):
        bill = bills_by_name[chosen]
        bill_changes.change(
            lambda connection, by: standing.withdraw(connection, bill.bill_id, by),
            f"{bill.file_name} was withdrawn.",
            f"withdrawn: {chosen}",
        )


def _said(bill: Bill) -> str:
    return f"{bill.file_name} · {bill.provider} · {_days(bill)} · {bill.bill_id[:8]}"


def _days(bill: Bill) -> str:
    return wording.days(bill.first_day.date(), (bill.until_day - pd.Timedelta(days=1)).date())


def _table(found: list[Bill], zone: str) -> pd.DataFrame:
    labels = {known.name: known.label for known in formats()}
    names = {bill.bill_id: bill.file_name for bill in found}
    return pd.DataFrame(
        {
            "File": [bill.file_name for bill in found],
            "Provider": [bill.provider for bill in found],
            "Days": [_days(bill) for bill in found],
            "Amount": [f"{wording.plain_decimal(bill.amount)} {bill.currency}" for bill in found],
            "State": [_state(bill, names) for bill in found],
            "Rows": [bill.rows_stored for bill in found],
            "Format": [labels.get(bill.source, bill.source) for bill in found],
            f"Taken ({zone})": [wording.moment(bill.taken_at, zone) for bill in found],
            "By": [bill.taken_by or wording.UNKNOWN for bill in found],
            "SHA-256": [bill.file_hash for bill in found],
        }
    )


def _state(bill: Bill, names: dict[str, str]) -> str:
    if bill.withdrawn_at is not None:
        return f"withdrawn by {bill.withdrawn_by}"
    if bill.replaced_by is not None:
        return f"replaced by {names.get(bill.replaced_by, 'a later bill')}"
    return "in force"
