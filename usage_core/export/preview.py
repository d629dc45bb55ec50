"""What an export will hold, told before it is made."""

from dataclasses import dataclass

import sqlalchemy as sa

from usage_core.export import csv_lines
from usage_core.export.stream import tables
from usage_core.metrics.answer import ask
from usage_core.metrics.question import Question, conditions
from usage_core.metrics.sources import Coverage
from usage_core.schema import EXPORT_COLUMNS
from usage_core.selection import Selection
from usage_core.store.lake import arrow
from usage_core.store.tables import CALLS

SAMPLE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Preview:
    """Rows of an export, and about how many bytes its CSV will have."""

    rows: int
    approximate_bytes: int


def preview(connection: sa.Connection, selection: Selection, covered: Coverage | None = None) -> Preview:
    """Count a selection's calls, and guess the size of their file from a few of them."""
    rows: int = ask(connection, Question(selection, ("calls",)), covered).to_dict("records")[0]["calls"]
    columns = [CALLS.c[column.name] for column in EXPORT_COLUMNS]
    some = arrow(connection, sa.select(*columns).where(*conditions(selection)).limit(SAMPLE_ROWS))
    width = len(csv_lines.lines(some)) / max(some.num_rows, 1)
    return Preview(rows, round(len(csv_lines.HEADER) + width * rows))


def first_lines(connection: sa.Connection, selection: Selection, shown: int = 8) -> str:
    """The header and the first lines of an export."""
    first = next(tables(connection, selection), None)
    return (csv_lines.HEADER + (csv_lines.lines(first.slice(0, shown)) if first else b"")).decode()


def file_name(selection: Selection) -> str:
    """A name with the range and the zone in it: api-calls_2026-10-24_to_2026-11-22_Europe-Berlin.csv."""
    frame = selection.timeframe
    zone = frame.zone.replace("/", "-")
    return f"api-calls_{frame.first_day}_to_{frame.last_day}_{zone}.csv"
