"""Month to date and its projection: with the sidebar's filters, whatever its timeframe."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

import pandas as pd

from pages.parts import drawn, drill
from pages.parts.text import plain
from pages.parts.tiles import Course, box
from usage_core import cached, timeframe, wording
from usage_core.charts.chart import Chart
from usage_core.charts.month import month as month_chart
from usage_core.metrics.definitions import Unit
from usage_core.metrics.projection import HELD, WEEKS, Month, history_from, month_so_far
from usage_core.metrics.question import Question
from usage_core.selection import Selection

DAY = timedelta(days=1)

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

METHOD = (
    f"Projected from the mean of each weekday over the last {WEEKS} weeks, corrected by the median miss of "
    f"the same from {{starts}} earlier days; the range is meant to hold in {HELD} of 100 months."
)


def name(first: date, *, year: bool = False) -> str:
    """A month: `November`, `November 2026`."""
    return f"{MONTHS[first.month - 1]} {first.year}" if year else MONTHS[first.month - 1]


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


def tiles(selection: Selection) -> None:
    """What the month has cost, and what it is going to."""
    of = asked(selection)
    if of is None:
        return
    month, priced = so_far(of), is_priced(of)
    _known(month, priced)
    if not month.is_over:
        _projected(month, priced)


def _known(month: Month, priced: bool) -> None:
    days = [day for day in month.costs if day > month.through]
    same = _same_days(month)
    compared = priced and same is not None
    change = wording.change(month.complete, same, wording.money_rounded) if compared else None
    through = max(month.costs, default=month.first)
    course = [float(month.costs.get(day, 0)) for day in _days(month.first, through)] if priced else ()
    box(
        "month",
        name(month.first, year=True) if month.is_over else f"{name(month.first)} so far",
        wording.money(month.so_far if priced else None),
        change.text if change and not days else None,
        Course(course, Unit.USD),
        delta_color="off",
        delta_arrow={"up": "up", "down": "down"}.get(change.direction, "off") if change else "off",
        help=f"All calls of the month until the last one, with the filters in use. {_against(month)}",
    )


def _same_days(month: Month) -> Decimal | None:
    """What the month before cost up to the same day, or in all where it was shorter."""
    number = (month.through - month.first).days + 1
    days = [cost for day, cost in month.before.items() if month.is_over or day.day <= number]
    return sum(days, Decimal(0)) if days else None


def _against(month: Month) -> str:
    before = month.first - DAY
    which = "" if month.is_over else "the same days of "
    return f"The change is against {which}{name(before)}." if _same_days(month) is not None else ""


def _projected(month: Month, priced: bool) -> None:
    expected = month.expected() if priced else None
    known = f"{max(0, month.days_known)} of {month.days_needed} days known"
    value, said = wording.UNKNOWN, known if priced else None
    if expected:
        low, middle, high = (wording.money(_rounded(each)) for each in expected)
        value, said = f"about {middle}", plain(f"{low} to {high}")
    box(
        "projected",
        f"{name(month.first)}, projected",
        value,
        said,
        Course(_course(month) if expected else (), Unit.USD),
        delta_color="off",
        delta_arrow="off",
        help=f"An estimate for the whole month. The range is meant to hold in {HELD} of 100 months. "
        "How it is made and how good it was stands below.",
    )


def _course(month: Month) -> list[float]:
    """The month added up by day, as far as it is known and then as it is expected."""
    known = map(float, _added_up(month.costs, month.first, month.through).values())
    return [*known, *(float(month.complete) + each for each in (month.course.middle if month.course else ()))]


def _days(first: date, last: date) -> list[date]:
    return [first + n * DAY for n in range((last - first).days + 1)]


def _rounded(amount: float) -> Decimal:
    """An estimate to four digits: it is no better than that."""
    return Decimal(f"{amount:.4g}")


def section(selection: Selection, _by: str) -> None:
    """The chart of the month, and how its projection is made."""
    of = asked(selection)
    if of is not None:
        drawn.chart(_chart(of), "month", drill.Drill(), _notes(of))


@cached.shared
def _chart(of: Asked) -> Chart:
    month, zone = so_far(of), of.selection.timeframe.zone
    title, frame = f"Cost of {name(month.first, year=True)}, added up by day", _frame(month)
    if not is_priced(of):
        frame = frame.assign(known=None, middle=None)
    return month_chart(frame, title, (name(month.first), name(month.first - DAY)), zone)


def _frame(month: Month) -> pd.DataFrame:
    """The month as its chart takes it; see `charts.month`."""
    known = _added_up(month.costs, month.first, month.through)
    before_first = (month.first - DAY).replace(day=1)
    before = _added_up(month.before, before_first, month.first - DAY) if month.before else {}
    rows = []
    for number in range(1, max(month.last.day, len(before)) + 1):
        day, earlier = month.first + (number - 1) * DAY, before_first + (number - 1) * DAY
        exact, estimate = known.get(day), _estimate(month, day)
        low, middle, high = estimate or (None, None, None)
        rows.append(
            {
                "number": number,
                "known": None if exact is None else float(exact),
                "before": float(before[earlier]) if earlier in before else None,
                "middle": middle,
                "low": low,
                "high": high,
                "day": wording.day(day),
                "before_day": wording.day(earlier),
                "at": drill.days(day, day),
                "before_at": drill.days(earlier, earlier),
                "exact": wording.money_exact(exact) if exact is not None else _about(middle),
                "before_exact": wording.money_exact(before.get(earlier)),
                "range": f"{_about(low)} to {_about(high)}" if estimate and exact is None else "",
            }
        )
    return pd.DataFrame(rows).astype(dict.fromkeys(("known", "before", "middle", "low", "high"), float))


def _added_up(costs: Mapping[date, Decimal], first: date, last: date) -> dict[date, Decimal]:
    days = _days(first, last)
    return dict(zip(days, accumulate(costs.get(day, Decimal(0)) for day in days), strict=True))


def _estimate(month: Month, day: date) -> tuple[float, float, float] | None:
    """Low, middle and high for the month up to a day; the last known day is where they begin."""
    ahead, course, complete = (day - month.through).days, month.course, float(month.complete)
    if course is None or ahead < 0 or day > month.last:
        return None
    if ahead == 0:
        return complete, complete, complete
    low, middle, high = (complete + each[ahead - 1] for each in (course.low, course.middle, course.high))
    return low, middle, high


def _about(amount: float | None) -> str:
    return wording.UNKNOWN if amount is None else f"about {wording.money(_rounded(amount))}"


@cached.shared
def _notes(of: Asked) -> str:
    """What the chart shows, how the projection is made, and how good it was (Markdown)."""
    month = so_far(of)
    filters = "with the filters in use" if of.selection.is_filtered else "of all calls"
    said = [f"The month of the last call, {filters}, whatever the timeframe."]
    if month.unpriced:
        said.append(f"{wording.plural(month.unpriced, 'call')} without a price not included.")
    if month.is_over or not is_priced(of):
        return " ".join(said)
    if month.through >= month.first:
        said.append(f"The line ends with the last complete day, {wording.day(month.through)}.")
    if month.course is None:
        known = wording.plural(max(0, month.days_known), "complete day")
        return " ".join(
            [*said, f"A projection needs {month.days_needed} complete days of calls; known: {known}."]
        )
    said.append(METHOD.format(starts=month.course.starts))
    return " ".join([*said, _tested(month)])


def _tested(month: Month) -> str:
    """How good the projection was in earlier months (Markdown)."""
    tests = month.tests
    if not tests:
        return "There is no earlier month that it can be tested on."
    missed = sum(test.missed_by for test in tests) / len(tests)
    of = sum(float(test.actual) for test in tests) / len(tests)
    months = "the month before" if len(tests) == 1 else f"the {len(tests)} months before"
    error = f"{plain(wording.money(_rounded(missed)))} ({wording.share(missed / of if of else None)})"
    held = sum(test.held for test in tests)
    return (
        f"Tested from the same day of {months}: off by {error}{' on average' if len(tests) > 1 else ''}; "
        f"the range held in {held} of {len(tests)}."
    )
