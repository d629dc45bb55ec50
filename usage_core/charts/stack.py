"""Amounts per period and name, one upon another: what `over_time` and `shares` are drawn from.

Plain Python: of a few hundred parts pandas would take ten times as long to group and add up.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

import pandas as pd

from usage_core import wording
from usage_core.charts import periods as time
from usage_core.charts.chart import PICK_AT, PICK_NAME
from usage_core.charts.names import Folding
from usage_core.charts.palette import NAMED
from usage_core.charts.periods import Periods
from usage_core.charts.units import Scale

_BAR = 0.82
"""The part of a period that its bar takes; the rest is the gap between bars."""


class Part(NamedTuple):
    """What one name has in one period; an amount that is unknown counts as nothing."""

    at: pd.Timestamp
    name: str
    value: float
    calls: int
    exact: str


def stack(frame: pd.DataFrame, folding: Folding, drawn: Scale) -> list[Part]:
    """The parts of each period, one after another from the bottom up; sums are kept.

    `frame` as for `over_time`.
    """
    held: dict[tuple[pd.Timestamp, str], list[Part]] = {}
    columns = (frame[name] for name in ("bucket", "series", "value", "calls", "exact"))
    for at, series, value, calls, exact in zip(*columns, strict=True):
        name = folding.label(series)
        amount = 0.0 if math.isnan(value) else float(value)
        held.setdefault((at, name), []).append(Part(at, name, amount, int(calls), exact))
    ranks = _ranks(folding)
    return sorted(
        (_added_up(parts, drawn) for parts in held.values()),
        key=lambda part: (part.at, ranks.get(part.name, NAMED)),
    )


def _ranks(folding: Folding) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(folding.names)}


def _added_up(parts: Sequence[Part], drawn: Scale) -> Part:
    first = parts[0]
    if len(parts) == 1:
        return first
    value, calls = math.fsum(part.value for part in parts), sum(part.calls for part in parts)
    return first._replace(
        value=value, calls=calls, exact=_exact([part.exact for part in parts], value, drawn)
    )


def _exact(texts: Sequence[str], value: float, drawn: Scale) -> str:
    """The sum of amounts written exactly, or the sum as drawn where one of them is not known."""
    amounts = [wording.read_exact(text) for text in texts]
    known = [amount for amount in amounts if amount is not None]
    return (
        drawn.exact(sum(known[1:], known[0])) if len(known) == len(amounts) else f"about {drawn.shown(value)}"
    )


def totals(parts: Iterable[Part]) -> dict[str, float]:
    """The amount of each name over all periods, the biggest first, those of equal amounts by name."""
    found: dict[str, list[float]] = {}
    for part in parts:
        found.setdefault(part.name, []).append(part.value)
    sums = [(name, math.fsum(values)) for name, values in sorted(found.items())]
    return dict(sorted(sums, key=lambda each: -each[1]))


def by_period(parts: Iterable[Part]) -> dict[pd.Timestamp, float]:
    """The amount of each period, in order."""
    return {at: math.fsum(part.value for part in of) for at, of in groupby(parts, lambda part: part.at)}


def bars(parts: Sequence[Part], folding: Folding, periods: Periods, index: pd.DatetimeIndex) -> pd.DataFrame:
    """What a chart is drawn from: the bars' edges (ms and value), and the tooltip's texts."""
    whole = by_period(parts)
    buckets = pd.DatetimeIndex(whole)
    start, end = time.milliseconds(buckets), time.milliseconds(time.following(buckets, periods.grain))
    half = (end - start) * (_BAR / 2)
    edges = zip(start - half, start + half, time.starts(buckets), strict=True)
    said = {
        at: (left, right, text, time.label(at, periods, index[-1]))
        for at, (left, right, text) in zip(whole, edges, strict=True)
    }
    ends = _ends(parts)
    fade = periods.incomplete
    return pd.DataFrame(
        {
            "from": [said[part.at][0] for part in parts],
            "to": [said[part.at][1] for part in parts],
            "name": [part.name for part in parts],
            "low": [end - part.value for end, part in zip(ends, parts, strict=True)],
            "high": ends,
            "period": [said[part.at][3] for part in parts],
            "exact": [part.exact for part in parts],
            "share": [_share(part.value, whole[part.at]) for part in parts],
            "calls": [wording.count_exact(part.calls) for part in parts],
            PICK_NAME: pd.array([folding.series(part.name) for part in parts], dtype="str"),
            PICK_AT: [said[part.at][2] for part in parts],
            "state": ["open" if fade and part.at == index[-1] else "over" for part in parts],
        }
    )


def _share(part: float, total: float) -> str:
    return wording.share(part / total if total else None)


def _ends(parts: Iterable[Part]) -> list[float]:
    """Where each part of a stack ends: amounts upwards from zero, credits downwards."""
    ends = []
    for _at, of in groupby(parts, lambda part: part.at):
        up = down = 0.0
        for part in of:
            up, down = up + max(part.value, 0.0), down + min(part.value, 0.0)
            ends.append(up if part.value >= 0 else down)
    return ends
