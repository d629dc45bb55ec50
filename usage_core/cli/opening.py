"""The command line itself, the store it works on, and where it writes."""

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from usage_core import __version__, settings
from usage_core.access.journal import Event, Journal
from usage_core.errors import UsageError
from usage_core.store.lake import Lake, open_lake

COMMAND_LINE = "command line"
"""Who did it, in the audit log."""

app = typer.Typer(no_args_is_help=True, add_completion=False)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _of_all(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version")
    ] = False,
) -> None:
    """API Usage Console on the command line."""


@contextmanager
def store() -> Iterator[Lake]:
    """The store that the settings name, open for the length of a `with` block."""
    lake = open_lake(settings.load().folder)
    try:
        yield lake
    finally:
        lake.close()


def note(lake: Lake, event: Event, what: str, rows: int | None = None) -> None:
    """Add to the audit log what the command line has just done."""
    journal = Journal(lake.folder)
    try:
        journal.record(event, COMMAND_LINE, what, rows)
    finally:
        journal.close()


@contextmanager
def output_to(path: Path | None) -> Iterator[BinaryIO]:
    """Standard output for "-" or nothing; else a file that appears only when it is complete."""
    if path is None or str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
