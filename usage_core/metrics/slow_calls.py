"""The calls that took longest, whole: of a hundred million, only what can hold them is read.

Every row of the rollup by days says how long its longest call took. The fifty rows with the longest of
them hold fifty calls at least as long as the fiftieth row says, so no shorter call is among the fifty
slowest; and as of equally long ones the newest come first, no call of another day is. When those calls
were made and how long they took is read, and then the fifty found are read whole.
"""

from dataclasses import replace
from typing import NamedTuple, TypeAlias

import pandas as pd
import sqlalchemy as sa

from usage_core.metrics.covers import DAY, Coverage, Wanted, choose
from usage_core.metrics.question import conditions
from usage_core.metrics.sources import rows
from usage_core.schema import COLUMNS
from usage_core.selection import Selection
from usage_core.store.tables import CALLS
from usage_core.timeframe import midnight

MOST = 50

c = CALLS.c

Range: TypeAlias = tuple[int, int]
"""The least and the most of something, both included."""


class Within(NamedTuple):
    """Which calls are looked at: those with such completion times (ms) and output tokens; None for all."""

    took: Range | None = None
    output: Range | None = None

    @property
    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """What holds of these calls."""
        asked = ((c.completion_time_ms, self.took), (c.output_tokens, self.output))
        return [column.between(*limits) for column, limits in asked if limits]


EVERY = Within()


def slow_calls(
    connection: sa.Connection,
    selection: Selection,
    within: Within = EVERY,
    coverage: Coverage | None = None,
) -> pd.DataFrame:
    """The 50 calls with the longest completion times, longest first, of equally long ones the newest.

    One row per call with every column of `schema.COLUMNS` as the store has it (naive UTC, whole numbers,
    Decimal prices, pico-USD; None where unknown). Calls without a completion time are not among them.
    """
    looked_at = [*conditions(selection), *within.conditions]
    chosen = [*looked_at, c.completion_time_ms.is_not(None)]
    if coverage is not None and within == EVERY:
        chosen += _can_be_slowest(connection, selection, coverage)
    in_order = (c.completion_time_ms.desc(), c.called_at.desc())
    longest = sa.select(c.called_at, c.completion_time_ms).where(*chosen).order_by(*in_order).limit(MOST)
    found = connection.execute(longest).all()
    columns = [c[column.name] for column in COLUMNS]
    if not found:
        return pd.DataFrame({column.name: pd.Series(dtype=object) for column in columns})
    at = sorted({row.called_at for row in found})
    whole = sa.select(*columns).where(*looked_at, c.called_at.in_(at))
    whole = whole.where(c.completion_time_ms >= found[-1].completion_time_ms)
    records = connection.execute(whole.order_by(*in_order, c.api_key_id, c.model_name).limit(MOST)).all()
    values = zip(*records, strict=True)
    return pd.DataFrame(
        {column.name: pd.Series(each, dtype=object) for column, each in zip(columns, values, strict=True)}
    )


def _can_be_slowest(
    connection: sa.Connection, selection: Selection, coverage: Coverage
) -> list[sa.ColumnElement[bool]]:
    """Conditions that every one of the slowest calls meets; none where no rollup tells any."""
    # Where a day begins does not matter here, only that the rollup has it.
    in_days = selection.over(replace(selection.timeframe, zone=coverage.zone))
    wanted = Wanted(("day",), frozenset({"longest_ms"}))
    choice = choose(in_days, wanted, coverage)
    if choice is None:
        return []
    whole_days = choice._replace(cover=choice.cover._replace(ends=()))
    r = rows(in_days, wanted, whole_days).c
    known = sa.select(r.by_day, r.longest_ms).where(r.longest_ms.is_not(None))
    longest = connection.execute(known.order_by(r.longest_ms.desc(), r.by_day.desc()).limit(MOST)).all()
    if len(longest) < MOST:
        return []
    days = [row.by_day.date() for row in longest]
    of_days = [midnight(min(days), coverage.zone), midnight(max(days) + DAY, coverage.zone)]
    edges = [edge.replace(tzinfo=None) for edge in of_days]
    edges += [edge for end in choice.cover.ends for edge in end]
    # A range and a limit: the store skips whatever files and row groups lie outside by their statistics.
    first, beyond = min(edges), max(edges)
    at_least = c.completion_time_ms >= longest[-1].longest_ms
    return [at_least, c.called_at >= first, c.called_at < beyond]
