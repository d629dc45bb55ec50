"""Formats of bills that are an API's answer: pages of days, each with what was charged on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from usage_core.bills.days import DAY
from usage_core.bills.fields import Fields
from usage_core.bills.format import BillRefused, Document, Line, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormat:
    """Pages with `data`, a list of days with `results`. A page, a day and a result have fields by which
    they are recognised; `bounds` are the names of a day's first moment and of the one after its last.

    `day` reads one of the two; `line` gives what a result charges on a day, and with how many decimals
    its amount is printed.
    """

    name: str
    label: str
    known_by: str
    is_page: Callable[[Mapping[str, Any]], bool]
    is_day: Callable[[Mapping[str, Any]], bool]
    is_result: Callable[[Mapping[str, Any]], bool]
    bounds: tuple[str, str]
    day: Callable[[Fields, str], date | None]
    line: Callable[[Fields, date], tuple[Line, int]]

    def recognises(self, document: Document) -> bool:
        """Whether there are days, and all results are of the kind."""
        results = [one for day in self._days(document) for one in day.get("results") or []]
        return bool(self._days(document)) and all(
            isinstance(one, dict) and self.is_result(one) for one in results
        )

    def read(self, document: Document) -> Reading:
        """One line per result; a day without results is one on which nothing was charged.

        Raises:
            BillRefused: something in it is not understood, or it is not the whole report.
        """
        found = Reading()
        _check_whole(document)
        for each in self._days(document):
            first = self._first(Fields(document.name, 0, each))
            found.days.append((first, first + DAY))
            for result in each.get("results") or []:
                found.rows += 1
                line, decimals = self.line(Fields(document.name, found.rows, result), first)
                found.lines.append(line)
                found.decimals = max(found.decimals, decimals)
        return found

    def _first(self, day: Fields) -> date:
        begin, end = self.bounds
        first: date = day.needed(self.day(day, begin), begin, "the beginning of a day")
        until = self.day(day, end)
        if until is not None and until != first + DAY:
            raise day.refuse(end, f"the end of {first}: the report is by day")
        return first

    def _days(self, document: Document) -> list[dict[str, Any]]:
        pages = _pages_of(document)
        found = [day for page in pages for day in page["data"]]
        good = all(isinstance(day, dict) and self.is_day(day) for day in found)
        return found if good and all(map(self.is_page, pages)) else []


def _pages_of(document: Document) -> list[dict[str, Any]]:
    """The pages of an API's answer, or of a list of answers; none where it is something else."""
    pages = document.json if isinstance(document.json, list) else [document.json]
    return (
        pages if all(isinstance(page, dict) and isinstance(page.get("data"), list) for page in pages) else []
    )


def _check_whole(document: Document) -> None:
    """Refuse pages after which there are more.

    Raises:
        BillRefused: the last page says that there are more.
    """
    if _pages_of(document)[-1].get("has_more"):
        raise BillRefused(
            f"{document.name} is not the whole report: its last page says that there are more. Fetch "
            "them all and put the pages into one JSON list. Nothing was stored."
        )
