"""The time axis: periods by their local start, drawn the same in every browser.

A bucket is the local start of an hour, day, week or month, without a zone. It is sent as milliseconds
and drawn on a plain numeric scale: as a date, the browser would shift it by its own offset, and lose an
hour or show one twice when the reader's clocks change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import altair as alt
import pandas as pd

from usage_core.charts.chart import axis
from usage_core.timeframe import Grain, zone_info
from usage_core.wording import period

_FREQUENCY: dict[Grain, str] = {"hour": "h", "day": "D", "week": "7D", "month": "MS"}
_STEPS: dict[Grain, tuple[int, ...]] = {
    "hour": (1, 2, 3, 6, 12, 24, 48, 168),
    "day": (1, 2, 7, 14, 28, 56, 91),
    "week": (1, 2, 4, 8, 13, 26),
    "month": (1, 2, 3, 6, 12),
}
_LENGTH = {"hour": pd.Timedelta(hours=1), "day": pd.Timedelta(days=1), "week": pd.Timedelta(days=7)}
_MONDAY = pd.Timestamp(1970, 1, 5)
_MOST_TICKS = 10

_DATE = "utcFormat(datum.value, '%-d %b')"
_LABEL: dict[Grain, str] = {
    "hour": f"utchours(datum.value) == 0 ? {_DATE} : utcFormat(datum.value, '%H:%M')",
    "day": _DATE,
    "week": _DATE,
    "month": "utcFormat(datum.value, utcmonth(datum.value) == 0 ? '%b %Y' : '%b')",
}


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of a chart over time.

    `first` and `last` are the local starts of its first and last period, for an axis that is wider
    than the data; `incomplete` says that the last period is not over.
    """

    grain: Grain
    zone: str
    incomplete: bool = False
    first: datetime | None = None
    last: datetime | None = None

    def over(self, buckets: "pd.Series[pd.Timestamp]") -> pd.DatetimeIndex:
        """Every period from the first to the last, those without data included."""
        first = pd.Timestamp(self.first) if self.first else buckets.min()
        last = pd.Timestamp(self.last) if self.last else buckets.max()
        return pd.date_range(first, max(first, last), freq=_FREQUENCY[self.grain])


def milliseconds(at: pd.DatetimeIndex) -> pd.Index:
    """Local times as milliseconds; floats, which arrive in a browser as they are."""
    return ((at - pd.Timestamp(0)) / pd.Timedelta(milliseconds=1)).astype(float)


def starts(at: pd.DatetimeIndex) -> list[str]:
    """Local times as ISO text, to the minute."""
    return list(at.strftime("%Y-%m-%dT%H:%M"))


def following(at: pd.DatetimeIndex, grain: Grain) -> pd.DatetimeIndex:
    """The start of the period after each."""
    if grain == "month":
        return at + pd.DateOffset(months=1)
    return at + _LENGTH[grain]


def extent(index: pd.DatetimeIndex, grain: Grain) -> tuple[float, float]:
    """The edges of the axis: half a period on either side, as a period is drawn around its start."""
    starts, ends = milliseconds(index), milliseconds(following(index, grain))
    half = (ends - starts) / 2
    return float(starts[0] - half[0]), float(starts[-1] + half[-1])


def label(at: datetime, periods: Periods, last: datetime) -> str:
    """A period in words; the last one says where it is not over."""
    text = period(at, periods.grain)
    return f"{text} (not over yet)" if periods.incomplete and at == last else text


def ticks(index: pd.DatetimeIndex, grain: Grain) -> tuple[float, ...]:
    """Which periods have a label: at most ten, on round steps from midnight, Monday or January."""
    if grain in ("day", "week") and len(index) > _MOST_TICKS * 7:
        index = index[index.is_month_start] if grain == "day" else index[index.day <= 7]
        grain = "month"
    step = next((s for s in _STEPS[grain] if len(index) / s <= _MOST_TICKS), _STEPS[grain][-1])
    return tuple(milliseconds(index[_places(index, grain) % step == 0]))


def _places(index: pd.DatetimeIndex, grain: Grain) -> pd.Index:
    """Each period's number from a round start, so that the steps fall on round times."""
    if grain == "month":
        return index.month - 1
    return ((index - _MONDAY) // _LENGTH[grain]).astype(int)


@dataclass(frozen=True, slots=True)
class TimeShape:
    """Everything a time axis is made of."""

    grain: Grain
    ticks: tuple[float, ...]
    extent: tuple[float, float]
    note: str | None


def time_shape(index: pd.DatetimeIndex, periods: Periods, notes: Iterable[str | None]) -> TimeShape:
    """The axis over these periods, with what is to be known about it."""
    said = [*notes, *_clock_changes(index, periods)]
    text = ". ".join(note for note in said if note) or None
    return TimeShape(periods.grain, ticks(index, periods.grain), extent(index, periods.grain), text)


def _clock_changes(index: pd.DatetimeIndex, periods: Periods) -> Iterator[str]:
    """What the reader has to know about hours that came twice, or never."""
    zone = zone_info(periods.zone) if periods.grain == "hour" else UTC
    for hour in index.to_pydatetime() if periods.grain == "hour" else ():
        once, again = (hour.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
        if once > again:
            yield f"{period(hour, 'hour', weekday=False)} is two hours: the clocks went back"
        elif once < again:
            yield f"{period(hour, 'hour', weekday=False)} never was: the clocks went forward"


def note(periods: Periods, last: pd.Timestamp, drawn: str) -> str | None:
    """What the reader has to know about an incomplete last period."""
    if not periods.incomplete:
        return None
    return f"{period(last.to_pydatetime(), periods.grain, weekday=False)} is not over yet: {drawn}"


def time_x(field: str, shape: "TimeShape") -> alt.X:
    """The horizontal axis of periods, with a note under it where there is something to know."""
    labels = axis(
        shape.note,
        description="Time",
        values=list(shape.ticks),
        labelExpr=_LABEL[shape.grain],
        labelSeparation=8,
        labelOverlap="parity",
        domain=True,
        grid=False,
    )
    scale = alt.Scale(domain=list(shape.extent), nice=False, zero=False)
    return alt.X(field=field, type="quantitative", axis=labels, scale=scale)
