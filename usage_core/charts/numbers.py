"""The table under a chart, for those who want its numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from usage_core import wording
from usage_core.charts.chart import Chart, Column

_DIGITS = 15
"""So many digits of a decimal a browser's number holds for certain."""

_LOCALIZED = "localized"
"""With thousands apart, as the reader writes them."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A chart's table, headed for people: the rows of its frame of which it says something."""

    frame: pd.DataFrame
    formats: dict[str, str | None]
    """Heading -> how its numbers are written; None for a text that stands at the right like a number."""


def numbers(chart: Chart) -> Numbers:
    """What a chart is drawn from, every amount in full; unknown amounts are missing."""
    rows = chart.frame[[column.field for column in chart.columns]].dropna(how="all")
    table, formats = pd.DataFrame(index=rows.index), {}
    for column in chart.columns:
        values = list(rows[column.field])
        if column.kind == "text":
            table[column.heading] = values
        else:
            made, formats[column.heading] = _KINDS[column.kind](values)
            table[column.heading] = made.set_axis(rows.index)
    return Numbers(table, formats)


def _share(texts: list[str]) -> tuple["pd.Series[Any]", str | None]:
    return pd.Series([None if text == wording.UNKNOWN else text for text in texts], dtype=object), None


def _count(texts: list[str]) -> tuple["pd.Series[Any]", str | None]:
    return pd.Series([_int(wording.read_exact(text)) for text in texts], dtype="Int64"), _LOCALIZED


def _int(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount)


def _number(values: list[float]) -> tuple["pd.Series[Any]", str | None]:
    series = pd.Series(values, dtype="Float64")
    whole = bool((series.dropna() % 1 == 0).all())
    return (series.astype("Int64") if whole else series), _LOCALIZED


def _exact(texts: list[str]) -> tuple["pd.Series[Any]", str | None]:
    """Amounts with the same number of decimals down the column; as texts where a number would round."""
    amounts = [wording.read_exact(text) for text in texts]
    unread = [text for text, amount in zip(texts, amounts, strict=True) if amount is None]
    if any(_digits(text) for text in unread):
        return pd.Series([text if _digits(text) else None for text in texts], dtype=object), None
    known = [amount for amount in amounts if amount is not None]
    places = max((_places(amount) for amount in known), default=0)
    if places == 0:
        return pd.Series([_int(amount) for amount in amounts], dtype="Int64"), _LOCALIZED
    written = [None if amount is None else f"{amount:.{places}f}" for amount in amounts]
    if any(_digits(text or "") > _DIGITS for text in written):
        return pd.Series(written, dtype=object), None
    floats = [None if amount is None else float(amount) for amount in amounts]
    return pd.Series(floats, dtype="Float64"), f"%.{places}f"


def _places(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _digits(text: str) -> int:
    """How many digits a text has; one without, "no data", says that there is no amount."""
    return sum(char.isdigit() for char in text)


_KINDS: dict[str, Callable[[list[Any]], tuple["pd.Series[Any]", str | None]]] = {
    "share": _share,
    "exact": _exact,
    "count": _count,
    "number": _number,
}


CALLS = Column("calls", "Calls", "count")
"""The calls behind a figure."""


def amounts(title: str, unit: str, word: str, share: str = "") -> tuple[Column, ...]:
    """The columns of a chart's own figure, of its share where that has a heading, and of the calls behind.

    A time is in ms down the whole column, whatever unit its axis has.
    """
    word = "ms" if unit == "ms" else word
    heading = title if not word or title.lower().startswith(word.lower()) else f"{title} ({word})"
    own = Column("value", heading, "number") if unit == "ms" else Column("exact", heading, "exact")
    shares = (Column("share", share, "share"),) if share else ()
    return own, *shares, *(() if unit == "calls" else (CALLS,))
