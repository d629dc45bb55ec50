"""The names of series: shortened, and folded into "Other"."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from usage_core.charts.palette import NAMED
from usage_core.names import told_apart

OTHER_NAME = "Other"


def shortened(label: str, most: int = 60) -> str:
    """A name in a sentence: a very long one ends with an ellipsis."""
    return label if len(label) <= most else f"{label[: most - 1]}…"


@dataclass(frozen=True, slots=True)
class Folding:
    """Which series have a colour of their own, by position, and what stands for all others."""

    labels: dict[object, str]
    """Series -> name shown, for the series with a colour of their own."""
    other: str | None
    """The name shown for the rest; None where there is no rest."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names with a colour of their own, biggest first."""
        return tuple(self.labels.values())

    def label(self, name: object) -> str:
        """The name under which a series is shown."""
        return self.labels.get(name) or self.other or OTHER_NAME

    def series(self, label: str) -> str | None:
        """The series behind a name shown; None for the rest."""
        return next((str(series) for series, shown in self.labels.items() if shown == label), None)

    def rank(self, label: str) -> int:
        """The position of a name shown; the rest comes last."""
        return self.names.index(label) if label in self.names else NAMED


def fold(present: Iterable[object], order: Sequence[str]) -> Folding:
    """The names in `order` keep their places; what is present and not among them becomes "Other".

    Raises:
        ValueError: more names than there are colours.
    """
    if len(order) > NAMED:
        raise ValueError(f"At most {NAMED} series have a colour of their own, not {len(order)}.")
    labels = told_apart(order)
    rest = any(name not in labels for name in present)
    # A real series may be called "Other": what stands for the rest then says more.
    other = OTHER_NAME if OTHER_NAME not in labels.values() else "Other (all the rest)"
    while other in labels.values():
        other += " "
    return Folding(labels, other if rest else None)


def biggest(frame: pd.DataFrame, column: str = "series") -> tuple[str, ...]:
    """The names of the biggest series of a frame with `value`, biggest first, at most eight."""
    totals = frame.groupby(column, sort=True, dropna=False)["value"].sum().sort_values(kind="stable")
    return tuple(totals.index[::-1][:NAMED])
