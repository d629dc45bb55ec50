"""What became of an imported file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from usage_core.importers.registry import formats, listed
from usage_core.store.tables import IMPORTS


@dataclass(frozen=True, slots=True)
class Receipt:
    """Rows read = stored + duplicate + rejected + skipped. Times are naive UTC."""

    import_id: str
    imported_at: datetime
    file_name: str
    file_bytes: int
    source: str
    rows_read: int
    rows_stored: int
    rows_duplicate: int
    rows_rejected: int
    first_call_at: datetime | None
    last_call_at: datetime | None
    catalogue_version: str
    rows_skipped: int = 0
    skipped_reasons: Mapping[str, int] = field(default_factory=dict)
    """Rows that are no calls of their own, by why."""
    columns_dropped: tuple[str, ...] = ()
    """Headings of the file that were not kept."""
    headings: tuple[str, ...] = ()
    """Those that were, in the file's order."""
    first_period_start: datetime | None = None
    last_period_end: datetime | None = None
    """Of a file of sums: what its periods reach from and to."""
    rows_doubted: int = 0
    """Of those stored, rows whose cost contradicts their tokens and prices."""
    checksum: str | None = None
    """See `known_files`."""

    def __post_init__(self) -> None:
        parts = (self.rows_stored, self.rows_duplicate, self.rows_rejected, self.rows_skipped)
        total = sum(parts)
        if self.rows_read != total or min(parts) < 0:
            raise AssertionError(f"{self.rows_read} rows read, but {total} accounted for")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Receipt":
        """The receipt that a row of the store holds."""
        values = {each.name: row[each.name] for each in fields(cls)}
        values |= {name: row[name] or 0 for name in ("rows_skipped", "rows_doubted")}
        values["skipped_reasons"] = json.loads(row["skipped_reasons"] or "{}")
        values["columns_dropped"] = tuple(json.loads(row["columns_dropped"] or "[]"))
        values["headings"] = tuple(json.loads(row["headings"] or "[]"))
        return cls(**values)

    @property
    def sentence(self) -> str:
        """The receipt as a person reads it."""
        skipped = f" + {self.rows_skipped:,} skipped" if self.rows_skipped else ""
        rows = "row" if self.rows_read == 1 else "rows"
        return (
            f"{self.file_name} ({self.label}): {self.rows_read:,} {rows} read = "
            f"{self.rows_stored:,} stored + {self.rows_duplicate:,} already there + "
            f"{self.rows_rejected:,} set aside{skipped}."
        )

    @property
    def label(self) -> str:
        """What the file was read as."""
        return next((known.label for known in formats() if known.name == self.source), self.source)

    @property
    def notes(self) -> tuple[str, ...]:
        """Further sentences: that it holds sums, how many costs are in doubt, why rows were skipped, and what
        was not kept."""
        return notes(self.skipped_reasons, self.columns_dropped, self.holds_sums, self.rows_doubted)

    @property
    def holds_sums(self) -> bool:
        """Whether it is the receipt of sums, not of calls."""
        return self.first_period_start is not None

    def store(self, connection: sa.Connection) -> None:
        """Write the receipt in the import's own transaction."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in ("skipped_reasons", "columns_dropped", "headings"):
            values[name] = json.dumps(values[name], ensure_ascii=False)
        connection.execute(sa.insert(IMPORTS).values(values))


SUMS = "They are sums, not calls: they stand on the Cost page, under Provider totals."


DOUBTED = (
    "{rows:,} of the rows stored {have} a cost that their tokens and prices contradict by more than "
    "rounding: what counts is tokens × price."
)


def notes(
    skipped: Mapping[str, int], dropped: Sequence[str], holds_sums: bool = False, doubted: int = 0
) -> tuple[str, ...]:
    """What a receipt says besides its sum, as sentences."""
    said = [SUMS] * holds_sums
    said += [DOUBTED.format(rows=doubted, have="has" if doubted == 1 else "have")] * bool(doubted)
    said += [f"Skipped {rows:,}: {reason}" for reason, rows in skipped.items()]
    if dropped:
        said.append(f"Not kept: {listed(dropped)}.")
    return tuple(said)
