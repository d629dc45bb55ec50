"""Commands about what was brought in: import, imports, rejected, undo."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from usage_core import wording
from usage_core.access.journal import Event
from usage_core.cli import opening
from usage_core.cli.opening import app, output_to, store
from usage_core.cli.printing import err, out, print_imports, print_set_aside, print_waiting, progress_bar
from usage_core.errors import UsageError
from usage_core.export import set_aside
from usage_core.importers.format import Format
from usage_core.intake import mappings, undoing
from usage_core.intake.run import WAITING
from usage_core.intake.several import Outcome, import_given
from usage_core.intake.undoing import Taken
from usage_core.metrics.facts import receipts
from usage_core.store.lake import Lake
from usage_core.store.tables import DOUBTED, REJECTED


@app.command("import")
def import_command(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Log files, folders, archives (.gz, .zst, .zip), addresses such as s3://bucket/logs/, "
            "or - for standard input",
            metavar="FILE...",
        ),
    ],
    mapping: Annotated[
        str | None,
        typer.Option("--mapping", help="Read the files by this mapping, saved on the Imports page"),
    ] = None,
) -> None:
    """Import logs; prints a receipt for each file."""
    failed = 0
    with store() as lake:
        mapped = mappings.saved_format(lake, mapping) if mapping is not None else None
        for given in files:
            for outcome in _import_given(lake, given, mapped):
                failed += isinstance(outcome.result, UsageError)
                _print_outcome(lake, outcome)
    if failed:
        raise typer.Exit(1)


def _print_outcome(lake: Lake, outcome: Outcome) -> None:
    if isinstance(outcome.result, UsageError):
        err.print(str(outcome.result), style="red", markup=False, soft_wrap=True)
        return
    opening.note(lake, Event.IMPORTED, outcome.result.sentence, outcome.result.rows_stored)
    out.print(outcome.result.sentence, markup=False, soft_wrap=True)
    for note in (outcome.note, *outcome.result.notes):
        if note:
            out.print(f"  {note}", markup=False, soft_wrap=True)
    if outcome.result.rows_doubted:
        told = f"  Which: python -m usage_core rejected {outcome.result.import_id} --in-doubt"
        out.print(told, markup=False, soft_wrap=True)
    if outcome.result.rows_rejected:
        print_set_aside(lake, outcome.result)


def _import_given(lake: Lake, given: str, mapped: Format | None) -> Iterator[Outcome]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
    )
    with progress_bar(*columns) as progress:
        name = "" if given == "-" else f"{Path(given).name}: "
        task = progress.add_task(name, total=None)

        def report(doing: str, part: float | None) -> None:
            progress.update(task, description=name + doing, total=part and 1.0, completed=part or 0)
            if doing.endswith(WAITING) and not err.is_terminal:  # nobody sees the bar
                err.print(f"{name}{doing}.", markup=False, soft_wrap=True)

        for outcome in import_given(lake, given, mapped=mapped, report=report):
            with _paused(progress):
                yield outcome


@contextmanager
def _paused(progress: Progress) -> Iterator[None]:
    """Without the bar, while something else is printed."""
    progress.stop()
    try:
        yield
    finally:
        progress.start()


@app.command("mappings")
def mappings_command() -> None:
    """List the mappings that were saved on the Imports page."""
    with store() as lake, lake.reading() as connection:
        for name in mappings.names(connection):
            out.print(name, markup=False, highlight=False)


@app.command()
def rejected(
    import_id: Annotated[str, typer.Argument(help="The import's id, from its receipt")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; - for standard output")] = None,
    in_doubt: Annotated[
        bool, typer.Option("--in-doubt", help="Those stored whose cost contradicts tokens x price instead")
    ] = False,
) -> None:
    """Write the rows an import set aside as CSV."""
    with store() as lake, output_to(output) as file:
        for piece in set_aside.csv_stream(lake, import_id, DOUBTED if in_doubt else REJECTED):
            file.write(piece)


@app.command()
def imports(
    most: Annotated[int, typer.Option("--most", help="Show at most so many, the newest")] = 200,
) -> None:
    """List past imports with their ids, newest first."""
    with store() as lake, lake.reading() as connection:
        print_imports(receipts(connection, most))


@app.command()
def undo(
    import_id: Annotated[str, typer.Argument(help="The import's id, or its beginning", metavar="IMPORT")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False,
) -> None:
    """Take everything an import stored out again; its receipt stays."""
    with store() as lake:
        taken = undoing.preview(lake, import_id)
        _print_taken(taken)
        if not yes and not sys.stdin.isatty():
            raise UsageError("Nothing was undone. Add --yes to undo it without being asked.")
        if not yes and not typer.confirm("Undo it?"):
            out.print("Nothing was undone.")
            return
        undoing.undo(lake, taken.receipt.import_id, print_waiting)
        opening.note(lake, Event.DELETED, f"import of {taken.receipt.file_name} undone", taken.calls)
    out.print(f"Undone. Importing {taken.receipt.file_name} again stores it again.", markup=False)


def _print_taken(taken: Taken) -> None:
    receipt = taken.receipt
    told = [
        f"{receipt.file_name}, imported {wording.moment(receipt.imported_at, 'UTC')} UTC. "
        "Undoing the import takes away:",
        f"  {wording.plural(taken.buckets, 'provider total')}; those that they took the place of count again"
        if taken.buckets
        else f"  {wording.plural(taken.calls, 'call')}, {wording.money_exact(taken.cost)} as far as known",
    ]
    if taken.calls:
        named = ", ".join(f"{name} ({calls:,})" for name, calls in taken.largest)
        more = f" and {taken.keys - len(taken.largest):,} more" if taken.keys > len(taken.largest) else ""
        told += [
            f"  made {wording.moment(taken.first, 'UTC')} to {wording.moment(taken.last, 'UTC')} UTC",
            f"  by {wording.plural(taken.keys, 'API key')}: {named}{more}",
        ]
    if receipt.rows_rejected:
        told.append(f"  the list of {wording.plural(receipt.rows_rejected, 'row')} set aside")
    if taken.later:
        told.append(
            f"Later imports found what they hold of that time already there: {', '.join(taken.later)}. What "
            "they have in common with this one goes, too; import them again afterwards."
        )
    out.print("\n".join(told), markup=False, soft_wrap=True)
