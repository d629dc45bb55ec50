"""Capacity: peaks per minute and in flight by provider and model, against what the provider allows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any

from pages.parts import figures
from usage_core import cached, wording
from usage_core.metrics import in_flight, trend
from usage_core.metrics.limits import Limit, Limited, Served, limits
from usage_core.metrics.peaks import Minutes, PerMinute, Top, joined, over_all, per_minute
from usage_core.metrics.question import Question
from usage_core.periods import buckets
from usage_core.selection import UNKNOWN, Selection
from usage_core.timeframe import Timeframe, midnight

KINDS: dict[str, Limited] = {
    "Calls per minute": "calls_per_minute",
    "Tokens per minute": "tokens_per_minute",
    "Calls in flight": "calls_in_flight",
}
AT_ONCE = 10_000_000
"""So many calls are read in one go, in a few seconds."""

MOST_ROWS = 200
"""So many providers and models are listed, those with the highest peaks."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The peak of a provider's model (None: of all together), its limit, and when the trend meets that."""

    served: Served | None
    peak: int
    at: datetime | None
    limit: int | None
    meeting: trend.Meeting | None


@dataclass(frozen=True, slots=True)
class Peaks:
    """The peak of all calls together, those by provider and model, the highest first, and how many calls
    are in no peak because what would be counted of them is unknown."""

    every: Reached
    each: tuple[Reached, ...]
    left_out: int
    weeks: int
    """Complete weeks in the timeframe."""


def steps(selection: Selection, limited: Limited) -> list[tuple[str, Callable[[], object]]]:
    """What has to be done before the peaks are known, in words, and how; what is found is kept."""
    found: list[tuple[str, Callable[[], object]]] = []
    for piece in pieces(selection):
        within = _days(piece) if len(pieces(selection)) > 1 else ""
        if limited != "calls_in_flight":
            found.append((f"Counting the calls of every minute{within}", partial(_minutes_of, piece)))
            continue
        found.append((f"Following all calls from start to end{within}", partial(_flight_of, piece)))
        for provider, name in _providers(selection):
            words = f"Following the calls to {name} from start to end{within}"
            found.append((words, partial(_flights_of, piece, provider)))
    return found


def _days(piece: Selection) -> str:
    """The days of a piece, behind what is done with it."""
    return f", {wording.days(piece.timeframe.first_day, piece.timeframe.last_day)}"


@cached.shared
def pieces(selection: Selection) -> tuple[Selection, ...]:
    """The selection in parts that are read one by one; of many calls, its months, so that it can be said
    how far the reading is, and what was read of a month serves every timeframe it is in."""
    frame = selection.timeframe
    if figures.calls(selection) <= AT_ONCE:
        return (selection,)
    starts = [midnight(month.date(), frame.zone) for month in buckets(frame, "month")[1:]]
    edges = [frame.start, *starts, frame.end]
    return tuple(selection.over(Timeframe(*edge, frame.zone)) for edge in pairwise(edges))


@cached.shared
def _providers(selection: Selection) -> list[tuple[str | None, str]]:
    found = list(cached.answer(Question(selection, ("calls",), ("provider",)))["provider"])
    return list(zip(found, figures.names("provider", found), strict=True))


def _minutes_of(piece: Selection) -> PerMinute:
    return cached.found_in_calls(per_minute, piece)


def _flight_of(piece: Selection) -> in_flight.Peak:
    return cached.found_in_calls(in_flight.peak, piece)


def _flights_of(piece: Selection, provider: str | None) -> dict[str | None, in_flight.Peak]:
    """The peaks of a provider's models."""
    return cached.found_in_calls(in_flight.peaks, _of(piece, provider), "model")


def _flights(selection: Selection, provider: str | None) -> dict[str, in_flight.Peak]:
    found: dict[str, list[in_flight.Peak]] = {}
    for piece in pieces(selection):
        for model, peak in _flights_of(piece, provider).items():
            found.setdefault(str(model), []).append(peak)
    return {model: _highest(each) for model, each in found.items()}


def _highest(peaks_of: Sequence[in_flight.Peak]) -> in_flight.Peak:
    """The first of the highest; a call that goes on from one piece into the next is in both."""
    most = max(peaks_of, key=lambda peak: peak.calls)
    return replace(most, untimed=sum(peak.untimed for peak in peaks_of))


def known_limits() -> dict[Served, Limit]:
    """What the shown store's administrator entered."""
    return cached.found(_limits)


def _limits(connection: Any, _covered: object) -> dict[Served, Limit]:
    return limits(connection)


@cached.shared
def peaks(selection: Selection, limited: Limited, known: Timeframe) -> Peaks:
    """The peaks of a selection, of which `known` is the part that is known."""
    mondays = trend.complete_weeks(known)
    work = _in_flight if limited == "calls_in_flight" else _per_minute
    every, each, left_out = work(selection, limited, mondays)
    ordered = sorted(each, key=lambda one: (-one.peak, *(name or "" for name in one.served or ())))
    return Peaks(every, tuple(ordered[:MOST_ROWS]), left_out, len(mondays))


def _per_minute(
    selection: Selection, limited: Limited, mondays: list[datetime]
) -> tuple[Reached, list[Reached], int]:
    found, entered = joined(map(_minutes_of, pieces(selection))), known_limits()

    def top(minutes: Minutes | None) -> Top | None:
        if minutes is None:
            return None
        return minutes.calls if limited == "calls_per_minute" else minutes.tokens

    def reached(served: Served | None, weeks: dict[datetime, Minutes]) -> Reached:
        most, limit = top(over_all(weeks.values())), _limit(entered, served, limited)
        values = [each.amount if (each := top(weeks.get(monday))) else 0 for monday in mondays]
        meeting = trend.meets(mondays, values, limit) if limit else None
        return Reached(served, most.amount if most else 0, most.at if most else None, limit, meeting)

    each = [reached(served, weeks) for served, weeks in found.by_served.items()]
    left_out = found.unmeasured if limited == "tokens_per_minute" else 0
    return reached(None, found.every), each, left_out


def _in_flight(
    selection: Selection, limited: Limited, mondays: list[datetime]
) -> tuple[Reached, list[Reached], int]:
    entered, each = known_limits(), []
    for provider, _name in _providers(selection):
        for model, peak in _flights(selection, provider).items():
            served = provider, model
            limit = _limit(entered, served, limited)
            meeting = _meeting(selection, served, mondays, limit) if limit else None
            each.append(Reached(served, peak.calls, peak.at, limit, meeting))
    every = _highest([_flight_of(piece) for piece in pieces(selection)])
    return Reached(None, every.calls, every.at, None, None), each, every.untimed


def _of(selection: Selection, provider: str | None) -> Selection:
    return replace(selection, provider=(provider or UNKNOWN,))


def _meeting(
    selection: Selection, served: Served, mondays: list[datetime], limit: int
) -> trend.Meeting | None:
    weeks: dict[datetime, int] = {}
    for piece in pieces(selection):
        own = replace(_of(piece, served[0]), model=(served[1],))
        found = cached.found_in_calls(in_flight.over_time, own, "week").periods
        for week, calls in zip(found["week"], found["in_flight"], strict=True):
            weeks[week.to_pydatetime()] = max(int(calls), weeks.get(week.to_pydatetime(), 0))
    return trend.meets(mondays, [weeks.get(monday, 0) for monday in mondays], limit)


def _limit(entered: dict[Served, Limit], served: Served | None, limited: Limited) -> int | None:
    return entered[served].of(limited) if served in entered else None
