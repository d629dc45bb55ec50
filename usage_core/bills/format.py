"""What a format of bills has to say about itself, and what it reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from usage_core.errors import UsageError


class BillRefused(UsageError):
    """A bill that is not understood; nothing of it was stored."""


class Charge(StrEnum):
    """What a line of a bill charges for."""

    USAGE = "usage"
    SERVICE = "service"
    """Something that is not counted in tokens: searches, images, storage."""
    CREDIT = "credit"
    DISCOUNT = "discount"
    TAX = "tax"
    FEE = "fee"


ADDED = (Charge.CREDIT, Charge.DISCOUNT, Charge.TAX, Charge.FEE)
"""Charges that an invoice adds to what the calls cost. A bill of nothing else stands beside one of usage."""


class TokenClass(StrEnum):
    """Classes of tokens with a price of their own; none overlaps another."""

    INPUT = "input"
    """Not read from or written to a cache."""
    CACHE_READ = "cache read"
    CACHE_WRITE = "cache write"
    CACHE_WRITE_1H = "cache write 1h"
    """Kept for an hour."""
    OUTPUT = "output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One charge. Days are the provider's, [first, until); names are as the bill spells them.

    `quantity` is tokens of the class, or of all classes where there is none; `key` is what the bill
    knows the API key by, an id or a name. None is unknown.
    """

    number: int
    first: date
    until: date
    amount: Decimal
    provider: str
    currency: str
    charge: Charge = Charge.USAGE
    model: str | None = None
    key: str | None = None
    key_name: str | None = None
    project: str | None = None
    token_class: TokenClass | None = None
    quantity: int | None = None
    requests: int | None = None
    description: str | None = None
    account: str | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file: its line (or, in JSON, its place), and what stands under each heading."""

    number: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was opened: a table with a header, or JSON; `text` has no byte order mark."""

    name: str
    header: tuple[str, ...] = ()
    records: Sequence[Record] = ()
    json: Any = None


@dataclass(slots=True)
class Reading:
    """What a file holds: rows = the rows that lines were made of + those that charge nothing.

    `decimals` is how many decimals amounts are printed with; `days` are days that the bill covers even
    where it charges nothing.
    """

    lines: list[Line] = field(default_factory=list)
    rows: int = 0
    skipped: int = 0
    decimals: int = 2
    days: list[tuple[date, date]] = field(default_factory=list)


class BillFormat(Protocol):
    """A format of bills: one module each, found through `registry`."""

    name: str
    label: str
    known_by: str
    """What a person recognises it by: the headings or fields that must be there."""

    def recognises(self, document: Document) -> bool:
        """Whether a file is of this format."""
        ...

    def read(self, document: Document) -> Reading:
        """What a file of this format holds.

        Raises:
            BillRefused: something in it is not understood.
        """
        ...


def headings(header: Iterable[str]) -> frozenset[str]:
    """Headings as they are compared: without regard to case and surrounding spaces."""
    return frozenset(plain_heading(heading) for heading in header)


def plain_heading(heading: str) -> str:
    """A heading as it is compared."""
    return " ".join(heading.split()).casefold()
