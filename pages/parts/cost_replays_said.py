"""Calls replayed at other prices, in words: which they are, what they would cost, what is worth moving."""

from decimal import Decimal

from pages.parts.cost import totals
from pages.parts.cost_replays import TIMES, Offer, by_key, times, together
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.metrics.question import Question
from usage_core.metrics.what_if import break_even, cost, replayed, worth_moving
from usage_core.selection import Selection


@cached.shared
def what_is_replayed(chosen: Selection, heading: str, selection: Selection) -> str:
    """Which calls are replayed, and which are left out (Markdown)."""
    whole = together(chosen).iloc[0]
    of_others = totals(selection).now["calls"] - whole["calls"] - whole["left_out"]
    left = [
        f"{wording.plural(number, 'call')} {what}"
        for number, what in (
            (whole["left_out"], "without a known cost or known tokens"),
            (of_others, "of another kind"),
        )
        if number
    ]
    out = f" Left out: {wording.joined(left)}." if left else ""
    return (
        f"The selected {heading.lower()} whose cost and tokens are known, **{whole['calls']:,d}**, cost "
        f"**{plain(wording.money(whole['cost_usd']))}**.{out} Replayed at the price of each model seen here, "
        "they would have cost:"
    )


@cached.shared
def sentence(chosen: Selection, offer: Offer) -> str:
    """What the calls would cost in all, where that is even, and what to move (Markdown)."""
    whole = together(chosen).iloc[0]
    now, sent, received = whole["cost_usd"], whole["input_tokens"], whole["output_tokens"]
    then = cost(sent, received, offer.price)
    if then is None:
        return f"{plain(offer.label)} has no price for output, which these calls have."
    said = [_difference(offer, now, then), *_even(offer, now, sent, received)]
    return " ".join([*said, *_moving(chosen, offer), _speed(chosen, offer)])


def _moving(chosen: Selection, offer: Offer) -> list[str]:
    """Which part of the calls is worth moving, where that is neither all nor nothing (Markdown)."""
    keys, whole = by_key(chosen), together(chosen).iloc[0]
    moved = worth_moving(replayed(keys, offer.price))
    if not 0 < moved.groups < int((keys["calls"] > 0).sum()):
        return []
    share, saved = wording.share(Decimal(moved.calls) / whole["calls"]), plain(wording.money(moved.saved))
    which = f"{moved.groups:,d} of {wording.plural(len(keys), 'key')}, with {share} of the calls"
    return [f"It is cheaper for {which}: moving only those saves {saved}."]


def _difference(offer: Offer, now: Decimal, then: Decimal) -> str:
    prices = f"{wording.money_exact(offer.price.input)} in"
    if offer.price.output is not None:
        prices += f" and {wording.money_exact(offer.price.output)} out"
    said = (
        f"At the price of **{plain(offer.label)}**, {plain(prices)} per million tokens, these calls would "
        f"have cost **{plain(wording.money(then))}**"
    )
    if then == now:
        return f"{said}, as much as they did."
    share = f" ({wording.share(abs(then - now) / now)})" if now else ""
    more = "more" if then > now else "less"
    return f"{said}: **{plain(wording.money(abs(then - now)))} {more}**{share} than they did."


def _even(offer: Offer, now: Decimal, sent: int, received: int) -> list[str]:
    even = break_even(now, sent, received, offer.price)
    if offer.price.output is None or not received:
        return []
    if even.output_price is None:
        return ["At its input price, input alone would cost more than these calls did."]
    price = plain(wording.money(even.output_price))
    return [f"Costs would be equal at an output price of {price} per million tokens."]


def _speed(chosen: Selection, offer: Offer) -> str:
    """How long the model's calls take, beside those that are replayed (Markdown)."""
    own = cached.answer(Question(chosen, TIMES)).to_dict("records")[0]
    ours = " / ".join(wording.duration_ms(own[name]) for name in TIMES[1:])
    found = times(chosen).get(offer.model) if offer.model else None
    if not found or found["p50_ms"] is None:
        return f"How fast it answers was not measured here; the calls replayed took p50 / p95 {ours}."
    theirs = " / ".join(wording.duration_ms(found[name]) for name in TIMES[1:])
    calls = wording.plural(found["calls"], "call")
    return f"Its own calls took p50 / p95 {theirs} ({calls}), those replayed {ours}."
