"""The sentence a page answers with: exact, made from the data, and shorter where there is little of it."""

from datetime import date
from decimal import Decimal

import pandas as pd

from pages.parts import figures
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.metrics.question import Question
from usage_core.selection import Selection

FEW_CALLS, DAYS_OF_A_WEEK = 20, 7
"""Fewer than this say nothing about percentiles or peaks."""

AHEAD = "that is later than now: look at the clock, or the time zone, of what wrote the log"
"""Said of the last call where it is not over yet."""


def these(length: str) -> str:
    """A length of time as the one that is selected: `these 30 days`, `this day`."""
    return f"this {_one(length)}" if _one(length) else f"these {length}"


def before(length: str) -> str:
    """A length of time as the one before it: `30 days before`, `day before`."""
    return f"{_one(length) or length} before"


def in_these(length: str) -> str:
    """When what is selected was: `in these 30 days`, `on this day`."""
    return f"{_in(length)} {these(length)}"


def in_before(length: str) -> str:
    """When what it is compared with was: `in the 30 days before`, `on the day before`."""
    return f"{_in(length)} the {before(length)}"


def _in(length: str) -> str:
    return "on" if _one(length) == "day" else "in"


def kept_only(day: date | None) -> str:
    """Said behind a period of which calls are kept from a day within it on: all seems to have grown."""
    return f", of which calls are kept from {wording.day(day)} on only" if day else ""


def _one(length: str) -> str:
    """What there is one of."""
    number, _, noun = length.partition(" ")
    return noun if number == "1" and " " not in noun else ""


def spent(selection: Selection, totals: figures.Totals) -> str:
    """What was spent, how that changed, and which key explains most of it (Markdown)."""
    cost, was = totals.now["cost_usd"], totals.before["cost_usd"]
    length = wording.length(selection.timeframe)
    if cost is None:
        return none_priced(totals.now["calls"], in_these(length))
    said = f"You spent **{plain(wording.money(cost))}** {in_these(length)}"
    if was and cost == was:
        said += f", as much as {in_before(length)}"
    elif was:
        part = wording.share(abs(cost - was) / was)
        said += f", {part} {'more' if cost > was else 'less'} than {in_before(length)}"
        said += kept_only(totals.kept_from)
    return said + _because(selection, cost, was) + "." + unpriced(totals)


def none_priced(calls: int, when: str) -> str:
    """Said where no call has a price."""
    if calls == 1:
        return f"The one call {when} has no known price."
    return f"None of the {wording.plural(calls, 'call')} {when} has a known price."


@cached.shared
def _because(selection: Selection, cost: Decimal, before: Decimal | None) -> str:
    if not before or cost == before or selection.key:
        return ""
    change = _by_key(selection).sub(_by_key(selection.previous), fill_value=Decimal(0))
    key, word = (change.idxmax(), "rise") if cost > before else (change.idxmin(), "fall")
    name, part = plain(figures.names("key", [str(key)])[0]), plain(wording.money(abs(change[key])))
    if abs(change[key]) > abs(cost - before):
        # The others went the other way, so it explains more than the whole.
        return f"; **{name}** alone {'rose' if word == 'rise' else 'fell'} by {part}"
    return f"; **{name}** explains {part} of the {word}"


def _by_key(selection: Selection) -> "pd.Series[Decimal]":
    frame = cached.answer(Question(selection, figures.AMOUNTS, ("key",)))
    known = frame[frame["cost_usd"].notna()]
    return pd.Series(list(known["cost_usd"]), index=list(known["key"]), dtype=object)


def unpriced(totals: figures.Totals) -> str:
    """A sentence on the calls no cost holds, where there are any (Markdown)."""
    calls = totals.now["unpriced_calls"]
    return (
        f" {wording.plural(calls, 'call')} without a price {'is' if calls == 1 else 'are'} not in it."
        if calls
        else ""
    )


def dearest(selection: Selection, totals: figures.Totals, dimension: str) -> str:
    """Which value of a breakdown costs most (Markdown)."""
    first = figures.ranking(selection, dimension).iloc[0]
    if first["cost_usd"] is None or totals.now["cost_usd"] is None:
        return "No call in this selection has a known price."
    if not totals.now["cost_usd"]:
        return "These calls cost nothing." + unpriced(totals)
    if first["cost_usd"] == totals.now["cost_usd"]:
        return (
            f"All of the cost, **{plain(wording.money(first['cost_usd']))}**, is that of "
            f"**{plain(first['name'])}**.{unpriced(totals)}"
        )
    return (
        f"**{plain(first['name'])}** costs most: {plain(wording.money(first['cost_usd']))} of "
        f"{plain(wording.money(totals.now['cost_usd']))}, {wording.share(first['share'])}." + unpriced(totals)
    )
