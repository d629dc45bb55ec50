"""Keys that came, went and changed against the period before."""

import pandas as pd
import streamlit as st

from pages.parts import drill, figures
from pages.parts.sentences import before, in_before, kept_only
from usage_core import cached, wording
from usage_core.metrics.movement import RULES, Moved, Movement, movement
from usage_core.selection import Selection

MOST = 3
"""So many keys of each movement are named."""


def section(selection: Selection) -> None:
    """How many keys moved, which moved most, and the rules."""
    st.markdown(summary(selection))
    if not figures.calls(selection.previous):
        return
    table = named(selection)
    numbers = {name: st.column_config.NumberColumn(format="localized") for name in ("Calls", "Before")}
    config = {**numbers, "Change": st.column_config.TextColumn(alignment="right")}
    shown, names = table.drop(columns="key"), list(table["API key"])
    was = selection.previous.timeframe
    # A key without calls now is shown where it had them.
    at = [None if calls else drill.days(was.first_day, was.last_day) for calls in table["Calls"]]
    if names:
        drill.table(
            shown, "moved", drill.Drill("key"), drill.Rows(names, at), hide_index=True, column_config=config
        )
    st.caption(rules(selection))


def _moved(selection: Selection) -> Moved:
    return cached.found(movement, selection, selection.previous, MOST)


@cached.shared
def summary(selection: Selection) -> str:
    """How many keys moved in which way (Markdown)."""
    length = wording.length(selection.timeframe)
    if not figures.calls(selection.previous):
        return f"There are no calls {in_before(length)} to compare with."
    counts, of = _moved(selection).counts, kept_only(figures.kept_from(selection.timeframe))
    ways = [way for way in Movement if way is not Movement.STEADY and counts[way]]
    if not ways:
        return f"No key changed much against the {before(length)}{of}."
    said = wording.joined([f"**{counts[way]:,d}** {_verb(way, counts[way])}" for way in ways])
    of_all = wording.plural(sum(counts.values()), "API key")
    return f"Of {of_all}, {said} against the {before(length)}{of}."


def _verb(way: Movement, keys: int) -> str:
    one = {
        Movement.NEW: "is new",
        Movement.GROWING: "grew",
        Movement.SHRINKING: "shrank",
        Movement.DORMANT: "is dormant",
    }[way]
    return one if keys == 1 else one.replace("is ", "are ")


@cached.shared
def named(selection: Selection) -> pd.DataFrame:
    """The keys that moved most: Movement, API key, Calls, Before, Change, and the key itself."""
    keys = _moved(selection).keys
    changes = [
        wording.change(int(now), int(was), wording.count).text
        for now, was in zip(keys["now"], keys["before"], strict=True)
    ]
    return pd.DataFrame(
        {
            "Movement": [Movement(way).capitalize() for way in keys["movement"]],
            "API key": figures.names("key", keys["key"]),
            "Calls": keys["now"],
            "Before": keys["before"],
            "Change": changes,
            "key": keys["key"],
        }
    )


@cached.shared
def rules(selection: Selection) -> str:
    """What makes a key new, growing, shrinking or dormant."""
    said = [f"{way.capitalize()}: {RULES[way]}." for way in Movement if way is not Movement.STEADY]
    if any(count > MOST for way, count in _moved(selection).counts.items() if way is not Movement.STEADY):
        said.append(f"The {MOST} greatest changes of each are listed.")
    return " ".join(said)
