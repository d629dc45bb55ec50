"""Every bill there ever was, those that were replaced or withdrawn, too; one in force can be withdrawn."""

import pandas as pd
import sqlalchemy as sa
import streamlit as st

from pages.parts import bill_changes, tables
from pages.parts.bill_uploads import template
from pages.parts.text import selectable
from usage_core import cached, wording
from usage_core.bills import standing
from usage_core.bills.registry import formats
from usage_core.bills.standing import Bill


def _every(connection: sa.Connection, _covered: object) -> list[Bill]:
    return standing.every(connection)


def every() -> list[Bill]:
    """All bills there ever were, the newest first."""
    return cached.found(_every)


def draw(zone: str) -> None:
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
