"""What the Patterns page answers: the busiest hour, and what is preferred."""

from decimal import Decimal

import pandas as pd

from pages.parts import figures
from pages.parts.patterns import drawable, hours, mean_text
from pages.parts.sentences import DAYS_OF_A_WEEK, FEW_CALLS, in_before
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.metrics.definitions import METRICS
from usage_core.selection import Selection
from usage_core.timeframe import Timeframe

FEW_DAYS = 14
"""In fewer, most hours of the week occurred once."""

OF = {"calls": "the calls", "tokens": "the tokens", "cost_usd": "the cost"}
BUSIEST = {
    "calls": "The busiest hour",
    "tokens": "The hour with most tokens",
    "cost_usd": "The costliest hour",
}


@cached.shared
def answer(selection: Selection, metric: str, known: Timeframe) -> str:
    """When there is most, and what is preferred (Markdown)."""
    calls = figures.calls(selection)
    if calls < FEW_CALLS:
        return f"{wording.plural(calls, 'call')} so far; too few for a pattern."
    cells = hours(selection, metric, known)
    if not any(cells["total"]):
        return f"Nothing is known of {OF[metric]} of these {wording.plural(calls, 'call')}."
    busy = _busiest_of_few(cells, metric) if known.days < FEW_DAYS else _busiest(cells, metric)
    weekend = f"Weekends hold {_weekend(cells)}." if known.days >= DAYS_OF_A_WEEK else ""
    return " ".join(each for each in (busy, weekend, _preferred(selection, metric)) if each)


def _weekend(cells: pd.DataFrame) -> str:
    totals = drawable(cells["total"])
    return wording.share(float(totals[cells["weekday"] > 5].sum() / totals.sum()))


def _busiest_of_few(cells: pd.DataFrame, metric: str) -> str:
    """The busiest hour of few days, in which no hour of the week is usual."""
    most = cells.loc[drawable(cells["peak"]).idxmax()]
    return f"{BUSIEST[metric]} is **{_hour(most)}**, with {_amount(metric, most['peak'])}."


def _busiest(cells: pd.DataFrame, metric: str) -> str:
    usual, most = (cells.loc[drawable(cells[name]).idxmax()] for name in ("mean", "peak"))
    day, hour = wording.WEEKDAY_NAMES[int(usual["weekday"]) - 1], int(usual["hour"])
    mean = plain(_mean(metric, usual["mean"])) + _word(metric)
    return (
        f"{BUSIEST[metric]} of the week is **{day} {hour:02d}:00 to {(hour + 1) % 24:02d}:00**, with {mean} "
        f"on average; the largest single hour had {_amount(metric, most['peak'])}, on {_hour(most)}."
    )


def _mean(metric: str, amount: Decimal) -> str:
    """A mean at a glance."""
    large = metric != "cost_usd" and amount >= 10_000
    return wording.count(round(amount)) if large else mean_text(metric, amount)


def _hour(cell: "pd.Series[object]") -> str:
    at = pd.Timestamp(str(cell["peak_at"]))
    return f"{wording.period(at, 'hour')} to {(at.hour + 1) % 24:02d}:00"


def _amount(metric: str, amount: object) -> str:
    return plain(wording.figure(METRICS[metric].unit, amount)) + _word(metric)


def _word(metric: str) -> str:
    return "" if metric == "cost_usd" else f" {metric}"


def _preferred(selection: Selection, metric: str) -> str:
    """The model and the provider with the greatest share, and what they had in the period before."""
    (model, of_model, was), (provider, of_provider, had) = (
        _first(selection, metric, dimension) for dimension in ("model", "provider")
    )
    if not of_model:
        return ""
    then = f" ({was} {in_before(wording.length(selection.timeframe))})" if was else ""
    said = f"**{model}** has the largest share of {OF[metric]}, {of_model}{then}"
    if len(figures.ranking(selection, "provider")) < 2:
        return f"{said}."  # of one provider there is nothing to compare
    return f"{said}; of the providers, **{provider}** has {of_provider}{f' ({had})' if had else ''}."


def _first(selection: Selection, metric: str, dimension: str) -> tuple[str, str, str]:
    """The name with the greatest share, that share, and the one in the period before; "" where unknown."""
    asked = tuple(dict.fromkeys((metric, "calls")))
    ranked, was = (figures.ranking(each, dimension, asked) for each in (selection, selection.previous))
    first = ranked.iloc[0]
    if first["share"] is None:
        return "", "", ""
    had = was.loc[[value == first["value"] for value in was["value"]], "share"]
    then = wording.share(had.iloc[0] if len(had) else 0) if was["calls"].sum() else ""
    return plain(first["name"]), wording.share(first["share"]), then
