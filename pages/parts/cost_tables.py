"""The tables of the Cost page, shown and as files: all figures by one breakdown, or one figure by two."""

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Any, NamedTuple

import pandas as pd

from pages.parts import cost, drawn, figures
from pages.parts.cost import FIGURES
from pages.parts.number_columns import PERCENT, number_format, numbers
from pages.parts.text import plain
from usage_core import cached, wording
from usage_core.charts.names import OTHER_NAME
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.pivot import TOTAL, Amount, Pivot, pivot
from usage_core.metrics.question import Question
from usage_core.metrics.sources import OTHER
from usage_core.selection import Selection
from usage_core.text_guard import guard
from usage_core.timeframe import Grain

CELLS = (*FIGURES[:-1], "tokens")
"""Figures a table by two breakdowns can have in its cells."""

SHARE, CUMULATIVE = "Share", "Cumulative share"

PERIODS: dict[str, Grain] = {"Hour": "hour", "Day": "day", "Week": "week", "Month": "month"}
VALUES = {**{heading: name for name, heading in drawn.HEADINGS.items()}, "Call kind": "kind"}
BREAKDOWNS: dict[str, str] = {**VALUES, **PERIODS}
"""Heading -> breakdown."""

COLUMNS = 8
"""So many values are columns of their own; what is left is Other."""

ENDS = {OTHER: OTHER_NAME, TOTAL: "Total"}


class Wanted(NamedTuple):
    """What a table shows."""

    rows: str
    columns: str
    """The other breakdown; "" for all figures."""
    cells: str
    most: int


class Table(NamedTuple):
    """A table as it is shown and as a file; rows can be narrowed to by name, or by their period's start."""

    shown: pd.DataFrame
    formats: dict[str, str]
    helps: dict[str, str]
    names: list[str | None]
    starts: list[str | None] | None
    file: str
    note: str


def heading(name: str) -> str:
    """A breakdown's heading."""
    return next(heading for heading, value in BREAKDOWNS.items() if value == name)


@cached.shared
def all_figures(selection: Selection, by: str) -> Table:
    """All figures by one breakdown, the dearest first, periods in order; figures nobody knows left out."""
    frame = cached.answer(Question(selection, FIGURES, (by,)))
    known = [name for name in FIGURES if frame[name].notna().any()]
    headings = [cost.heading(name) for name in known]
    total = cost.totals(selection).now["cost_usd"]
    names, formats = _names(by, frame[by]), {}
    shown = pd.DataFrame({heading(by): names})
    shares = [_share(amount, total) for amount in frame["cost_usd"]]
    if total:
        shown[SHARE] = numbers(shares, None)
    if total and not DIMENSIONS[by].is_period:
        shown[CUMULATIVE] = numbers(accumulate(share or Decimal(0) for share in shares), None)
        formats[CUMULATIVE] = PERCENT
    for name, label in zip(known, headings, strict=True):
        shown[label] = numbers(frame[name], METRICS[name].unit)
        formats[label] = number_format(frame[name], METRICS[name].unit)
    helps = {label: METRICS[name].meaning for name, label in zip(known, headings, strict=True)}
    file = _csv([heading(by), *headings], names, [frame[name] for name in known])
    return Table(shown, formats, helps, names, _starts(by, frame[by]), file, _together(selection))


def _together(selection: Selection) -> str:
    """The totals of all figures (Markdown)."""
    now = cost.totals(selection).now
    if now["cost_usd"] is None:
        return ""
    whole = f"{wording.money(now['cost_usd'])} for {wording.plural(now['calls'], 'call')}"
    tokens = f"{wording.money(now['cost_per_million_tokens'])} per million tokens, input and output together"
    return plain(f"Together {whole}: {wording.money(now['cost_per_call'])} a call, {tokens}.")


@cached.shared
def crossed(selection: Selection, wanted: Wanted) -> Table:
    """One figure by two breakdowns, with totals: those of the rows come first, beside the names."""
    metric = "cost_usd" if wanted.cells == SHARE else wanted.cells
    unit = None if wanted.cells == SHARE else METRICS[metric].unit
    made = pivot(cached.answer, selection, (wanted.rows, wanted.columns), metric, (wanted.most, COLUMNS))
    cells = {column: [made.cells.get((row, column)) for row in made.rows] for column in made.columns}
    whole = made.cells[TOTAL, TOTAL]
    shares = {column: [_share(amount, whole) for amount in each] for column, each in cells.items()}
    if unit is None:
        cells = shares
    names, first = _labels(wanted.rows, made.rows), heading(wanted.rows)
    labels = _labels(wanted.columns, made.columns, (first, SHARE))
    shown = {first: names, labels[-1]: numbers(cells[TOTAL], unit)}
    if unit is not None and METRICS[metric].ratio is None:
        shown[SHARE] = numbers(shares[TOTAL], None)
    for label, column in zip(labels[:-1], made.columns, strict=False):
        shown[label] = numbers(cells[column], unit)
    formats = dict.fromkeys(labels, number_format(cells[TOTAL], unit))
    file = _csv([first, *labels], names, cells.values())
    narrowing = [None if row in ENDS else name for row, name in zip(made.rows, names, strict=True)]
    starts, note = _starts(wanted.rows, made.rows), _about(selection, wanted, made)
    return Table(pd.DataFrame(shown), formats, {}, narrowing, starts, file, note)


def _share(amount: Amount, whole: Amount) -> Decimal | None:
    return None if amount is None or not whole else Decimal(amount) / Decimal(whole)


def _about(selection: Selection, wanted: Wanted, made: Pivot) -> str:
    """What the table shows, in words (Markdown)."""
    label = "Share of cost (%)" if wanted.cells == SHARE else cost.heading(wanted.cells)
    said = f"{label} by {heading(wanted.rows)} and {heading(wanted.columns)}. Empty cells have no calls"
    unknown = sum(amount is None for amount in made.cells.values())
    said += f", but for {unknown:,d} whose amount is not known." if unknown else "."
    if OTHER in (*made.rows, *made.columns):
        said += " Other is all that is not among the dearest."
    unpriced = cost.totals(selection).now["unpriced_calls"]
    if unpriced and "cost" in label.lower():
        said += f" {wording.plural(unpriced, 'call')} without a price not included."
    return plain(said)


def _labels(by: str, values: Sequence[Any], taken: Collection[str] = ()) -> list[str]:
    """Rows or columns as a person reads them, all different."""
    names = iter(_names(by, [value for value in values if value not in ENDS]))
    found: list[str] = []
    for value in values:
        name = ENDS.get(value) or next(names)
        label, number = name, 2
        while label in taken or label in found:
            label, number = f"{name} ({number})", number + 1
        found.append(label)
    return found


def _names(by: str, values: Any) -> list[str]:
    if DIMENSIONS[by].is_period:
        return [wording.period(value, PERIODS[heading(by)]) for value in values]
    return list(figures.names(by, values))


def _starts(by: str, values: Any) -> list[str | None] | None:
    """The local starts of rows that are periods; None where rows are none."""
    if not DIMENSIONS[by].is_period:
        return None
    return [None if isinstance(value, str) else value.strftime("%Y-%m-%dT%H:%M") for value in values]


def _csv(header: Sequence[str], names: Sequence[str], columns: Iterable[Iterable[Amount]]) -> str:
    """A table as a file: every digit, and nothing where an amount is not known."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([guard(each) for each in header])
    written = [
        ["" if one is None else wording.plain_decimal(Decimal(one)) for one in each] for each in columns
    ]
    writer.writerows([guard(name), *row] for name, *row in zip(names, *written, strict=True))
    return text.getvalue()
