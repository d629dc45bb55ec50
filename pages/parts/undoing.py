"""Undoing an import: which one, what that takes away, and doing it."""

import streamlit as st

from pages.parts.text import plain
from pages.parts.uploads import RESULTS
from pages.server import visitor
from usage_core import cached, cached_real, wording
from usage_core.access.journal import Event
from usage_core.errors import AccessRefused, UndoRefused
from usage_core.intake import undoing
from usage_core.intake.undoing import Taken
from usage_core.names import visible

CHOICE, DONE = "undo-import", "undone-import"


def chooser(zone: str) -> None:
    """A choice among the imports that are not undone; the one chosen can be."""
    if told := st.session_state.pop(DONE, None):
        st.success(told, icon=":material/undo:")
    left = {row["import_id"]: row for row in cached_real.receipts() if row["undone_at"] is None}
    if not left:
        return

    def named(import_id: str) -> str:
        row = left[import_id]
        at = wording.moment(row["imported_at"], zone)
        what = "row" if row["first_period_start"] else "call"
        return visible(f"{row['file_name']}, {at}: {wording.plural(row['rows_stored'], what)}")

    chosen = st.selectbox(
        "Undo an import",
        list(left),
        index=None,
        format_func=named,
        placeholder="Choose the import to undo",
        key=CHOICE,
        help="All calls it stored are taken out again; you are shown what that is first.",
    )
    if chosen:
        _confirm(chosen, zone)


def _confirm(import_id: str, zone: str) -> None:
    """What would go, and the button that does it."""
    try:
        taken = cached_real.would_undo(import_id)
    except UndoRefused as error:  # someone else was quicker
        st.info(plain(str(error)), icon=":material/info:")
        return
    st.warning(_told(taken, zone), icon=":material/undo:")
    with st.container(horizontal=True):
        st.button("Undo this import", type="primary", on_click=_undo, args=(import_id,), key="undo-now")
        st.button("Keep it", on_click=_keep, key="undo-not")


def _told(taken: Taken, zone: str) -> str:
    """What goes (Markdown)."""
    receipt, parts = taken.receipt, [f"Undoing the import of **{plain(taken.receipt.file_name)}** takes away"]
    if taken.calls:
        named = ", ".join(f"{plain(name)} ({calls:,})" for name, calls in taken.largest)
        more = f" and {taken.keys - len(taken.largest):,} more" if taken.keys > len(taken.largest) else ""
        first, last = (plain(wording.moment(edge, zone)) for edge in (taken.first, taken.last))
        parts.append(
            f"{wording.plural(taken.calls, 'call')} from {first} to {last} ({plain(zone)}), "
            f"{plain(wording.money(taken.cost))} as far as their cost is known, "
            f"of {wording.plural(taken.keys, 'API key')}: {named}{more}."
        )
    elif taken.buckets:
        parts.append(
            f"{wording.plural(taken.buckets, 'provider total')}. Those that they replaced count again."
        )
    else:
        parts.append("no calls: it stored none that are still there.")
    if receipt.rows_rejected:
        parts.append(f"The list of {wording.plural(receipt.rows_rejected, 'row')} set aside goes, too.")
    if taken.later:
        parts.append(
            "Later imports found what they hold of that time already there: "
            f"{', '.join(map(plain, taken.later))}. What they have in common with this one goes, too; import "
            "them again afterwards."
        )
    return " ".join([*parts, "The receipt stays. Importing the file again stores it again."])


def _undo(import_id: str) -> None:
    st.session_state[CHOICE] = None
    try:
        visitor.who()
        receipt = undoing.undo(cached.workspace().real, import_id)
    except (UndoRefused, AccessRefused) as error:
        st.session_state[DONE] = plain(str(error))
        return
    visitor.note(Event.DELETED, f"import of {receipt.file_name} undone", receipt.rows_stored)
    st.session_state.pop(RESULTS, None)
    st.session_state[DONE] = (
        f"The import of {plain(receipt.file_name)} is undone: "
        f"{wording.plural(receipt.rows_stored, 'row' if receipt.holds_sums else 'call')} taken away."
    )


def _keep() -> None:
    st.session_state[CHOICE] = None
