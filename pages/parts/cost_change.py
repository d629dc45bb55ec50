"""Why cost changed: the parts of the difference to the period before, as a chart and as a sentence."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TypeAlias

import pandas as pd
import streamlit as st

from pages.parts import drawn, figures
from pages.parts.sentences import before as before_it
from pages.parts.sentences import in_before, in_these, none_priced, these
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.charts.chart import PICK_NAME, Chart
from usage_core.charts.names import shortened
from usage_core.charts.waterfall import waterfall
from usage_core.metrics.change import Change, Part, Period, Reason, Share, explain, question
from usage_core.metrics.cost_steps import shared_out
from usage_core.selection import Selection

ABOUT = {
    Reason.NEW_KEYS: "All that keys cost which made no call in the period before",
    Reason.VANISHED_KEYS: "All that keys cost before which made no call since",
    Reason.VOLUME: "More or fewer calls of each key, at what its calls cost before",
    Reason.MIX: "Calls of a key that moved to other models, at what those cost before",
    Reason.TOKENS: "More or fewer tokens in a call, at the price before",
    Reason.PRICE: "Another price of the tokens used now",
    Reason.NOT_SPLIT: "What cannot be told apart: calls with a price in one of the periods only, and small "
    "groups beyond the first 5,000",
}
METHOD = (
    "One after the other: keys that are new or gone, then for each remaining key its number of calls, its "
    "models, the tokens of a call, and prices. The parts add up to the difference."
)
TOGETHER = (
    "Where a source recorded a cost without prices, input and output tokens have one price together: it "
    "falls when prompts grow longer, and rises with the answers."
)
SAID = 3
"""So many parts are named in the sentence; the chart has all."""

LEADS = "Choose a part to see what the key spent that explains most of it."

Row: TypeAlias = tuple[str, Decimal, str, str, bool, str | None]
"""A bar: what it is called, its amount, as written, what it is, whether it is a whole, its key."""

SMALL = 20
"""A part this many times smaller than the largest is not named."""

OF_A_MODEL = (Reason.PRICE,)
"""Parts of which the model is named that explains most of them; of others it is the key."""


@cached.shared
def change(selection: Selection) -> Change:
    """The difference to the period of equal length before, split."""
    totals = figures.totals(selection)
    before, now = (
        Period(cached.answer(question(which)), figures_of["cost_usd"])
        for which, figures_of in ((selection.previous, totals.before), (selection, totals.now))
    )
    return explain(before, now)


def section(selection: Selection) -> None:
    """The part of a page that answers why cost changed."""
    st.markdown(why(selection))
    _parts(selection)


def _parts(selection: Selection) -> None:
    picture = chart(selection)
    if picture:
        drawn.chart(picture, "why", drawn.into("key", "usage/cost"), notes(selection))


def line(selection: Selection) -> None:
    """On the Cost page: why what it was narrowed to costs more or less, and all the parts when opened."""
    if not selection.is_filtered:
        return
    st.markdown(why(selection))
    if not _incomparable(selection):
        opened = st.expander("All parts of the change", key="change", type="compact", bind="query-params")
        if opened.open:
            with opened:
                _parts(selection)


@cached.shared
def why(selection: Selection) -> str:
    """The difference and what explains most of it (Markdown)."""
    if nothing := _incomparable(selection):
        return nothing
    found, length = change(selection), wording.length(selection.timeframe)
    split = as_shown(found)
    difference = split[-1] - split[0]
    parts = [(part, amount) for part, amount in zip(found.parts, split[1:-1], strict=True) if amount]
    parts.sort(key=lambda each: -abs(each[1]))
    if not parts:
        return f"Cost is the same as {in_before(length)}."
    named = [each for each in parts[:SAID] if abs(each[1]) * SMALL >= abs(parts[0][1])]
    said = wording.joined([_said(part, amount, selection, found) for part, amount in named])
    if len(named) < len(parts):
        said = f"{'above all' if len(named) == 1 else 'the largest parts are'} {said}"
    went = "stayed the same" if not difference else "rose by" if difference > 0 else "fell by"
    by = f" **{plain(wording.money_exact(abs(difference)))}**" if difference else ""
    return f"Cost {went}{by}: {said}." + _began(selection)


@cached.shared
def notes(selection: Selection) -> str:
    """How the parts came about, and what is not in them (Markdown)."""
    together = "" if change(selection).apart else f" {TOGETHER}"
    return f"{METHOD}{together}{_left_out(selection)} {LEADS}"


def _incomparable(selection: Selection) -> str:
    """Why two periods cannot be compared, where they cannot."""
    totals, length = figures.totals(selection), wording.length(selection.timeframe)
    if not totals.before["calls"]:
        return f"There is nothing to compare with: no call was made {in_before(length)}."
    for period, found in ((in_these(length), totals.now), (in_before(length), totals.before)):
        if found["cost_usd"] is None:
            return none_priced(found["calls"], period)
    return ""


def _name(reason: Reason, found: Change) -> str:
    """A part as it is called: of a price that nobody set, what it is the price of."""
    return reason if found.apart or reason is not Reason.PRICE else "price per token"


def _said(part: Part, amount: Decimal, selection: Selection, found: Change) -> str:
    dimension, most = ("model", part.model) if part.reason in OF_A_MODEL else ("key", part.key)
    named = most is not None and len(getattr(selection, dimension)) != 1
    name = f" ({_most(most, dimension, part.amount, _places(found))})" if most and named else ""
    return f"**{_name(part.reason, found)}** {plain(wording.money_signed(amount))}{name}"


def _most(share: Share, dimension: str, whole: Decimal, places: int) -> str:
    """What contributes most to a part, and how much where that is not all of it."""
    name = plain(shortened(figures.names(dimension, [share.name])[0], 40))
    if share.amount == whole:
        return name
    return f"{name} alone {plain(wording.money_signed(_rounded(share.amount, places)))}"


def _left_out(selection: Selection) -> str:
    totals = figures.totals(selection)
    before, now = totals.before["unpriced_calls"], totals.now["unpriced_calls"]
    if not before and not now:
        return ""
    return f" Calls without a price are left out: {now:,} now, {before:,} before."


def _began(selection: Selection) -> str:
    """A warning where the period before begins earlier than the log."""
    first, frame = cached.held().first, selection.timeframe
    if first is None or first <= frame.previous.start:
        return ""
    moment = plain(wording.moment(first, frame.zone))
    return f" The first call of all is of {moment}: the period before is not whole."


@cached.shared
def chart(selection: Selection) -> Chart | None:
    """The parts as a waterfall; None where there is nothing to explain."""
    if _incomparable(selection):
        return None
    found, length = change(selection), wording.length(selection.timeframe)
    first, *parts, last = as_shown(found)
    if not any(parts):
        return None
    rows = [_whole(before_it(length), found.before, first, "What was spent before")]
    for part, amount in zip(found.parts, parts, strict=True):
        if part.amount:
            key = figures.names("key", [part.key.name])[0] if part.key else None
            name = wording.capital(_name(part.reason, found))
            rows.append((name, part.amount, wording.money_signed(amount), ABOUT[part.reason], False, key))
    rows.append(_whole(these(length), found.now, last, "What was spent now"))
    frame = pd.DataFrame(rows, columns=["name", "amount", "shown", "about", "whole", PICK_NAME])
    frame["exact"] = [wording.money_exact(amount) for amount in frame["amount"]]
    frame["value"] = [float(amount) for amount in frame.pop("amount")]
    return waterfall(frame, "What changed the cost", "USD", selection.timeframe.zone)


def _whole(name: str, amount: Decimal, shown: Decimal, about: str) -> Row:
    return wording.capital(name), amount, wording.money_exact(shown), about, True, None


def _places(found: Change) -> int:
    """To the cent; amounts below a dollar to four places, below a cent to the last."""
    largest = max(abs(found.before), abs(found.now))
    return 2 if largest >= 1 else 4 if largest >= Decimal("0.01") else 12


def _rounded(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def as_shown(found: Change) -> Sequence[Decimal]:
    """Cost before, the parts, and cost now, rounded so that they still add up."""
    places = _places(found)
    before, now = (int(_rounded(amount, places).scaleb(places)) for amount in (found.before, found.now))
    parts = shared_out([Fraction(part.amount.scaleb(places)) for part in found.parts], now - before)
    return [Decimal(amount).scaleb(-places) for amount in (before, *parts, now)]
