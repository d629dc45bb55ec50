"""Commands about calls and the store: summary, zone, compact, sample."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from usage_core import sample as sampling
from usage_core import wording
from usage_core.access.journal import Event
from usage_core.cli import options
from usage_core.cli.opening import app, note, output_to, store
from usage_core.cli.printing import out, print_figures, print_json, progress_bar, reporting
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.definitions import SUMMARY
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.facts import directory
from usage_core.metrics.question import Question
from usage_core.store import maintenance
from usage_core.store.settings import reporting_zone


@app.command()
@options.about_calls
def summary(
    asked: options.Asked,
    by: Annotated[str | None, typer.Option(help=f"One of {', '.join(DIMENSIONS)}")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Print the Overview's figures for a timeframe."""
    with store() as lake:
        selection = asked.selection(lake)
        with lake.reading() as connection:
            frame = ask(connection, Question(selection, SUMMARY, (by,) if by else ()), coverage(connection))
            if by == "key" and not as_json:
                frame["key"] = frame["key"].map(directory(connection).key)
    if as_json:
        print_json(frame, by)
    else:
        print_figures(frame, by)


@app.command()
def zone(
    name: Annotated[
        str, typer.Argument(help="The new zone, as Europe/Berlin; without it, the present one")
    ] = "",
) -> None:
    """Show or change the zone whose days the workspace's sums are kept in."""
    with store() as lake:
        if not name:
            with lake.reading() as connection:
                out.print(reporting_zone(connection), markup=False)
            return
        with progress_bar() as progress:
            task = progress.add_task("Cutting days anew", total=1.0)
            maintenance.change_zone(lake, name, lambda part: progress.update(task, completed=part))
        note(lake, Event.SETTINGS_CHANGED, f"days are days of {name}")
    out.print(f"Days are now days of {name}.", markup=False)


@app.command()
def compact() -> None:
    """Join small data files and remove old ones; safe beside the console and imports."""
    with store() as lake, progress_bar() as progress:
        done = maintenance.compact(lake, reporting(progress))
    before, after = wording.bytes_size(done.bytes_before), wording.bytes_size(done.bytes_after)
    out.print(
        f"Data files: {done.files_before:,} ({before}) before, {done.files_after:,} ({after}) now. "
        f"{wording.plural(done.files_removed, 'old file')} removed; what was replaced is kept for "
        f"{maintenance.GRACE // timedelta(hours=1)} hours, for whoever still reads it.",
        soft_wrap=True,
    )


@app.command("sample")
def sample_command(
    calls: Annotated[int, typer.Option(help="Number of calls")] = sampling.SAMPLE_CALLS,
    days: Annotated[
        int, typer.Option(help="Days they are spread over, up to yesterday")
    ] = sampling.SAMPLE_DAYS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same log")] = sampling.SAMPLE_SEED,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; - for standard output")] = None,
) -> None:
    """Write a made-up log of any size, for trials."""
    until = datetime.combine(datetime.now(UTC).date(), time(), tzinfo=UTC)
    with output_to(output) as file, progress_bar() as progress:
        task = progress.add_task("Writing calls", total=calls)
        sampling.write_csv(
            file,
            calls=calls,
            days=days,
            seed=seed,
            until=until,
            progress=lambda done: progress.update(task, completed=done),
        )
