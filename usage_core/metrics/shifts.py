"""Which models, providers or keys answer slower or faster than before, by more than noise.

For each of them, the calls of both periods together have a common p50 and a common p95. If nothing had
changed, the same part of either period's calls would lie beyond them. How far the two parts may differ
by chance is seen from how they differ from day to day (from hour to hour in short timeframes): calls
come in crowds, and a bad hour of a thousand calls is one event, not a thousand. So a change is said to
be one where

- both periods have at least LEAST_CALLS calls with a completion time, on at least LEAST_UNITS days,
- the percentile changed by at least LEAST_SHARE and LEAST_MS, and
- the part of calls beyond the common percentile changed in the same direction, by at least
  LEAST_ERRORS standard errors.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import pandas as pd

from usage_core.metrics.shift_counts import Counts, Part

PERCENTILES = ("p50_ms", "p95_ms")
SPEED = "output_tokens_per_s"
FIGURES = ("calls", "untimed_calls", *PERCENTILES, SPEED)
"""What has to be known of both periods."""

LEAST_CALLS, LEAST_UNITS = 100, 3
LEAST_SHARE, LEAST_MS = 0.10, 10
LEAST_ERRORS = 3.0


class Verdict(StrEnum):
    """What is said of a percentile, or of all of them together."""

    SLOWER = "slower"
    FASTER = "faster"
    SAME = "same"
    FEW = "too few calls"
    NEW = "new"
    GONE = "gone"


class Period(NamedTuple):
    """All that is known of one value in one period; nothing where it has no calls."""

    figures: Mapping[str, Any]
    counts: Counts | None

    @property
    def timed(self) -> int:
        """Calls with a completion time."""
        return int(self.figures["calls"] - self.figures["untimed_calls"]) if self.figures else 0


def shifts(
    now: pd.DataFrame, before: pd.DataFrame, counted: tuple[Mapping[Any, Counts], Mapping[Any, Counts]]
) -> pd.DataFrame:
    """How completion times changed from one period to another, by model, provider or key.

    `now` and `before` are answers with FIGURES by one breakdown, `counted` are the `counts` of the same.
    One row per value: the value (None where unknown); verdict (a `Verdict`); for p50_ms and p95_ms each
    NAME, NAME_before and NAME_verdict; output_tokens_per_s and ..._before; timed and timed_before, the
    calls with a completion time; waited, the ms that the calls now took more (or less) than as many calls
    before. What got slower comes first, by the time it cost, then what got faster, then the rest by calls.
    """
    by = str(now.columns[0])
    figures = [_by_value(frame, by) for frame in (now, before)]
    found = []
    for value in dict.fromkeys([*figures[0], *figures[1]]):
        sides = [Period(figures[n].get(value, {}), counted[n].get(value)) for n in (0, 1)]
        found.append({by: value} | _compared(*sides))
    found.sort(key=_rank)
    columns = {name: pd.Series([row[name] for row in found], dtype=object) for name in _columns(by)}
    return pd.DataFrame(columns)


def _by_value(frame: pd.DataFrame, by: str) -> dict[Any, dict[str, Any]]:
    return {row[by]: {str(name): figure for name, figure in row.items()} for row in frame.to_dict("records")}


def _columns(by: str) -> list[str]:
    names = [f"{name}{end}" for name in PERCENTILES for end in ("", "_before", "_verdict")]
    return [by, "verdict", *names, SPEED, f"{SPEED}_before", "timed", "timed_before", "waited"]


def errors(now: Part, before: Part) -> float:
    """By how many standard errors the part of calls beyond the common percentile rose.

    A part is a ratio of two sums over days, and its error is estimated from how the days deviate from
    it; never less than if every call were a throw of its own.
    """
    calls = now.calls + before.calls
    common = (now.beyond + before.beyond) / calls
    by_throws = common * (1 - common) * (1 / now.calls + 1 / before.calls)
    error = math.sqrt(max(by_throws, _by_units(now) + _by_units(before)))
    difference = now.beyond / now.calls - before.beyond / before.calls
    return difference / error if error else 0.0


def _by_units(part: Part) -> float:
    """The variance of beyond / calls, from unit to unit."""
    if part.units < 2:
        return 0.0
    ratio = part.beyond / part.calls
    squares = part.beyond_beyond - 2 * ratio * part.calls_beyond + ratio**2 * part.calls_calls
    return max(0.0, squares) / part.calls**2 * part.units / (part.units - 1)


def _compared(now: Period, before: Period) -> dict[str, Any]:
    row: dict[str, Any] = {"timed": now.timed, "timed_before": before.timed, "waited": None}
    verdicts = {name: _verdict(now, before, name) for name in PERCENTILES}
    row |= {f"{name}_verdict": verdict for name, verdict in verdicts.items()}
    for name in (*PERCENTILES, SPEED):
        row |= {name: now.figures.get(name), f"{name}_before": before.figures.get(name)}
    if now.counts is not None and before.counts is not None:
        times_more = now.counts.p50.calls / before.counts.p50.calls
        row["waited"] = round(now.counts.spent - before.counts.spent * times_more)
    changed = [each for each in (Verdict.SLOWER, Verdict.FASTER) if each in verdicts.values()]
    row["verdict"] = changed[0] if changed else verdicts[PERCENTILES[0]]
    return row


def _verdict(now: Period, before: Period, name: str) -> Verdict:
    """What is to be said of a percentile."""
    if now.counts is None or before.counts is None:
        return Verdict.NEW if now.timed else Verdict.GONE if before.timed else Verdict.FEW
    place = PERCENTILES.index(name)
    parts: list[Part] = [(each.p50, each.p95)[place] for each in (now.counts, before.counts)]
    if min(part.calls for part in parts) < LEAST_CALLS or min(part.units for part in parts) < LEAST_UNITS:
        return Verdict.FEW
    change, rise = now.figures[name] - before.figures[name], errors(*parts)
    is_small = abs(change) < max(LEAST_MS, LEAST_SHARE * before.figures[name])
    if is_small or abs(rise) < LEAST_ERRORS or (change > 0) != (rise > 0):
        return Verdict.SAME
    return Verdict.SLOWER if change > 0 else Verdict.FASTER


def _rank(row: Mapping[str, Any]) -> tuple[int, float]:
    """What got slower first, by the time it cost; then what got faster; then the rest, by calls."""
    if row["verdict"] is Verdict.SLOWER:
        return 0, -row["waited"]
    if row["verdict"] is Verdict.FASTER:
        return 1, row["waited"]
    return 2, -row["timed"]
