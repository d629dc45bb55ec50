"""What was found of one provider's month: the verdict, its figures, the parts, and every difference."""

from datetime import date, timedelta

import pandas as pd
import sqlalchemy as sa
import streamlit as st

from pages.parts import bill_differences, drawn, tiles
from pages.parts.bill_months import Which, state_of
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.bills import conclude, periods, sign_offs
from usage_core.bills.conclude import Reconciled, cents, signed_cents
from usage_core.bills.explain import Explained
from usage_core.bills.parts import ABOUT
from usage_core.bills.periods import State
from usage_core.bills.sign_offs import SignOff
from usage_core.charts.chart import Chart
from usage_core.charts.waterfall import waterfall

MOST_NAMED = 5


def _reconcile(connection: sa.Connection, provider: str, month: date, _covered: object) -> Reconciled | None:
    return periods.reconcile(connection, provider, month)


def draw(which: Which) -> Reconciled | None:
    """The answer to whether a month's bill is right; gives what was found."""
    found: Reconciled | None = cached.found(_reconcile, which.provider, which.month)
    if found is None:
        return None
    _verdict(found)
    _unknown(found)
    explained = found.explained
    if explained is not None:
        _tiles(explained)
        picture = chart(which)
        if picture is not None:
            drawn.chart(picture, "bill-why")
        st.caption(_method(found, explained))
        bill_differences.draw(found, explained)
    return found


def _verdict(found: Reconciled) -> None:
    """Whether to pay; of a month that was signed off, that first."""
    which = (found.period.provider, found.period.month)
    signed = sign_off_of(*which)
    decided = signed is not None and state_of(*which) is State.SIGNED
    said = plain(conclude.verdict(found, decided=decided))
    if signed is not None and decided:
        st.success(signed_words(signed), icon=":material/verified:")
        st.markdown(said)
    elif found.is_right:
        st.success(said, icon=":material/check_circle:")
    else:
        st.warning(said, icon=":material/help:")


def signed_words(signed: SignOff) -> str:
    """By whom, when and with what note a month was signed off (Markdown)."""
    note = f": {plain(signed.note)}" if signed.note else "."
    when = plain(f"{wording.moment(signed.signed_at, 'UTC')} UTC")
    return f"Signed off by **{plain(signed.signed_by)}** on {when}{note}"


def _signed(connection: sa.Connection, _covered: object) -> list[SignOff]:
    return list(sign_offs.in_force(connection))


def sign_off_of(provider: str, month: date) -> SignOff | None:
    """The sign-off in force of a provider's month."""
    every: list[SignOff] = cached.found(_signed)
    return next((each for each in reversed(every) if (each.provider, each.month) == (provider, month)), None)


def _unknown(found: Reconciled) -> None:
    """Say which names the log does not know: what is billed under them is matched with no call."""
    every = [*found.names.unknown_models, *found.names.unknown_keys]
    if found.explained is None or not every:
        return
    named = ", ".join(plain(name) for name in every[:MOST_NAMED])
    more = f" and {len(every) - MOST_NAMED:,} more" if len(every) > MOST_NAMED else ""
    st.markdown(
        f"On the bill, but not known in the log: **{named}**{more}. Where the log has another name for one, "
        "say so under “Names” below: until then what is billed under it is matched with no call."
    )


def _tiles(explained: Explained) -> None:
    beside = explained.difference - explained.judged
    figures = (
        ("Billed", cents(explained.billed), None),
        ("Computed", cents(explained.computed), "Cost of the calls logged"),
        (
            "Difference in usage",
            signed_cents(explained.judged),
            "Billed − computed, without other charges",
        ),
        (
            "Other charges",
            cents(beside),
            "Other services, credits, taxes and fees: not held against the bill",
        ),
        ("Calls", wording.count(explained.calls), None),
    )
    tiles.row([tiles.Tile(name, value, None, about) for name, value, about in figures])


@cached.shared
def chart(which: Which) -> Chart | None:
    """The parts as a waterfall from computed to billed; None where they are the same."""
    found: Reconciled | None = cached.found(_reconcile, which.provider, which.month)
    if found is None or found.explained is None or not found.explained.parts:
        return None
    explained = found.explained
    shown = conclude.as_shown(explained)
    rows = [("Computed", explained.computed, shown[0], "Cost of the calls logged", True)]
    for (part, usd), rounded in zip(explained.parts.items(), shown[1:-1], strict=True):
        rows.append((wording.capital(part), usd, rounded, ABOUT[part], False))
    rows.append(("Billed", explained.billed, shown[-1], "What the bill charges in all", True))
    frame = pd.DataFrame(
        [
            {
                "name": name,
                "value": float(usd),
                "shown": wording.money_exact(rounded) if whole else wording.money_signed(rounded),
                "exact": wording.money_exact(usd),
                "about": about,
                "whole": whole,
            }
            for name, usd, rounded, about, whole in rows
        ]
    )
    return waterfall(frame, "From what was computed to what was billed", "USD")


def _method(found: Reconciled, explained: Explained) -> str:
    """How the lines were matched (Markdown)."""
    days = ", ".join(
        wording.days(first.date(), (until - timedelta(days=1)).date()) for first, until in found.period.ranges
    )
    text = f"{days} ({plain(found.period.zone)}). Matched by {plain(conclude.matched_by(explained))}."
    if explained.hours:
        way = "after" if explained.hours > 0 else "before"
        hours = wording.plural(abs(explained.hours), "hour")
        text += f" The bill fits best with days that begin {hours} {way} midnight."
    if explained.unpriced_calls:
        text += (
            f" {wording.plural(explained.unpriced_calls, 'call')} without a price are in no computed cost."
        )
    if explained.rounding >= conclude.TINY:
        text += f" Rounding can hide at most {plain(cents(explained.rounding))}."
    return text
