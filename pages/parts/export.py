"""The Export page: which file, the way to it, and what it holds."""

import csv
import io
import shlex
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import streamlit as st

from pages.parts import tables
from pages.parts.sidebar import download_url
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.api.calls import CALLS_PATH
from usage_core.api.sums import SUMS_PATH
from usage_core.export.formats import CODECS, DEFAULT, FORMATS, File, file
from usage_core.export.json_lines import name as program_name
from usage_core.export.preview import first_of, first_sums
from usage_core.export.sums import BY, PERIODS, Summed, summed
from usage_core.metrics.question import Question
from usage_core.schema import COLUMNS
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe, zone_info

UNCOMPRESSED, CALL, TIMEFRAME = "none", "call", "timeframe"
COST = next(column for column in COLUMNS if column.name == "cost_pico")
WITH_COST = "csv-detail"
COSTS = ("cost_usd", "input_cost_usd", "output_cost_usd")


def of_hours(selection: Selection) -> Selection:
    """Of a day, the hours to take; kept in the link. Of a longer timeframe, all."""
    hours = hours_of(selection.timeframe)
    if len(hours) <= 2:
        return selection
    labels = list(hours)
    first, last = st.select_slider("Hours", labels, (labels[0], labels[-1]), key="hours", bind="query-params")
    if first == last:
        return selection
    frame = selection.timeframe
    return selection.over(replace(frame, start=hours[first], end=hours[last]))


def hours_of(frame: Timeframe) -> dict[str, datetime]:
    """The edges of the hours of a timeframe within one day, by their local time: `09:00`, at its end
    `24:00`. Of a time that comes twice, the second is `02:00 again`."""
    if frame.days > 1:
        return {}
    zone, edges = zone_info(frame.zone), [frame.start]
    while (following := edges[-1] + timedelta(hours=1)) < frame.end:
        edges.append(following)
    labels: dict[str, datetime] = {}
    for edge in (*edges, frame.end):
        local = edge.astimezone(zone)
        label = f"{local:%H:%M}" if local.date() <= frame.last_day else "24:00"
        labels[f"{label} again" if label in labels else label] = edge
    return labels


def choose_rows() -> Summed | None:
    """What a row of the file is: a call (None), or a sum; kept in the link."""
    left, right = st.columns([2, 1])
    rows = left.selectbox(
        "One row for each",
        [CALL, *BY],
        format_func=lambda name: {CALL: "Call", "key": "API key", "key-model": "API key and model"}[name],
        key="rows",
        bind="query-params",
    )
    per = right.selectbox(
        "And for each",
        [TIMEFRAME, *PERIODS],
        format_func=str.capitalize,
        key="per",
        bind="query-params",
        disabled=rows == CALL,
        help="Sums of the whole timeframe, or of each of its periods.",
    )
    return None if rows == CALL else summed(rows, "" if per == TIMEFRAME else per)


def choose(of: Summed | None) -> File:
    """The file to make; kept in the link."""
    left, right = st.columns([2, 1])
    names = [name for name, each in FORMATS.items() if of is None or each.for_sums]
    chosen = left.selectbox(
        "Format",
        names,
        index=names.index(DEFAULT),
        format_func=lambda name: FORMATS[name].label,
        key="format",
        bind="query-params",
    )
    kind = FORMATS[chosen]
    codec = right.selectbox(
        "Compression",
        [UNCOMPRESSED, *CODECS],
        format_func=lambda name: name.capitalize() if name == UNCOMPRESSED else name,
        key="compression",
        bind="query-params",
        disabled=not kind.is_text,
        help="For large files. What receives the file must know how to open it.",
    )
    if of is None:
        st.caption(f"{kind.meaning}.")
    return file(chosen, codec if kind.is_text and codec != UNCOMPRESSED else "")


def told(selection: Selection, kind: File, of: Summed | None) -> str:
    """What the file will hold (Markdown)."""
    held = cached.previewed(selection)
    calls, zone = wording.plural(held.rows, "call"), plain(selection.timeframe.zone)
    days = f"{plain(wording.day_range(selection.timeframe))}, {_within(selection.timeframe)}{zone}"
    if of is None and kind.format.content:
        left_out = cached.answer(Question(selection, ("unpriced_calls",))).at[0, "unpriced_calls"]
        without = f" {wording.plural(left_out, 'call')} without a price cannot be in it." if left_out else ""
        priced = wording.plural(held.rows - left_out, "call")
        return f"The file holds the costs of **{priced}** of {days}, by day of UTC.{without}"
    if of is None:
        size = f"about {wording.bytes_size(held.approximate_bytes)} as plain CSV"
        return (
            f"The file holds **{calls}** of {days}, in order of time: {size}. "
            f"One row is one call; dates are written in UTC.{_without_cost(selection, kind)}"
        )
    each = ["API key", *(["model"] if of.by_model else []), *([of.per] if of.per else [])]
    return f"The file holds a row for each {wording.joined(each)}: the sums of **{calls}** of {days}."


def _within(frame: Timeframe) -> str:
    """The hours of a day that are a part of it: `15:00 to 16:00, `."""
    if frame.days > 1 or frame.length >= timedelta(hours=23):
        return ""
    zone = zone_info(frame.zone)
    return f"{frame.start.astimezone(zone):%H:%M} to {frame.end.astimezone(zone):%H:%M}, "


def _without_cost(selection: Selection, kind: File) -> str:
    """What of the cost nobody can work out from the file's tokens and prices (Markdown)."""
    if COST in kind.format.columns:
        return ""
    row = cached.answer(Question(selection, COSTS)).to_dict("records")[0]
    whole, *known = (row[name] or Decimal(0) for name in COSTS)
    if whole == sum(known):
        return ""
    return (
        f" What these calls cost, {plain(wording.money(whole))}, does not follow from the file's tokens and "
        "prices: a cost was recorded for some of them, or a cache was used. "
        f"{plain(FORMATS[WITH_COST].label)} has the cost of each."
    )


def download(selection: Selection, kind: File, of: Summed | None) -> None:
    """The link to the file."""
    of_file = {"format": kind.format.name, "compression": kind.codec or ""}
    if of:
        of_file |= {"by": of.by, "per": of.per or ""}
    st.link_button(
        f"Download {kind.format.label}",
        download_url(selection, SUMS_PATH if of else CALLS_PATH, **of_file),
        type="primary",
        icon=":material/download:",
        key="download",
    )


def first_rows(selection: Selection, kind: File, of: Summed | None) -> None:
    """The first rows of the CSV."""
    tables.draw(_first_rows(selection, kind, of), hide_index=True, key="first-rows")


@cached.shared
def _first_rows(selection: Selection, kind: File, of: Summed | None) -> pa.Table:
    if of:
        text = cached.found(first_sums, selection, of)
    elif kind.format.content:
        text = cached.found(first_of, selection, kind.format.name)
    else:
        text = cached.first_lines(selection)
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return tables.sent(pd.DataFrame(rows, columns=header))


def columns(kind: File, of: Summed | None) -> None:
    """What the file's columns mean."""
    tables.draw(_columns(kind, of), hide_index=True, key="columns")


@cached.shared
def _columns(kind: File, of: Summed | None) -> pa.Table:
    is_csv = kind.format.suffix == ".csv"
    rows = [
        (
            each.label if is_csv else program_name(each),
            each.meaning,
            each.written.replace("`", ""),
            each.empty,
        )
        for each in (of.columns if of else kind.format.columns)
    ]
    return tables.sent(pd.DataFrame(rows, columns=["Column", "Meaning", "Written as", "Empty means"]))


def command(selection: Selection, kind: File, of: Summed | None) -> None:
    """The same file from the command line."""
    frame = selection.timeframe
    edges = (
        f"--from={frame.start:%Y-%m-%dT%H:%MZ}",
        f"--to={frame.end:%Y-%m-%dT%H:%MZ}",
        f"--tz={frame.zone}",
    )
    filters = (f"--{name}={value}" for name, value in selection.params()[3:])
    sums = [f"--by={of.by}", *([f"--per={of.per}"] if of.per else [])] if of else []
    which = [] if kind.format.name == DEFAULT else [f"--format={kind.format.name}"]
    which += [f"--compress={kind.codec}"] if kind.codec else []
    words = ("python", "-m", "usage_core", "export", *edges, *filters, *sums, *which)
    output = ("-o", f"{'usage' if of or kind.format.content else 'calls'}{kind.suffix}")
    st.code(" ".join(map(_word, (*words, *output))), language="bash")


def _word(word: str) -> str:
    """A word of a command as a shell reads it; in it, what is not seen or turns the text is a number."""
    if word.isprintable():
        return shlex.quote(word)
    written = (f"\\{each}" if each in "\\'" else each for each in word)
    return "$'" + "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in written) + "'"
