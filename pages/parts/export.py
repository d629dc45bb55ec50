"""The Export page: which file, the way to it, and what it holds."""

import csv
import io
import shlex

import pandas as pd
import streamlit as st

from pages.parts.sidebar import download_url
from usage_core import cached
from usage_core.export.formats import CODECS, DEFAULT, FORMATS, File, file
from usage_core.export.json_lines import name as program_name
from usage_core.selection import Selection

UNCOMPRESSED = "none"


def choose() -> File:
    """The file to make; kept in the link."""
    left, right = st.columns([2, 1])
    chosen = left.selectbox(
        "Format",
        list(FORMATS),
        index=list(FORMATS).index(DEFAULT),
        format_func=lambda name: FORMATS[name].label,
        key="format",
        bind="query-params",
    )
    kind = FORMATS[chosen]
    codec = right.selectbox(
        "Compression",
        [UNCOMPRESSED, *CODECS],
        key="compression",
        bind="query-params",
        disabled=not kind.is_text,
        help="For large files. What receives the file must know how to open it.",
    )
    st.caption(f"{kind.meaning}.")
    return file(chosen, codec if kind.is_text and codec != UNCOMPRESSED else "")


def download(selection: Selection, kind: File) -> None:
    """The link to the file."""
    st.link_button(
        f"Download {kind.format.label}",
        download_url(selection, format=kind.format.name, compression=kind.codec or ""),
        type="primary",
        icon=":material/download:",
        key="download",
    )


def first_rows(selection: Selection) -> None:
    """The first rows of the CSV."""
    header, *rows = csv.reader(io.StringIO(cached.first_lines(selection), newline=""))
    st.dataframe(pd.DataFrame(rows, columns=header), hide_index=True, key="first-rows")


def columns(kind: File) -> None:
    """What the file's columns mean."""
    is_csv = kind.format.suffix == ".csv"
    rows = [
        (
            each.label if is_csv else program_name(each),
            each.meaning,
            each.written.replace("`", ""),
            each.empty,
        )
        for each in kind.format.columns
    ]
    table = pd.DataFrame(rows, columns=["Column", "Meaning", "Written as", "Empty means"])
    st.dataframe(table, hide_index=True, key="columns")


def command(selection: Selection, kind: File) -> None:
    """The same file from the command line."""
    frame = selection.timeframe
    edges = (
        f"--from={frame.start:%Y-%m-%dT%H:%MZ}",
        f"--to={frame.end:%Y-%m-%dT%H:%MZ}",
        f"--tz={frame.zone}",
    )
    filters = (f"--{name}={value}" for name, value in selection.params()[3:])
    which = [] if kind.format.name == DEFAULT else [f"--format={kind.format.name}"]
    which += [f"--compress={kind.codec}"] if kind.codec else []
    words = ("python", "-m", "usage_core", "export", *edges, *filters, *which, "-o", f"calls{kind.suffix}")
    st.code(shlex.join(words), language="bash")
