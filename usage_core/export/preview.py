"""What an export will hold, told before it is made."""

from dataclasses import dataclass

import sqlalchemy as sa

from usage_core.export import csv_lines
from usage_core.metrics.question import conditions
from usage_core.schema import EXPORT_COLUMNS
from usage_core.selection import Selection
from usage_core.store.lake import arrow
from usage_core.store.tables import CALLS

SAMPLE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Preview:
    """Rows of an export, about how many bytes its CSV will have, and its first lines as text."""

    rows: int
    approximate_bytes: int
    first_lines: str


def preview(connection: sa.Connection, selection: Selection, shown: int = 8) -> Preview:
    """Count a selection's calls and write the first of them."""
    columns = [CALLS.c[column.name] for column in EXPORT_COLUMNS]
    where = conditions(selection)
    rows = connection.execute(sa.select(sa.func.count()).select_from(CALLS).where(*where)).scalar_one()
    some = arrow(connection, sa.select(*columns).where(*where).limit(SAMPLE_ROWS))
    first = arrow(connection, sa.select(*columns).where(*where).order_by(*columns).limit(shown))
    width = len(csv_lines.lines(some)) / max(some.num_rows, 1)
    text = (csv_lines.HEADER + csv_lines.lines(first)).decode()
    return Preview(rows, round(len(csv_lines.HEADER) + width * rows), text)


def file_name(selection: Selection) -> str:
    """A name with the range and the zone in it: api-calls_2026-10-24_to_2026-11-22_Europe-Berlin.csv."""
    frame = selection.timeframe
    zone = frame.zone.replace("/", "-")
    return f"api-calls_{frame.first_day}_to_{frame.last_day}_{zone}.csv"
