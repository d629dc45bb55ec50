"""Bringing in a file that no format knows: which column is what, what comes of it, and keeping that."""

from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.parts import mapping_form, tables, uploads
from pages.parts.text import plain, plain_lines
from pages.server import visitor
from usage_core import cached, cached_real, wording
from usage_core.access.journal import Event
from usage_core.errors import UsageError
from usage_core.intake import mapping_look, mapping_suggest, mappings
from usage_core.intake.mapping import LONGEST_NAME, Mapping, as_format
from usage_core.intake.mapping_look import Look
from usage_core.intake.mapping_preview import Preview, preview
from usage_core.schema import BY_NAME, Form, usd
from usage_core.store.scratch import scratch

LOOK, TOLD = "mapping-look", "mapping-told"
SUGGESTED = "What its columns suggest"
ROWS = 5


def section(zone: str) -> None:
    """The place for a file in no known format, and for the mappings that were saved."""
    with st.expander("Files in other formats", icon=":material/table_chart:"):
        st.markdown(
            "Any CSV, JSON Lines or Parquet file with a row for each call can be imported: say which of its "
            "columns is what. What you say is saved by name, for the next file and for the command line "
            "(`import --mapping NAME FILE`)."
        )
        file = st.file_uploader("File in another format", key="mapping-file", label_visibility="collapsed")
        if told := st.session_state.pop(TOLD, None):
            st.success(told, icon=":material/check:")
        if file:
            _guide(file, zone)
        _saved()


def _guide(file: UploadedFile, zone: str) -> None:
    """From a file to an import, step by step."""
    try:
        look = _look(file)
    except UsageError as error:
        st.error(plain_lines(str(error)))
        return
    _rows(look)
    start, mapping = _start(look, zone)
    mapping = mapping_form.form(look, mapping, f"{file.file_id}-{start}")
    try:
        _told(preview(cached.workspace().real, look, mapping))
    except UsageError as error:
        st.warning(plain_lines(str(error)), icon=":material/info:")
        return
    _keep(file, zone, start, mapping)


def _look(file: UploadedFile) -> Look:
    """A first look at what was uploaded, kept for as long as it is there."""
    known = st.session_state.get(LOOK)
    if known and known[0] == file.file_id:
        return known[1]
    with scratch(cached.workspace().real.folder / "staging", "looked") as folder:
        found = mapping_look.look(uploads.copied(file, folder.path), file.name, folder.path)
    st.session_state[LOOK] = (file.file_id, found)
    return found


def _rows(look: Look) -> None:
    """The first rows as they are."""
    st.caption(f"The first rows of {plain(look.name)}, as they are:")
    shown = [[row.get(at, "") for at in look.places] for row in look.rows[:ROWS]]
    names = mapping_form.distinct(look.places)
    tables.draw(pd.DataFrame(shown, columns=names), hide_index=True, key="mapping-rows")


def _start(look: Look, zone: str) -> tuple[str, Mapping]:
    """The mapping to begin with: what the columns suggest, or one that was saved."""
    with cached.workspace().real.reading() as connection:
        names = mappings.names(connection)
    if not names:
        return SUGGESTED, mapping_suggest.suggest(look, zone)
    start = st.selectbox("Begin with", [SUGGESTED, *names], key=f"mapping-start-{look.name}")
    if start == SUGGESTED:
        return start, mapping_suggest.suggest(look, zone)
    return start, mappings.saved(cached.workspace().real, start)


def _told(found: Preview) -> None:
    """What would be imported of the first rows, and what would not and why."""
    bad = found.rows - found.good
    beginning = f"Of the first {wording.plural(found.rows, 'row')}"
    if not bad:
        st.success(f"{beginning} all can be imported.", icon=":material/check:")
    else:
        st.warning(f"{beginning} {found.good:,} can be imported; {bad:,} would be set aside:")
        tables.draw(
            pd.DataFrame(
                [
                    (BY_NAME[field].label if field else "", reason, count, line, value)
                    for field, reason, count, line, value in found.refused
                ],
                columns=["Field", "Reason", "Rows", "First line", "Its value"],
            ),
            hide_index=True,
            key="mapping-refused",
        )
    if found.calls:
        st.caption("The first calls, as they would be stored (times in UTC):")
        tables.draw(
            _calls(found),
            hide_index=True,
            key="mapping-calls",
        )


def _calls(found: Preview) -> pd.DataFrame:
    """The first calls, as their fields are shown elsewhere."""
    calls = pd.DataFrame(found.calls).dropna(axis="columns", how="all")
    for name in calls:
        if BY_NAME[name].form is Form.WHOLE:
            calls[name] = calls[name].astype("Int64")
        elif BY_NAME[name].form is Form.PICO:
            calls[name] = [
                None if pd.isna(each) else wording.plain_decimal(usd(int(each))) for each in calls[name]
            ]
        else:
            calls[name] = [None if pd.isna(each) else str(each) for each in calls[name]]
    return calls.rename(columns={name: BY_NAME[name].label for name in calls})


def _keep(file: UploadedFile, zone: str, start: str, mapping: Mapping) -> None:
    """Saving the mapping under a name, and importing the file by it."""
    usual = Path(file.name).name.split(".")[0][:LONGEST_NAME] if start == SUGGESTED else start
    name = st.text_input("Name of the mapping", usual, max_chars=LONGEST_NAME, key=f"mapping-name-{start}")
    with st.container(horizontal=True):
        importing = st.button(
            "Import file", type="primary", icon=":material/upload_file:", key="mapping-import"
        )
        saving = st.button("Only save the mapping", key="mapping-save")
    if not importing and not saving:
        return
    try:
        mappings.save(cached.workspace().real, name.strip(), mapping)
    except UsageError as error:
        st.error(plain(str(error)))
        return
    visitor.note(Event.SETTINGS_CHANGED, f"mapping saved: {name.strip()}")
    st.session_state[TOLD] = f"The mapping **{plain(name.strip())}** is saved."
    if importing:
        uploads.bring_in([file], zone, as_format(name.strip(), mapping))
    st.rerun()


def _saved() -> None:
    """The mappings that were saved; each can be removed."""
    lake, names = cached.workspace().real, cached_real.saved_mappings()
    if not names:
        return
    with st.popover("Saved mappings"):
        name = st.selectbox("Mapping", names, key="mapping-forget")
        st.caption("Removing one leaves what was imported by it.")
        if st.button("Remove this mapping", key="mapping-forget-now"):
            mappings.forget(lake, name)
            visitor.note(Event.SETTINGS_CHANGED, f"mapping removed: {name}")
            st.session_state[TOLD] = f"The mapping **{plain(name)}** is removed."
            st.rerun()
