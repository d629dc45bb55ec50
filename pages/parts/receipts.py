"""The receipts of all imports, with the way to the rows that were set aside or are in doubt."""

import json
from collections.abc import Hashable
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.parts import tables
from pages.parts.text import plain
from usage_core import cached, cached_real, wording
from usage_core.api.calls import DOUBTED_PATH, SET_ASIDE_PATH
from usage_core.intake import doubts
from usage_core.intake.receipt import notes

IN_DOUBT = (
    "Stored, though their cost contradicts their tokens and prices by more than rounding: what counts is "
    f"tokens × price. The first {doubts.MOST_LISTED:,} can be downloaded."
)


def every(zone: str) -> None:
    """All imports, newest first, with their rows set aside."""
    past = cached_real.receipts()
    st.header("Past imports", anchor=False)
    if not past:
        st.caption("None yet.")
        return
    st.caption(f"Newest first. Times in {plain(zone)}.")
    tables.draw(
        _sent(zone, cached.real_state()),
        hide_index=True,
        column_config=_columns(),
        placeholder=wording.UNKNOWN,
        key="receipts",
    )


@cached.shared
def _sent(zone: str, _state: Hashable) -> pa.Table:
    """The table as it is sent, of the receipts of the workspace of real calls in a state."""
    return tables.sent(_table(cached_real.receipts(), zone))


def _table(past: list[dict[str, Any]], zone: str) -> pd.DataFrame:
    """A row for each import; what none of them has is no column."""
    table = pd.DataFrame(
        {
            "Imported": [wording.moment(row["imported_at"], zone) for row in past],
            "File": [row["file_name"] for row in past],
            "Rows read": [row["rows_read"] for row in past],
            "Stored": [row["rows_stored"] for row in past],
            "Already there": [row["rows_duplicate"] for row in past],
            "Set aside": [row["rows_rejected"] for row in past],
            "Skipped": [row["rows_skipped"] for row in past],
            "Rows set aside": [_link(row, "rows_rejected", SET_ASIDE_PATH) for row in past],
            "Notes": [_notes(row) for row in past],
            "First call": [wording.moment(row["first_call_at"], zone) for row in past],
            "Last call": [wording.moment(row["last_call_at"], zone) for row in past],
        }
    )
    if any(row["undone_at"] for row in past):  # beside its name, not beyond the edge of the screen
        undone = [wording.moment(row["undone_at"], zone) if row["undone_at"] else "" for row in past]
        table.insert(2, "Undone", undone)
    if any(row["rows_doubted"] for row in past):
        place = table.columns.get_loc("Rows set aside")
        table.insert(place, "In doubt", [row["rows_doubted"] for row in past])
        table.insert(place + 2, "Rows in doubt", [_link(row, "rows_doubted", DOUBTED_PATH) for row in past])
    return table


def _columns() -> dict[str, Any]:
    numbers = ("Rows read", "Stored", "Already there", "Set aside", "Skipped", "In doubt")
    config = {name: st.column_config.NumberColumn(format="localized") for name in numbers}
    config["In doubt"] = st.column_config.NumberColumn(format="localized", help=IN_DOUBT)
    for name in ("Rows set aside", "Rows in doubt"):
        config[name] = st.column_config.LinkColumn(display_text="Download")
    config["Notes"] = st.column_config.TextColumn(help="What was skipped and why; columns that were not kept")
    return config


def _link(row: dict[str, object], count: str, path: str) -> str:
    if not row[count] or row["undone_at"]:
        return ""  # nothing at all would be shown as "None"
    return path.lstrip("/").format(import_id=row["import_id"])


def _notes(row: dict[str, Any]) -> str:
    return " ".join(
        notes(
            json.loads(row["skipped_reasons"] or "{}"),
            json.loads(row["columns_dropped"] or "[]"),
            row["first_period_start"] is not None,
            row["rows_doubted"] or 0,
        )
    )
