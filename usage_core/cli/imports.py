"""Commands about what was brought in: import, imports, rejected, undo."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from usage_core import wording
from usage_core.cli.opening import app, output_to, store
from usage_core.cli.printing import err, out, print_imports, print_set_aside
from usage_core.errors import UsageError
from usage_core.export import set_aside
from usage_core.intake import undoing
from usage_core.intake.receipt import Receipt
from usage_core.intake.run import import_file
from usage_core.intake.undoing import Taken
from usage_core.metrics.facts import receipts
from usage_core.store.lake import Lake


@app.command("import")
def import_command(files: Annotated[list[Path], typer.Argument(help="Log files", metavar="FILE...")]) -> None:
    """Import log files; prints a receipt for each."""
    failed = 0
    with store() as lake:
        for path in files:
            try:
                receipt = _import_one(lake, path)
            except UsageError as error:
                failed += 1
                err.print(str(error), style="red", markup=False)
                continue
            out.print(receipt.sentence, markup=False, soft_wrap=True)
            if receipt.rows_rejected:
                print_set_aside(lake, receipt)
    if failed:
        raise typer.Exit(1)


def _import_one(lake: Lake, path: Path) -> Receipt:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(path.name, total=None)

        def report(doing: str, part: float | None) -> None:
            progress.update(
                task, description=f"{path.name}: {doing}", total=part and 1.0, completed=part or 0
            )

        return import_file(lake, path, report=report)


@app.command()
def rejected(
    import_id: Annotated[str, typer.Argument(help="The import's id, from its receipt")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; - for standard output")] = None,
) -> None:
    """Write the rows an import set aside as CSV."""
    with store() as lake, output_to(output) as file:
        for piece in set_aside.csv_stream(lake, import_id):
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
        undoing.undo(lake, taken.receipt.import_id, lambda: err.print("Waiting for another import"))
    out.print(f"Undone. Importing {taken.receipt.file_name} again stores it again.", markup=False)


def _print_taken(taken: Taken) -> None:
    receipt = taken.receipt
    told = [
        f"{receipt.file_name}, imported {wording.moment(receipt.imported_at, 'UTC')} UTC. "
        "Undoing the import takes away:",
        f"  {wording.plural(taken.calls, 'call')}, {wording.money_exact(taken.cost)} as far as it is known",
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
            f"Later imports found calls of that time already there: {', '.join(taken.later)}. What they have "
            "in common with this one goes, too; import them again afterwards."
        )
    out.print("\n".join(told), markup=False, soft_wrap=True)
