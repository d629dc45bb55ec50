"""Commands that take calls out, and prove that a file is whole: export, verify."""

from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from usage_core.access.journal import Event
from usage_core.cli import options
from usage_core.cli.opening import app, note, output_to, store
from usage_core.cli.printing import out
from usage_core.errors import UsageError
from usage_core.export import manifest as manifests
from usage_core.export.formats import CODECS, FORMATS, File, file, file_named
from usage_core.export.stream import file_stream
from usage_core.selection import Selection
from usage_core.store.lake import Lake


@app.command()
@options.about_calls
def export(
    asked: options.Asked,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; - for standard output")] = None,
    kind_of_file: Annotated[
        str, typer.Option("--format", help=f"{', '.join(FORMATS)}; else what the file's name says")
    ] = "",
    compress: Annotated[str, typer.Option(help=f"{' or '.join(CODECS)}; likewise")] = "",
    manifest: Annotated[
        bool, typer.Option("--manifest", help="Write rows, sums and SHA-256 beside the file, for `verify`")
    ] = False,
) -> None:
    """Write the calls of a timeframe to a file, the same bytes that the console's download gives."""
    is_file = output is not None and str(output) != "-"
    if manifest and not is_file:
        raise UsageError("A manifest stands beside a file. Name one with -o.")
    named = output is not None and not (kind_of_file or compress)
    written = file_named(output.name) if named and output else file(kind_of_file, compress)
    with store() as lake:
        selection = asked.selection(lake)
        rows = _write(lake, selection, written, output)
        if manifest and output:
            made = manifests.manifest(lake, selection, written, output, rows)
            with output_to(manifests.beside(output)) as target:
                target.write(made.written())


def _write(lake: Lake, selection: Selection, kind: File, output: Path | None) -> int:
    """Write the file; returns its rows."""
    counted: list[int] = []
    noted = partial(note, lake, Event.EXPORTED, f"calls: {urlencode(selection.params())}")

    def sent(rows: int) -> None:
        counted.append(rows)
        noted(rows)

    with output_to(output) as target:
        for piece in file_stream(lake, selection, kind, sent):
            target.write(piece)
    return counted[-1]


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(help="An export that has its manifest beside it")],
) -> None:
    """Say whether a file holds what its manifest tells: its bytes, its rows and their sums, counted anew."""
    told = manifests.read(manifests.beside(path))
    if differences := manifests.differences(path, told):
        raise UsageError(f"{path.name} is not what its manifest tells. {' '.join(differences)}")
    out.print(
        f"{path.name} is whole: {told.rows:,} calls, ${told.cost_usd}.", soft_wrap=True, highlight=False
    )
