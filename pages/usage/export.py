"""What will the file hold?"""

import csv
import io
import shlex

import pandas as pd
import streamlit as st

from pages.parts import drawn
from pages.parts.frame import selected
from pages.parts.sidebar import download_url
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.schema import EXPORT_COLUMNS

selection = selected()
st.title("Export", anchor=False)
if not drawn.nothing_selected(selection):
    held = cached.previewed(selection)
    zone = plain(selection.timeframe.zone)
    st.markdown(
        f"The file holds **{wording.plural(held.rows, 'call')}** of "
        f"{plain(wording.day_range(selection.timeframe))}, {zone}, in order of time: "
        f"about {wording.bytes_size(held.approximate_bytes)}. One row is one call; dates are written in UTC."
    )
    st.link_button(
        "Download CSV", download_url(selection), type="primary", icon=":material/download:", key="download"
    )
    st.subheader("First rows", anchor=False)
    header, *rows = csv.reader(io.StringIO(cached.first_lines(selection), newline=""))
    st.dataframe(pd.DataFrame(rows, columns=header), hide_index=True, key="first-rows")
    with st.expander("What the columns mean"):
        st.dataframe(
            pd.DataFrame(
                [(c.label, c.meaning, c.written.replace("`", ""), c.empty) for c in EXPORT_COLUMNS],
                columns=["Column", "Meaning", "Written as", "Empty means"],
            ),
            hide_index=True,
            key="columns",
        )
    with st.expander("The same file from the command line"):
        frame = selection.timeframe
        edges = (
            f"--from={frame.start:%Y-%m-%dT%H:%MZ}",
            f"--to={frame.end:%Y-%m-%dT%H:%MZ}",
            f"--tz={frame.zone}",
        )
        filters = (f"--{name}={value}" for name, value in selection.params()[3:])
        command = ("python", "-m", "usage_core", "export", *edges, *filters, "-o", "calls.csv")
        st.code(shlex.join(command), language="bash")
