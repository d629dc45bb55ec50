"""Stores the rows of a staged file as calls, with their sums and the file's receipt.

All that takes long is done before the store's transaction begins; what that adds is there wholly or not at
all.
"""

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from usage_core.intake.accounting import accounted, write_down
from usage_core.intake.coded import codes
from usage_core.intake.doubts import list_doubted
from usage_core.intake.making import Making
from usage_core.intake.price_rules import in_force
from usage_core.intake.receipt import Receipt
from usage_core.intake.source import Source
from usage_core.intake.staging import Staging
from usage_core.prices.rules import Rule
from usage_core.store.lake import Lake
from usage_core.store.new_files import NewFiles, new_files
from usage_core.store.new_sums import NEW, append_sums, sum_up, write_sums
from usage_core.store.tables import CALLS

PORTION_ROWS = 1_000_000
"""Rows compared, or made calls of and written into a file, at a time."""

STRETCH_ROWS, MOST_OVERLAP = 100_000, 2
"""A file is in order whose stretches of so many rows last together at most so many times as long as all."""


def store(lake: Lake, stage: Staging, source: Source, rows: int, zone: str) -> Receipt:
    """Put the good rows of a staged file into the store, with their prices, and its receipt; days are those
    of the zone. To be called in this process's turn to write."""
    stage.report("Storing", None)
    [[first, last, good]] = stage.run(
        "SELECT min(called_at), max(called_at), count(*) FROM {s}.checked WHERE reason IS NULL"
    )
    [[duplicates]] = stage.run("SELECT count(*) FROM {s}.duplicates")
    alike = {"import_id": str(uuid.uuid4()), "source": source.format.name}
    fields, doubted, by, making = source.format.mapped(), 0, {}, None
    if fresh := good - duplicates:
        _name_others(stage, duplicates)
        by = codes(stage, fresh, alike)
        making = Making(stage, fields, alike, by)
        doubted = list_doubted(stage, fields)
    receipt = Receipt(
        import_id=alike["import_id"],
        imported_at=datetime.now(UTC).replace(tzinfo=None),
        rows_stored=fresh,
        rows_duplicate=duplicates,
        first_call_at=first,
        last_call_at=last,
        rows_doubted=doubted,
        **accounted(stage, source, rows),
    )
    with new_files(lake, receipt.import_id) as files:
        if making:
            making.price(lambda: _rules(lake))
            _make(stage, making, zone, files if by else None)
        with lake.writing() as connection:
            if making:
                _insert(connection, stage, files)
            write_down(connection, stage, receipt)
    return receipt


def _name_others(stage: Staging, duplicates: int) -> None:
    """Name the rows to be stored `others`."""
    rows = "SELECT * FROM {s}.checked WHERE reason IS NULL"
    if duplicates:
        stage.run(f"CREATE TABLE {{s}}.others AS {rows} AND row NOT IN (SELECT row FROM {{s}}.duplicates)")
    else:
        stage.run(f"CREATE VIEW {{s}}.others AS {rows}")


def _rules(lake: Lake) -> list[Rule]:
    with lake.reading() as connection:
        return [entered.rule for entered in in_force(connection)]


def _make(stage: Staging, making: Making, zone: str, files: NewFiles | None) -> None:
    """Make the calls and their sums, and write both into files; unless the calls are so few that all of them
    are at hand in the end."""
    portions, in_order = _laid_out(stage)
    order = "" if in_order else f" ORDER BY {CALLS.c.called_at.name}"
    for number, (start, end) in enumerate(portions):
        making.make(start, end)
        if files:
            files.write(stage.connection, CALLS, f"{NEW.name}{order}")
        stage.report("Storing", (number + 0.5) / (len(portions) + 1))
        sum_up(stage.connection, zone, start, end, more=number > 0)
        stage.report("Storing", (number + 1) / (len(portions) + 1))
    if files:
        write_sums(stage.connection, files)


def _insert(connection: sa.Connection, stage: Staging, files: NewFiles) -> None:
    if files.written:
        files.add(connection)
    else:
        order = f"ORDER BY {CALLS.c.called_at.name}"
        insert = f"INSERT INTO {CALLS.name} BY NAME FROM {stage.name}.{NEW.name} {order}"
        connection.execute(sa.text(insert))
    append_sums(connection, stage.name, files)


def _laid_out(stage: Staging) -> tuple[list[tuple[datetime, datetime]], bool]:
    """Time ranges of about PORTION_ROWS rows each, which hold every row to be stored, so that a long file
    needs the same memory as a short one; and whether the rows are in order.

    They are where a stretch of the file is a stretch of time, if not to the minute: the store then has to
    read no more for some days than if all were sorted, which takes longer than all else that is done to them.
    """
    counted = stage.run(
        f"SELECT date_trunc('hour', called_at) AS hour, row // {STRETCH_ROWS} AS stretch, count(*) "
        "FROM {s}.others GROUP BY ALL ORDER BY hour"
    )
    hours: dict[datetime, int] = {}
    stretches: dict[int, list[datetime]] = {}
    for hour, stretch, count in counted:
        hours[hour] = hours.get(hour, 0) + count
        stretches.setdefault(stretch, []).append(hour)
    last_together = sum((found[-1] - found[0] for found in stretches.values()), timedelta())
    all_together = max(hours) - min(hours)
    return list(portions(hours)), last_together <= MOST_OVERLAP * all_together


def portions(hours: Mapping[datetime, int]) -> Iterator[tuple[datetime, datetime]]:
    """Time ranges [start, end) of about PORTION_ROWS rows each, of the rows that each hour has."""
    start, rows = None, 0
    for hour, count in hours.items():
        if start is not None and rows + count > PORTION_ROWS:
            yield start, hour
            start, rows = None, 0
        start, rows = start or hour, rows + count
    if start is not None:
        yield start, max(hours) + timedelta(hours=1)
