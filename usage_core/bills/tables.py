"""Formats of bills that are tables: what a format says of itself, and the reading that all share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from usage_core.bills.fields import Fields, printed_decimals
from usage_core.bills.format import Document, Line, Reading, Record, headings

Days: TypeAlias = tuple[date, date]


def _no_days(_row: Fields) -> Days | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFormat:
    """A table with these headings, as the provider spells them; `amount` is the heading of its amounts.

    `lines` gives what a row charges, nothing for a row that charges nothing; `days` the days that a row
    shows to be covered, whether or not it charges.
    """

    name: str
    label: str
    headings: tuple[str, ...]
    amount: str
    lines: Callable[[Fields], Iterable[Line]]
    days: Callable[[Fields], Days | None] = _no_days

    @property
    def known_by(self) -> str:
        """The headings that must be there."""
        return ", ".join(self.headings)

    def recognises(self, document: Document) -> bool:
        """Whether the headings are there."""
        return set(document.header) >= headings(self.headings)

    def records(self, document: Document) -> Sequence[Record]:
        """The rows of a file."""
        return document.records

    def read(self, document: Document) -> Reading:
        """What a file of this format holds.

        Raises:
            BillRefused: something in it is not understood.
        """
        found = Reading()
        for record in self.records(document):
            row = Fields(document.name, record.number, record.fields)
            found.rows += 1
            if days := self.days(row):
                found.days.append(days)
            lines = list(self.lines(row))
            found.lines += lines
            found.skipped += not lines
            found.decimals = max(found.decimals, printed_decimals(row.text(self.amount) or ""))
        return found
