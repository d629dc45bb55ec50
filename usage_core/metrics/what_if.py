"""What calls would have cost at other prices: exactly, from sums of their tokens.

A cost is linear in tokens, so that sums by group are enough. Only calls with a known cost and known
tokens can be compared. Rollups hold the sums over all calls; those that cannot be compared are read from
the calls and taken away, and counted as left out.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd
import sqlalchemy as sa

from usage_core.errors import SelectionError
from usage_core.metrics.answer import ask
from usage_core.metrics.covers import DAY, Coverage
from usage_core.metrics.question import Question, conditions
from usage_core.metrics.sources import among
from usage_core.schema import PRICE_PLACES, CostBasis, Kind, usd
from usage_core.selection import FILTERS, Selection
from usage_core.store.tables import CALLS, PRICES

FIGURES = ("cost_usd", "calls", "input_tokens", "output_tokens")

_MILLION = 1_000_000


class Price(NamedTuple):
    """USD per million tokens; `output` is None where a model gives none, as those that embed."""

    input: Decimal
    output: Decimal | None = None


def comparable(
    connection: sa.Connection,
    selection: Selection,
    by: tuple[str, ...] = (),
    coverage: Coverage | None = None,
) -> pd.DataFrame:
    """Sums over the calls whose cost and tokens are known, by values of filters; dearest first.

    A row for each group: its values, `cost_usd` (Decimal), `calls`, `input_tokens`, `output_tokens` and
    `left_out`, the calls that are in no figure (int). Output tokens of an embedding are 0 where they are
    empty. `coverage` as for `answer.ask`, and at most as many rows as that gives.

    Raises:
        SelectionError: `by` names something else than filters.
    """
    if not set(by) <= set(FILTERS):
        raise SelectionError(f"Tokens are compared by: {', '.join(FILTERS)}.")
    frame = ask(connection, Question(selection, (*FIGURES, "unpriced_calls"), by), coverage)
    left: dict[tuple[Any, ...], tuple[int, ...]] = {}
    if coverage is None or any(frame["unpriced_calls"]) or _has_recorded(connection, selection):
        rows = connection.execute(_incomplete(selection, by))
        left = {tuple(row[: len(by)]): tuple(row[len(by) :]) for row in rows}
    groups = [tuple(group) for group in frame[list(by)].itertuples(index=False)] if by else [()]
    nothing = (0, 0, 0, 0)
    sums = [left.get(group, nothing) for group in groups]
    known = frame[[*by, *FIGURES]].copy()
    costs = zip(frame["cost_usd"], sums, strict=True)
    known["cost_usd"] = _whole((total or Decimal(0)) - usd(int(out[0])) for total, out in costs)
    for place, name in enumerate(FIGURES[1:], start=1):
        totals = zip(frame[name], sums, strict=True)
        known[name] = _whole(int(total or 0) - int(out[place]) for total, out in totals)
    known["left_out"] = _whole(int(out[1]) for out in sums)
    return known


def _whole(amounts: Iterable[Decimal | int | None]) -> "pd.Series[Any]":
    """A column of amounts as they are, not as floats."""
    return pd.Series(list(amounts), dtype=object)


def _has_recorded(connection: sa.Connection, selection: Selection) -> bool:
    """Whether some costs are those that a source recorded; all others come from known tokens."""
    c, frame = PRICES.c, selection.timeframe
    # Days are of another zone, perhaps: a day more on either side holds them all.
    first, last = (edge.replace(tzinfo=None) for edge in (frame.start - 2 * DAY, frame.end + DAY))
    held = [among(c[name], values) for name, values in selection.filters.items() if name in c]
    recorded = c.cost_basis == str(CostBasis.RECORDED)
    found = sa.select(sa.literal(1)).where(recorded, c.day.between(first, last), *held).limit(1)
    return connection.execute(found).first() is not None


def _incomplete(selection: Selection, by: tuple[str, ...]) -> sa.Select[Any]:
    """The sums over calls of which the cost or a number of tokens is unknown: few, as a rule."""
    c = CALLS.c
    no_output = sa.and_(c.output_tokens.is_(None), c.kind != str(Kind.EMBEDDING))
    incomplete = sa.or_(c.cost_pico.is_(None), c.input_tokens.is_(None), no_output)
    sums = (sa.func.coalesce(sa.func.sum(c[name]), 0) for name in ("input_tokens", "output_tokens"))
    cost = sa.func.coalesce(sa.func.sum(c.cost_pico), 0)
    groups = [c[FILTERS[name]] for name in by]
    chosen = sa.select(*groups, cost, sa.func.count(), *sums).where(*conditions(selection), incomplete)
    return chosen.group_by(*groups) if groups else chosen


def cost(input_tokens: int, output_tokens: int, price: Price) -> Decimal | None:
    """What tokens cost at a price, in USD, exactly; None where there is no price for output."""
    if price.output is None and output_tokens:
        return None
    parts = ((input_tokens, price.input), (output_tokens, price.output or Decimal(0)))
    return usd(sum(tokens * int(each.scaleb(PRICE_PLACES)) for tokens, each in parts))


def replayed(frame: pd.DataFrame, price: Price) -> pd.DataFrame:
    """Comparable calls with what they would have cost: adds `then_usd` and `change_usd`, both Decimal,
    None where the price has no part for output."""
    then = [
        cost(sent, received, price)
        for sent, received in zip(frame["input_tokens"], frame["output_tokens"], strict=True)
    ]
    pairs = zip(frame["cost_usd"], then, strict=True)
    change = [None if new is None else new - old for old, new in pairs]
    return frame.reset_index(drop=True).assign(then_usd=_whole(then), change_usd=_whole(change))


class Even(NamedTuple):
    """Where another price would cost what is paid now."""

    output_price: Decimal | None
    """USD per million output tokens, at the other price's input; None where no price of 0 or more does,
    or where there are no output tokens."""
    factor: Decimal | None
    """How many times dearer the other price could be, both ways; None where it costs nothing."""


def break_even(now: Decimal, input_tokens: int, output_tokens: int, price: Price) -> Even:
    """At which output price, and at how many times the price, costs are equal."""
    then = cost(input_tokens, output_tokens, price)
    of_input = cost(input_tokens, 0, price) or Decimal(0)
    left = now - of_input
    output = left * _MILLION / output_tokens if output_tokens and left >= 0 else None
    return Even(output, now / then if then else None)


class Moved(NamedTuple):
    """Groups for which another price is cheaper, taken together."""

    groups: int
    calls: int
    saved: Decimal


def worth_moving(frame: pd.DataFrame) -> Moved:
    """The part of replayed calls, by whole groups, that the other price makes cheaper."""
    cheaper = list(_cheaper(frame))
    saved = sum((amount for _, amount in cheaper), Decimal(0))
    return Moved(len(cheaper), sum(calls for calls, _ in cheaper), saved)


def _cheaper(frame: pd.DataFrame) -> Iterator[tuple[int, Decimal]]:
    for calls, change in zip(frame["calls"], frame["change_usd"], strict=True):
        if change is not None and change < 0:
            yield calls, -change
