"""What an export will hold, told before it is made."""

from dataclasses import dataclass

import sqlalchemy as sa

from usage_core.export import csv_lines
from usage_core.export.formats import FORMATS
from usage_core.export.sums import Summed
from usage_core.metrics.covers import Coverage
from usage_core.metrics.question import conditions
from usage_core.metrics.sight import keys_in_sight, of_the_store
from usage_core.metrics.slices import first_hours
from usage_core.schema import EXPORT_COLUMNS
from usage_core.selection import Selection
from usage_core.store.rows import arrow
from usage_core.store.tables import CALLS, SOME_CALLS

SAMPLE_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Preview:
    """Rows of an export, and about how many bytes its CSV will have."""

    rows: int
    approximate_bytes: int


def preview(rows: int, line_bytes: float) -> Preview:
    """What an export of so many calls will hold, by `line_bytes` of its store."""
    return Preview(rows, round(len(csv_lines.HEADER) + line_bytes * rows))


def line_bytes(connection: sa.Connection) -> float:
    """About how long a call's line in a CSV is: the mean of some; 0 where the store has none."""
    return of_the_store(connection, _line_bytes)


def _line_bytes(connection: sa.Connection) -> float:
    in_sight = keys_in_sight(CALLS.c.api_key_id)
    c = (CALLS if in_sight else SOME_CALLS).c
    columns = sa.select(*(c[column.name] for column in EXPORT_COLUMNS))
    # Some calls are few already, and with a limit DuckDB looks each row up again.
    some = arrow(connection, columns.where(*in_sight).limit(SAMPLE_ROWS) if in_sight else columns)
    mean: float = len(csv_lines.lines(some)) / max(some.num_rows, 1)
    return mean


def first_lines(
    connection: sa.Connection, selection: Selection, covered: Coverage | None = None, shown: int = 8
) -> str:
    """The header and the first lines of an export, without making its first slice."""
    within, lines = first_hours(connection, selection, shown, covered), b""
    if within:
        c = CALLS.c
        columns = [c[column.name] for column in EXPORT_COLUMNS]
        inside = (*conditions(selection), c.called_at >= within[0], c.called_at < within[1])
        lines = csv_lines.lines(
            arrow(connection, sa.select(*columns).where(*inside).order_by(*columns).limit(shown))
        )
    return (csv_lines.HEADER + lines).decode()


def first_sums(
    connection: sa.Connection, selection: Selection, of: Summed, covered: Coverage, shown: int = 8
) -> str:
    """The header and the first lines of an export of sums."""
    table = arrow(connection, of.statement(selection, covered).limit(shown))
    return (csv_lines.header(of.columns) + csv_lines.lines(table, of.columns)).decode()


def first_of(
    connection: sa.Connection, selection: Selection, format_name: str, _covered: Coverage, shown: int = 8
) -> str:
    """The header and the first lines of a file whose rows are no calls."""
    content = FORMATS[format_name].content
    if content is None:
        raise AssertionError(f"{format_name} is of calls")
    first = next(content.tables(connection, selection), None)
    lines = csv_lines.lines(first.slice(0, shown), content.columns) if first else b""
    return (csv_lines.header(content.columns) + lines).decode()


def file_name(selection: Selection, suffix: str = ".csv", what: str = "calls") -> str:
    """A name with the range and the zone in it: api-calls_2026-10-24_to_2026-11-22_Europe-Berlin.csv."""
    frame = selection.timeframe
    zone = frame.zone.replace("/", "-")
    return f"api-{what}_{frame.first_day}_to_{frame.last_day}_{zone}{suffix}"
