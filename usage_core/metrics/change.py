"""Why the cost of a period differs from that of the one before: an exact split into parts.

A group is the calls of one key, provider and model in a period. Only calls with a price count; what
the others would have cost is unknown. The parts are worked out one after the other, each on top of
those before it:

1. New keys: the whole cost of keys that made no call before. Vanished keys: likewise.
2. Volume: the number of calls of each remaining key changes; its models and what a call costs do not.
3. Model mix: the calls of each key move between models (and providers), each at its old cost per call.
4. Tokens per call: each call takes its new number of tokens, at the old price.
5. Price: the new tokens are paid at the new price.

So each part is what a reader would work out by hand, and a price is judged by what is used now. Input
and output tokens have a price each. Where the two cannot be told apart for the calls with a price,
because others of the group have none or because a recorded cost is not tokens times price, all tokens
together have one; where there are no tokens, a call has. A model that is new for a key, or gone, is a
change of its mix alone. Whole pico-USD are given out within each group by largest remainder, so the
parts add up exactly, and a part in which nothing changed is 0.

Not split: groups with calls in both periods and a price in only one of them, and groups that no answer
held because there are more than MOST_ROWS.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from usage_core.metrics.cost_steps import Amount, Usage, steps
from usage_core.metrics.question import MOST_ROWS, Question
from usage_core.schema import pico_usd, usd
from usage_core.selection import Selection


class Reason(StrEnum):
    """What a part of the difference comes from, in the order the parts are worked out."""

    NEW_KEYS = "new keys"
    VANISHED_KEYS = "vanished keys"
    VOLUME = "volume"
    MIX = "model mix"
    TOKENS = "tokens per call"
    PRICE = "price"
    NOT_SPLIT = "not split"


@dataclass(frozen=True, slots=True)
class Share:
    """What one key or model contributes to a part, in USD."""

    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the difference in USD, and the key and the model that contribute most in its direction.

    A part of 0 names none, nor does one that comes from groups nobody knows.
    """

    reason: Reason
    amount: Decimal
    key: Share | None = None
    model: Share | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Two costs in USD, and the parts of their difference: one for each reason, adding up to it."""

    before: Decimal
    now: Decimal
    parts: tuple[Part, ...]
    new_keys: int
    vanished_keys: int
    cut: bool
    """Whether there were more groups than an answer holds."""
    apart: bool = True
    """Whether input and output tokens have a price each wherever there is one. Where they have one together,
    it falls when prompts grow longer."""

    @property
    def difference(self) -> Decimal:
        """What there is to explain."""
        return usd(pico_usd(self.now) - pico_usd(self.before))


class Period(NamedTuple):
    """The answer to `question` for a period, and the cost of all its calls (None where unknown)."""

    groups: pd.DataFrame
    cost: Decimal | None


FIGURES = (
    "cost_usd",
    "priced_calls",
    "input_tokens",
    "output_tokens",
    "priced_tokens",
    "input_cost_usd",
    "output_cost_usd",
)


def question(selection: Selection) -> Question:
    """What has to be asked of each period: its groups, the costliest MOST_ROWS of them."""
    return Question(selection, FIGURES, ("key", "provider", "model"))


Group: TypeAlias = tuple[str, str | None, str]
Contribution: TypeAlias = tuple[Reason, Group, int]


def explain(before: Period, now: Period) -> Change:
    """The difference between two periods, split into parts."""
    costs = [_pico(period.cost) for period in (before, now)]
    usages = _Usages(
        _usages(before.groups), _usages(now.groups), *(len(p.groups) >= MOST_ROWS for p in (before, now))
    )
    found: dict[Reason, Counter[Group]] = {reason: Counter() for reason in Reason}
    for reason, group, pico in _contributions(usages):
        found[reason][group] += pico
    beyond = costs[1] - costs[0] - sum(groups.total() for groups in found.values())
    extra = {Reason.NOT_SPLIT: beyond}
    return Change(
        before=usd(costs[0]),
        now=usd(costs[1]),
        parts=tuple(_part(reason, groups, extra.get(reason, 0)) for reason, groups in found.items()),
        new_keys=len({key for key, _, _ in found[Reason.NEW_KEYS]}),
        vanished_keys=len({key for key, _, _ in found[Reason.VANISHED_KEYS]}),
        cut=usages.cut_before or usages.cut_now,
        apart=usages.apart,
    )


def _part(reason: Reason, groups: Mapping[Group, int], beyond: int) -> Part:
    total = sum(groups.values()) + beyond
    if not total or not groups:
        return Part(reason, usd(total))
    keys, models = (_most(groups, place, total) for place in (0, 2))
    return Part(reason, usd(total), keys, models)


def _most(groups: Mapping[Group, int], place: int, total: int) -> Share:
    """The key (or model) with the most of a total, among equals the first by name."""
    sums: Counter[str] = Counter()
    for group, pico in groups.items():
        sums[str(group[place])] += pico
    name = min(sums, key=lambda name: (-sums[name] if total > 0 else sums[name], name))
    return Share(name, usd(sums[name]))


def _pico(amount: Decimal | None) -> int:
    return pico_usd(amount) if amount is not None else 0


def _usages(frame: pd.DataFrame) -> dict[Group, Usage]:
    """The groups of an answer, those without a priced call too."""
    rows = frame.to_dict("records")
    return {(row["key"], row["provider"], row["model"]): _usage(row) for row in rows}


def _usage(row: Mapping[Any, Any]) -> Usage:
    calls, cost, tokens = row["priced_calls"], _pico(row["cost_usd"]), row["priced_tokens"] or 0
    sent = Amount(row["input_tokens"] or 0, _pico(row["input_cost_usd"]))
    received = Amount(row["output_tokens"] or 0, _pico(row["output_cost_usd"]))
    # Tokens are those of all calls, costs those of priced ones: equal sums say that both are of the same.
    apart = sent.quantity + received.quantity == tokens and sent.cost + received.cost == cost
    kinds = ((sent, received) if apart else None, (Amount(tokens, cost),), (Amount(calls, cost),))
    return Usage(calls, cost, kinds)


class _Usages(NamedTuple):
    """The groups of both periods, and whether there were more."""

    before: dict[Group, Usage]
    now: dict[Group, Usage]
    cut_before: bool
    cut_now: bool

    def difference(self, group: Group) -> int:
        before, now = self.before.get(group), self.now.get(group)
        return (now.cost if now else 0) - (before.cost if before else 0)

    def unclear(self, group: Group) -> bool:
        """Whether one of the two costs is known and nobody knows the other."""
        before, now = self.before.get(group), self.now.get(group)
        if before is None:
            return self.cut_before
        if now is None:
            return self.cut_now
        return bool(before.calls) != bool(now.calls)

    @property
    def apart(self) -> bool:
        """Whether every cost is known to be one of input and one of output tokens."""
        every = (*self.before.values(), *self.now.values())
        return all(usage.kinds[0] is not None for usage in every if usage.calls)

    def priced(self, group: Group) -> bool:
        return any(period[group].calls for period in (self.before, self.now) if group in period)


def _contributions(usages: _Usages) -> Iterator[Contribution]:
    """Every group's amounts by reason; those of a group add up to its difference."""
    keys: dict[str, list[Group]] = defaultdict(list)
    for group in {**usages.before, **usages.now}:
        keys[group[0]].append(group)
    had, has = ({group[0] for group in period} for period in (usages.before, usages.now))
    for key, groups in keys.items():
        clear = [group for group in groups if usages.priced(group) and not usages.unclear(group)]
        unclear = [group for group in groups if usages.unclear(group)]
        yield from ((Reason.NOT_SPLIT, group, usages.difference(group)) for group in unclear)
        if key in had and key in has:
            yield from _of_key(usages, clear)
        else:
            reason = Reason.VANISHED_KEYS if key in had else Reason.NEW_KEYS
            yield from ((reason, group, usages.difference(group)) for group in clear)


def _of_key(usages: _Usages, groups: Sequence[Group]) -> Iterator[Contribution]:
    """The groups of a key that made calls in both periods."""
    was, became = (
        sum(period[group].calls for group in groups if group in period)
        for period in (usages.before, usages.now)
    )
    for group in groups:
        if was and became:
            split = steps(usages.before.get(group), usages.now.get(group), Fraction(became, was))
            yield Reason.VOLUME, group, split.volume
            yield Reason.MIX, group, split.mix
            yield Reason.TOKENS, group, split.tokens
            yield Reason.PRICE, group, split.price
        else:  # its other calls have no price
            yield Reason.NOT_SPLIT, group, usages.difference(group)
