"""When a growing figure meets its limit: a robust line through weekly peaks (Theil–Sen).

The line's slope is the median of the slopes between all pairs of weeks, so that a single odd week does
not turn it. Its 90 % interval follows from how many pairs rise and fall (Sen's, from Kendall's test).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from math import ceil, sqrt
from statistics import median

from usage_core.periods import buckets, following
from usage_core.timeframe import Timeframe, zone_info

LEAST_WEEKS = 6
"""With fewer complete weeks nothing is said."""

MOST_DAYS = 3 * 365
"""Nothing is said of what lies further ahead."""

Z_90 = 1.6449
"""Half of the 90 % interval of a normal distribution, in standard deviations."""

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """A line through weekly values: its value in week 0, and its rise per week with a 90 % interval."""

    start: float
    slope: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Meeting:
    """When the trend meets a limit: the day, and the 90 % interval's first and last day (None: later than
    anything is said of)."""

    day: date
    first: date
    last: date | None


def complete_weeks(frame: Timeframe) -> list[datetime]:
    """The Mondays (naive, local) of the weeks that lie in a timeframe from beginning to end."""
    zone = zone_info(frame.zone)

    def inside(monday: datetime) -> bool:
        edges = (monday, following(monday, "week"))
        start, end = (edge.replace(tzinfo=zone) for edge in edges)
        return frame.start <= start and end <= frame.end

    return [monday for monday in buckets(frame, "week") if inside(monday)]


def line(values: Sequence[float]) -> Line | None:
    """The line through values of consecutive weeks; None where there are too few."""
    count = len(values)
    if count < LEAST_WEEKS:
        return None
    pairs = combinations(range(count), 2)
    slopes = sorted((values[later] - values[week]) / (later - week) for week, later in pairs)
    slope = median(slopes)
    start = median(value - slope * week for week, value in enumerate(values))
    spread = Z_90 * sqrt(count * (count - 1) * (2 * count + 5) / 18)
    least = max(0, ceil((len(slopes) - spread) / 2) - 1)
    return Line(start, slope, slopes[least], slopes[len(slopes) - 1 - least])


def meets(weeks: Sequence[datetime], values: Sequence[float], limit: float) -> Meeting | None:
    """When the trend of weekly peaks meets a limit.

    `weeks` are consecutive Mondays, each with its value. None where there are too few, where nothing has
    clearly grown (the interval of the slope holds 0), or where it is more than `MOST_DAYS` ahead. A peak
    of a week is taken to lie in its middle; a trend that has met the limit already meets it in the last.
    """
    found = line(values)
    if found is None or found.least <= 0:
        return None
    # Uncertain is the slope; all lines go through the middle of what was seen.
    middle = (len(values) - 1) / 2
    height = found.start + found.slope * middle
    last = len(values) - 1

    def day(slope: float) -> date | None:
        ahead = max((limit - height) / slope + middle, last)
        days = round((ahead + 0.5) * _WEEK.days)
        return weeks[0].date() + timedelta(days=days) if days <= last * 7 + MOST_DAYS else None

    meeting, first = day(found.slope), day(found.most)
    return Meeting(meeting, first, day(found.least)) if meeting and first else None
