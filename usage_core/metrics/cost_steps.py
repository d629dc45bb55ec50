"""How a group's cost goes from one to another: volume, mix, tokens per call, price; exactly.

The arithmetic of `change`: whole pico-USD in and out, fractions in between.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple


class Amount(NamedTuple):
    """So many tokens (or calls), and what they cost in pico-USD."""

    quantity: int
    cost: int


class Usage(NamedTuple):
    """The calls of a group that have a price, and their cost in pico-USD."""

    calls: int
    cost: int
    kinds: tuple[tuple[Amount, ...] | None, ...]
    """What the cost is made of, the finest way first: input and output tokens apart, all tokens
    together, calls. None where that is not known. The last always is."""


class Steps(NamedTuple):
    """What a group's cost changed by in pico-USD, one reason on top of the other."""

    volume: int
    mix: int
    tokens: int
    price: int


def steps(before: Usage | None, now: Usage | None, growth: Fraction) -> Steps:
    """The steps from one usage to another of a group whose key makes `growth` times as many calls.

    They add up to the difference of the two costs.
    """
    exact = _exact(before, now, growth)
    difference = (now.cost if now else 0) - (before.cost if before else 0)
    return Steps(*shared_out(exact, difference))


def _exact(before: Usage | None, now: Usage | None, growth: Fraction) -> list[Fraction]:
    none = Fraction(0)
    if not before or not before.calls:
        return [none, Fraction(now.cost if now else 0), none, none]
    volume = (growth - 1) * before.cost
    if not now or not now.calls:
        return [volume, -growth * before.cost, none, none]
    grown = Fraction(now.calls, before.calls)
    tokens = price = none
    for was, became in _alike(before, now):
        at_old_price = became.quantity * _old_price(was, became)
        tokens += at_old_price - grown * was.cost
        price += became.cost - at_old_price
    return [volume, (grown - growth) * before.cost, tokens, price]


def _old_price(was: Amount, became: Amount) -> Fraction:
    """What one of them cost; where there was none, what it costs now."""
    known = was if was.quantity else became
    return Fraction(known.cost, known.quantity) if known.quantity else Fraction(0)


def _alike(before: Usage, now: Usage) -> list[tuple[Amount, Amount]]:
    """What the cost is made of, in the finest way that is known for both."""
    for was, became in zip(before.kinds, now.kinds, strict=True):
        if was is None or became is None:
            continue
        # A cost of no tokens at all is of something else.
        if all(amount.quantity or not amount.cost for amount in (*was, *became)):
            return list(zip(was, became, strict=True))
    raise AssertionError("a cost without a call")


def shared_out(exact: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers close to these that add up to the total, by largest remainder.

    Each is the next below or above; one that was whole stays as it is. Every total less than 1 away
    from the sum can be reached.

    Raises:
        ValueError: it is further away.
    """
    wholes = [part.numerator // part.denominator for part in exact]
    remainders = [part - whole for part, whole in zip(exact, wholes, strict=True)]
    missing = total - sum(wholes)
    if not 0 <= missing <= sum(remainder > 0 for remainder in remainders):
        raise ValueError("The total is too far from the sum of its parts.")
    largest = sorted(range(len(exact)), key=lambda place: remainders[place], reverse=True)
    for place in largest[:missing]:
        wholes[place] += 1
    return wholes
