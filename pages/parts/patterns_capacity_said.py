"""Peaks and limits in words, and as a table."""

import pandas as pd

from pages.parts import figures
from pages.parts.patterns_capacity import Reached, peaks
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.metrics import trend
from usage_core.metrics.limits import Limited
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe


@cached.shared
def table(selection: Selection, limited: Limited, known: Timeframe) -> pd.DataFrame:
    """A row per provider and model: Provider, Model, Peak, When, Limit, Used (per cent), Left, Met."""
    rows, zone = peaks(selection, limited, known).each, selection.timeframe.zone
    used = [100 * row.peak / row.limit if row.limit else None for row in rows]
    return pd.DataFrame(
        {
            "Provider": figures.names("provider", [row.served[0] for row in rows if row.served]),
            "Model": [row.served[1] for row in rows if row.served],
            "Peak": pd.Series([row.peak for row in rows], dtype="Int64"),
            "When": [wording.moment(row.at, zone) for row in rows],
            "Limit": pd.Series([row.limit for row in rows], dtype="Float64"),
            "Used": pd.Series(used, dtype="Float64"),
            "Left": pd.Series([row.limit - row.peak if row.limit else None for row in rows], dtype="Int64"),
            "Met": [met(row) for row in rows],
        }
    )


def met(row: Reached) -> str:
    """When a limit is met, in a few words."""
    if row.limit is None or (row.meeting is None and row.peak < row.limit):
        return wording.UNKNOWN
    if row.peak >= row.limit:
        return "already"
    return f"roughly {wording.day(row.meeting.day)}" if row.meeting else wording.UNKNOWN


WORDS = {
    "calls_per_minute": "calls in one minute",
    "tokens_per_minute": "tokens in one minute",
    "calls_in_flight": "calls in flight at once",
}


@cached.shared
def summary(selection: Selection, limited: Limited, known: Timeframe) -> str:
    """The peak, who is nearest to a limit, and when the trend meets it (Markdown)."""
    found, zone = peaks(selection, limited, known), selection.timeframe.zone
    words = WORDS[limited]
    if not found.every.peak:
        return f"There were no {words}, as far as it is known."
    many = found.every.peak
    what, where = words.split(" ", 1)
    peak = f"**{many:,d}** {what.removesuffix('s') if many == 1 else what} {where}"
    were = "was" if many == 1 else "were"
    said = [f"There {were} at most {peak}, on {plain(wording.moment(found.every.at, zone))}."]
    near = [row for row in found.each if row.limit and row.served]
    if not near:
        return f"{said[0]} No limit is entered for these models; with one, this says how much of it is used."
    nearest = max(near, key=lambda row: row.peak / (row.limit or 1))
    said.append(_nearest(nearest))
    growing = [(row.meeting, row) for row in near if row.meeting and row.peak < (row.limit or 0)]
    if growing:
        said.append(_growth(*min(growing, key=lambda one: one[0].day)))
    return " ".join(said)


def _name(row: Reached) -> str:
    provider, model = row.served or (None, "")
    return f"**{plain(model)}** of {plain(figures.names('provider', [provider])[0])}"


def _nearest(row: Reached) -> str:
    limit = row.limit or 1
    part = wording.share(row.peak / limit)
    if row.peak > limit:
        return f"{_name(row)} went over its limit: {row.peak:,d} of {limit:,d}."
    return f"Nearest to its limit was {_name(row)}, with {row.peak:,d} of {limit:,d}, {part}."


def _growth(meeting: trend.Meeting, row: Reached) -> str:
    said = (
        f"Growing as in these weeks, {_name(row)} meets its limit roughly on **{wording.day(meeting.day)}**"
    )
    if meeting.first == meeting.last:
        return f"{said}."
    until = wording.day(meeting.last) if meeting.last else "some years from now"
    return f"{said} (between {wording.day(meeting.first)} and {until}, with 90 % confidence)."


@cached.shared
def notes(selection: Selection, limited: Limited, known: Timeframe) -> str:
    """How the peaks and the trend are found, and what they do not hold."""
    found = peaks(selection, limited, known)
    said = [
        "A call is in flight from when it was made until its completion time has passed."
        if limited == "calls_in_flight"
        else "A minute is one of the clock; a call counts, with all its tokens, in the minute it was made in."
        if limited == "tokens_per_minute"
        else "A minute is one of the clock; a call counts in the minute it was made in."
    ]
    if found.left_out:
        what = "completion time" if limited == "calls_in_flight" else "number of tokens"
        said.append(f"{wording.plural(found.left_out, 'call')} without a {what} left out.")
    method = "When a limit is met is told by a Theil–Sen line through the peaks of complete weeks"
    if found.weeks < trend.LEAST_WEEKS:
        said.append(f"{method}; it takes at least {trend.LEAST_WEEKS}, and this timeframe has {found.weeks}.")
    else:
        said.append(f"{method}, {found.weeks} here; nothing is told where they do not clearly grow.")
    return " ".join(said)
