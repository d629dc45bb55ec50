"""The month of the last call as a chart, added up by day, and how its projection is made."""

from datetime import date

import pandas as pd

from pages.parts import drawn, drill
from pages.parts.cost_month import DAY, Asked, added_up, asked, is_priced, rounded, so_far
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.charts.chart import Chart
from usage_core.charts.month import month as month_chart
from usage_core.metrics.projection import HELD, WEEKS, Month
from usage_core.selection import Selection

METHOD = (
    f"Projected from the mean of each weekday over the last {WEEKS} weeks, corrected by the median miss of "
    f"the same from {{starts}} earlier days; the range is meant to hold in {HELD} of 100 months."
)


def section(selection: Selection, _by: str) -> None:
    """The chart of the month, and how its projection is made."""
    of = asked(selection)
    if of is not None:
        drawn.chart(_chart(of), "month", drill.Drill(), _notes(of))


@cached.shared
def _chart(of: Asked) -> Chart:
    month, zone = so_far(of), of.selection.timeframe.zone
    title, frame = f"Cost of {wording.month_name(month.first, year=True)}, added up by day", _frame(month)
    if not is_priced(of):
        frame = frame.assign(known=None, middle=None)
    return month_chart(
        frame, title, (wording.month_name(month.first), wording.month_name(month.first - DAY)), zone
    )


def _frame(month: Month) -> pd.DataFrame:
    """The month as its chart takes it; see `charts.month`."""
    known = added_up(month.costs, month.first, month.through)
    before_first = (month.first - DAY).replace(day=1)
    before = added_up(month.before, before_first, month.first - DAY) if month.before else {}
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
    return wording.UNKNOWN if amount is None else f"about {wording.money(rounded(amount))}"


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
    error = f"{plain(wording.money(rounded(missed)))} ({wording.share(missed / of if of else None)})"
    held = sum(test.held for test in tests)
    return (
        f"Tested from the same day of {months}: off by {error}{' on average' if len(tests) > 1 else ''}; "
        f"the range held in {held} of {len(tests)}."
    )
