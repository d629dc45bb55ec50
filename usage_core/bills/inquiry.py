"""What to ask a provider about a month that is not right: a paragraph, ready to send."""

from collections.abc import Sequence
from decimal import Decimal

from usage_core import wording
from usage_core.bills.conclude import Reconciled, cents, signed_cents
from usage_core.bills.parts import BESIDE, Finding, Part

COUNTED = (Part.TOKENS, Part.NO_CALLS, Part.NOT_BILLED)
"""Parts of which the tokens are told."""

MOST_ASKED = 5
"""So many places are named; the evidence has all."""


def to_ask(found: Reconciled) -> str:
    """A paragraph for the provider, ready to send; empty where there is nothing to ask (plain text)."""
    explained = found.explained
    if explained is None or found.is_right or not explained.calls or not found.period.has_usage:
        return ""
    first, until = found.period.ranges[0][0], found.period.ranges[-1][1]
    groups = _grouped(explained.findings)
    named = "\n".join(f"- {_named(group)}" for group in groups[:MOST_ASKED])
    more = len(groups) - MOST_ASKED
    rest = f"\n- and {more:,} more in the attached file" if more > 0 else ""
    way = "after" if explained.hours > 0 else "before"
    shift = (
        f" Your days seem to begin {wording.plural(abs(explained.hours), 'hour')} {way} midnight "
        f"{found.period.zone}; we have taken that into account."
        if explained.hours
        else ""
    )
    files = ", ".join(found.period.files)
    return (
        f"Your bill for {first:%Y-%m-%d} to before {until:%Y-%m-%d} ({files}) charges "
        f"{cents(abs(explained.judged))} {'more' if explained.judged > 0 else 'less'} for usage than our own "
        f"log of {wording.plural(explained.calls, 'call')}, which comes to {cents(explained.computed)}."
        f"{shift} Please explain or correct:\n{named}{rest}\nThe attached file has every difference by day, "
        "model, key and class of tokens, with what we have logged beside it."
    )


def _grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    """What can be asked about, by part, model and class of tokens, the largest amounts first."""
    groups: dict[tuple[Part, str | None, str | None], list[Finding]] = {}
    for each in findings:
        if each.part not in BESIDE and each.part is not Part.ROUNDING:
            groups.setdefault((each.part, each.model, each.token_class), []).append(each)
    return sorted(groups.values(), key=lambda group: -abs(sum((each.usd for each in group), Decimal(0))))


def _named(group: list[Finding]) -> str:
    """One thing to ask about: what, where, how much, and what it was set against."""
    one, usd = group[0], sum((each.usd for each in group), Decimal(0))
    days = sorted({each.day.date() for each in group if each.day})
    keys = {each.key for each in group}
    where = [one.model or "", one.token_class or "", wording.days(days[0], days[-1]) if days else ""]
    where += [f"{len(days)} days"] if len(days) > 1 else []
    where += [f"key {one.key}"] if len(keys) == 1 and one.key else []
    place = ", ".join(part for part in where if part) or "the whole period"
    return f"{place}: {one.part}, {signed_cents(usd)}{_set_against(group)}"


def _set_against(group: list[Finding]) -> str:
    one, prices = group[0], {(each.their_price, each.our_price) for each in group}
    if (
        one.part is Part.PRICE
        and len(prices) == 1
        and one.their_price is not None
        and one.our_price is not None
    ):
        ours, theirs = (wording.money_exact(price) for price in (one.our_price, one.their_price))
        return f" (billed at {theirs} per million tokens, {ours} expected)"
    if one.part in COUNTED and all(each.quantity is not None for each in group):
        billed, logged = (sum(getattr(each, name) or 0 for each in group) for name in ("quantity", "tokens"))
        return f" (billed {billed:,} tokens, {logged:,} logged)"
    return ""
