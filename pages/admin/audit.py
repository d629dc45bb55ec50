"""Who did what, and who was refused?"""

import pandas as pd
import streamlit as st

from pages.parts import tables
from pages.parts.frame import selected
from pages.parts.text import plain
from pages.server import visitor
from usage_core import wording
from usage_core.access.journal import Event
from usage_core.api.journal import AUDIT_PATH

SHOWN = 500

st.title("Audit log", anchor=False)
zone = selected().timeframe.zone
entries = list(visitor.journal().entries(SHOWN))
st.markdown(
    f"Entries are only ever added, never changed. The newest {SHOWN} are shown, with times in {plain(zone)}; "
    "the file holds all of them."
)
st.link_button("Download CSV", AUDIT_PATH.lstrip("/"), icon=":material/download:", key="audit-file")
wanted = st.multiselect("Events", [str(event) for event in Event], placeholder="All", key="audit-events")
shown = [entry for entry in entries if not wanted or entry.event in wanted]
if shown:
    table = pd.DataFrame(
        {
            "Time": [wording.moment(entry.at, zone, to_the_second=True) for entry in shown],
            "Event": [entry.event.capitalize() for entry in shown],
            "Who": [entry.who or "this machine" for entry in shown],
            "What": [entry.what for entry in shown],
            "Rows": pd.array([entry.rows for entry in shown], dtype="Int64"),
        }
    )
    numbers = {"Rows": st.column_config.NumberColumn(format="localized")}
    tables.draw(table, hide_index=True, column_config=numbers, key="audit", placeholder=wording.UNKNOWN)
else:
    st.caption("No entries." if wanted else "None yet.")
