"""How is the workspace set up, and what does it hold?"""

import streamlit as st

from pages.parts import keeping
from pages.parts.text import plain
from pages.server import visitor
from usage_core import __version__, cached, cached_real, timeframe, wording
from usage_core.access.journal import Event
from usage_core.store import maintenance

DONE = "zone-changed"

st.title("Workspace", anchor=False)
zone = cached_real.days_zone()
st.markdown(
    f"Sums are kept by day of **{plain(zone)}**. Pages in this time zone answer soonest; in any other they "
    "are just as exact, and slower where there are many millions of calls."
)
with st.form("zone-form", border=False):
    options = list(dict.fromkeys([zone, *timeframe.zone_names()]))
    wanted = st.selectbox("Time zone of the workspace's days", options, key="days-zone")
    sent = st.form_submit_button("Change time zone")
if sent and wanted != zone:
    bar = st.progress(0.0, "Cutting days anew. The console can be used meanwhile.")
    maintenance.change_zone(cached.workspace().real, wanted, bar.progress)
    visitor.note(Event.SETTINGS_CHANGED, f"days are days of {wanted}")
    st.session_state[DONE] = wanted
    st.rerun()
elif sent:
    st.info("That is the time zone already.", icon=":material/info:")
elif st.session_state.pop(DONE, None):
    st.success(f"Days are now days of {plain(zone)}.", icon=":material/check:")

st.header("Stored calls", anchor=False)
held = cached_real.holdings()
if held.calls:
    first, last = (plain(wording.moment(moment, zone)) for moment in (held.first, held.last))
    st.markdown(f"{wording.plural(held.calls, 'call')}, from {first} to {last} ({plain(zone)}).")
else:
    st.caption("None yet.")
keeping.draw()
st.caption(f"API Usage Console {__version__}, open source under the Apache License 2.0.")
