"""Commands that write and take back backups."""

from pathlib import Path
from typing import Annotated

import typer

from usage_core import backup as backups
from usage_core import settings, wording
from usage_core.backup import Facts
from usage_core.cli.opening import app, store
from usage_core.cli.printing import out, progress_bar, reporting


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The file to write, as backup-2026-11-23.tar")]) -> None:
    """Write the whole store, with the audit log, to one file; safe beside the console and imports."""
    with store() as lake, progress_bar() as progress:
        held = backups.write(lake, file, reporting(progress))
    out.print(f"{file} holds {_said(held)}, {wording.bytes_size(file.stat().st_size)}.", soft_wrap=True)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `backup` wrote")],
    replace: Annotated[bool, typer.Option(help="Put the store that is there aside")] = False,
) -> None:
    """Check a backup in full and make it the store. Stop the console first."""
    folder = settings.load().folder
    with progress_bar() as progress:
        held = backups.restore(file, folder, replace=replace, report=reporting(progress))
    out.print(f"The store in {folder} is the backup's: {_said(held)}.", markup=False, soft_wrap=True)


def _said(held: Facts) -> str:
    return f"{wording.plural(held.calls, 'call')} of {wording.plural(held.imports, 'import')}"
