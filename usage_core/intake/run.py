"""Imports one file: everything it holds is stored, found to be a duplicate, or set aside with a reason."""

from datetime import UTC, date
from pathlib import Path

from usage_core.importers.format import Format
from usage_core.intake.at_lines import at_lines
from usage_core.intake.bucket_storing import store_buckets
from usage_core.intake.known_files import again, with_checksum
from usage_core.intake.progress import WHOLE, Stretch, over_steps
from usage_core.intake.reading import read
from usage_core.intake.receipt import Receipt
from usage_core.intake.sameness import AGAIN, APART, BY_ID, MANY_ROWS, ONCE, by_fields
from usage_core.intake.source import Source, open_source
from usage_core.intake.staging import Staging, staging
from usage_core.intake.storing import portions, store
from usage_core.prices import catalogue
from usage_core.store.known_empty import UNTOUCHED
from usage_core.store.lake import Lake
from usage_core.store.maintenance import Report
from usage_core.store.settings import days
from usage_core.store.tables import CALLS
from usage_core.timeframe import midnight

WAITING = "Waiting for another import"
"""Reported where another writer is at work."""


def import_file(
    lake: Lake,
    path: Path,
    *,
    name: str | None = None,
    mapped: Format | None = None,
    report: Report = lambda _doing, _part: None,
    way: Stretch = WHOLE,
) -> Receipt:
    """Import a file into the store, all of it or, when anything fails, nothing. It is of the format given, or
    of the one that knows it. It is reported as this stretch of the way of all that is imported.

    Raises:
        UnrecognisedFile, UnreadableFile: nothing was stored.
    """
    source = with_checksum(open_source(path, name or path.name, mapped))

    step = over_steps(report, way)

    def waiting() -> None:
        step(WAITING, None)

    if receipt := again(lake, source, waiting):
        return receipt
    with staging(lake, step) as stage:
        rows = prepare(stage, source)
        with lake.turn(waiting):
            if source.format.sums:
                return store_buckets(lake, stage, source, rows)
            with lake.reading() as connection:
                zone, since = days(connection)
            if since is not None:
                _leave_out(stage, zone, since)
            _compare(stage, source)
            return store(lake, stage, source, rows, zone)


def prepare(stage: Staging, source: Source) -> int:
    """Read and check a file, without touching the store; returns the number of rows in it.

    Good rows are those of `checked` without a reason, the others are in `rejected`.
    """
    rows = read(stage, source)
    _name(stage)
    _set_aside(stage)
    return rows


def _name(stage: Staging) -> None:
    """Look up each distinct provider and model once."""
    spelled = stage.run("SELECT DISTINCT provider, model FROM {s}.checked WHERE reason IS NULL")
    found = [(provider, model, catalogue.names(provider, model or "")) for provider, model in spelled]
    stage.run(
        "CREATE TABLE {s}.names AS SELECT unnest($1::VARCHAR[]) AS provider, unnest($2::VARCHAR[]) AS model, "
        "unnest($3::VARCHAR[]) AS provider_name, unnest($4::VARCHAR[]) AS model_name, "
        "unnest($5::BOOLEAN[]) AS embeds",
        [provider for provider, _, _ in found],
        [model for _, model, _ in found],
        [names.provider for _, _, names in found],
        [names.model for _, _, names in found],
        [names.embeds for _, _, names in found],
    )


def _set_aside(stage: Staging) -> None:
    """List the rows that will not be stored, with their lines, in `rejected`."""
    bad = """(
        SELECT record, row, bad_field AS field, bad_value AS value, reason, original
        FROM {s}.checked WHERE reason IS NOT NULL AND skip IS NULL
        UNION ALL
        SELECT record, NULL, NULL, NULL, reason, original FROM {s}.broken WHERE record IS NOT NULL)
    """
    stage.run(
        f"CREATE TABLE {{s}}.rejected AS {at_lines(bad)} "
        "UNION ALL SELECT line, NULL, NULL, reason, original FROM {s}.broken WHERE record IS NULL"
    )


def _leave_out(stage: Staging, zone: str, since: date) -> None:
    """Skip the calls of months whose calls are no longer kept: their sums are, and hold them already."""
    edge = midnight(since, zone).astimezone(UTC).replace(tzinfo=None)
    why = f"It was made before {since}, and calls before that day are no longer kept."
    stage.run(
        "UPDATE {s}.loaded SET skip = $1, reason = $1 WHERE reason IS NULL AND called_at < $2", why, edge
    )


def _compare(stage: Staging, source: Source) -> None:
    """Find the rows the store already has, and list their row ids in `duplicates`.

    A call with an id of its source is told by that. Else two equal rows in one file are two calls, and the
    same two in a later file are the same two calls.
    """
    [[first, last, named, good]] = stage.run(
        "SELECT min(called_at), max(called_at), count(source_call_id), count(*) FROM {s}.checked "
        "WHERE reason IS NULL"
    )
    stage.run("CREATE TABLE {s}.duplicates (row BIGINT)")
    if named:
        stage.run_watched("Comparing", BY_ID, first, last, source.format.name)
    # To compare with no calls takes longer than with a few.
    if first is None or (CALLS.name,) in stage.run(UNTOUCHED):
        return
    among = "{s}.checked"
    if good > MANY_ROWS:
        among = "{s}.again"
        _compare_once(stage, good)
    stage.run_watched("Comparing", by_fields(among), first, last)


def _compare_once(stage: Staging, good: int) -> None:
    """List the duplicates among rows that are in a file but once, and make `again` of the others.

    A portion at a time, so that a long file needs no more memory than a short one.
    """
    stage.run(AGAIN)
    stage.run(APART)
    hours = dict(
        stage.run(
            "SELECT date_trunc('hour', called_at) AS hour, count(*) FROM {s}.checked WHERE reason IS NULL "
            "GROUP BY ALL ORDER BY hour"
        )
    )
    for start, end in portions(hours):
        done = sum(count for hour, count in hours.items() if hour < start)
        stage.report("Comparing", done / good)
        stage.run(ONCE, start, end)
