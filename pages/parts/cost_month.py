"""Month to date and its projection, as tiles: with the sidebar's filters, whatever its timeframe."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from pages.parts.text import plain
from pages.parts.tiles import Course, Tile, arrow, with_course
from usage_core import cached, timeframe, wording
from usage_core.metrics.definitions import Unit
from usage_core.metrics.projection import HELD, Month, history_from, month_so_far
from usage_core.metrics.question import Question
from usage_core.selection import Selection

DAY = timedelta(days=1)

FIGURES = ("cost_usd", "unpriced_calls")


class Asked(NamedTuple):
    """What a month is asked for by: the filters over all months looked at, the log's last call, today."""

    selection: Selection
    last_call: datetime
    today: date


def asked(selection: Selection) -> Asked | None:
    """What the month of the last call is asked for by; None where there are no calls."""
    last, zone = cached.held().last, selection.timeframe.zone
    if last is None:
        return None
    info = timeframe.zone_info(zone)
    today = datetime.now(info).date()
    upto = min(last.astimezone(info).date(), today)
    frame = timeframe.custom(min(history_from(last, zone), upto), upto, zone)
    return Asked(selection.over(frame), last, today)


@cached.shared
def so_far(of: Asked) -> Month:
    """The month of the last call."""
    days = cached.answer(Question(of.selection, FIGURES, ("day",)))
    return month_so_far(days, of.last_call, of.today, of.selection.timeframe.zone)


@cached.shared
def is_priced(of: Asked) -> bool:
    """Whether any call of the month of the last call has a known price."""
    days = cached.answer(Question(of.selection, FIGURES, ("day",)))
    of_month = days[days["day"] >= datetime.combine(so_far(of).first, time())]
    return bool(of_month["cost_usd"].notna().any())


def tiles(selection: Selection) -> tuple[Tile, ...]:
    """What the month has cost, and what it is going to."""
    of = asked(selection)
    return () if of is None else _tiles(of)


@cached.shared
def _tiles(of: Asked) -> tuple[Tile, ...]:
    month, priced = so_far(of), is_priced(of)
    known = _known(month, priced)
    return (known,) if month.is_over else (known, _projected(month, priced))


def _known(month: Month, priced: bool) -> Tile:
    days = [day for day in month.costs if day > month.through]
    same = _same_days(month)
    compared = priced and same is not None
    change = wording.change(month.complete, same, wording.money_rounded) if compared else None
    through = max(month.costs, default=month.first)
    course = [float(month.costs.get(day, 0)) for day in _days(month.first, through)] if priced else ()
    return with_course(
        wording.month_name(month.first, year=True)
        if month.is_over
        else f"{wording.month_name(month.first)} so far",
        wording.money(month.so_far if priced else None),
        change.text if change and not days else None,
        Course(course, Unit.USD),
        f"All calls of the month until the last one, with the filters in use. {_against(month)}".rstrip(),
        arrow=arrow(change.direction) if change else "off",
    )


def _same_days(month: Month) -> Decimal | None:
    """What the month before cost up to the same day, or in all where it was shorter."""
    number = (month.through - month.first).days + 1
    days = [cost for day, cost in month.before.items() if month.is_over or day.day <= number]
    return sum(days, Decimal(0)) if days else None


def _against(month: Month) -> str:
    before = month.first - DAY
    which = "" if month.is_over else "the same days of "
    return (
        f"The change is against {which}{wording.month_name(before)}." if _same_days(month) is not None else ""
    )


def _projected(month: Month, priced: bool) -> Tile:
    expected = month.expected() if priced else None
    known = f"{max(0, month.days_known)} of {month.days_needed} days known"
    value, said = wording.UNKNOWN, known if priced else None
    if expected:
        low, middle, high = (wording.money(rounded(each)) for each in expected)
        value, said = f"about {middle}", plain(f"{low} to {high}")
    return with_course(
        f"{wording.month_name(month.first)}, projected",
        value,
        said,
        Course(_course(month) if expected else (), Unit.USD),
        f"An estimate for the whole month. The range is meant to hold in {HELD} of 100 months. "
        "How it is made and how good it was stands below.",
    )


def _course(month: Month) -> list[float]:
    """The month added up by day, as far as it is known and then as it is expected."""
    known = map(float, added_up(month.costs, month.first, month.through).values())
    return [*known, *(float(month.complete) + each for each in (month.course.middle if month.course else ()))]


def added_up(costs: Mapping[date, Decimal], first: date, last: date) -> dict[date, Decimal]:
    """What the days from first to last cost up to each of them."""
    days = _days(first, last)
    return dict(zip(days, accumulate(costs.get(day, Decimal(0)) for day in days), strict=True))


def _days(first: date, last: date) -> list[date]:
    return [first + n * DAY for n in range((last - first).days + 1)]


def rounded(amount: float) -> Decimal:
    """An estimate to four digits: it is no better than that."""
    return Decimal(f"{amount:.4g}")
