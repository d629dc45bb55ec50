"""Commands that take calls out, and prove that a file is whole: export, verify."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from usage_core.access.journal import Event
from usage_core.cli import options
from usage_core.cli.days import export_days
from usage_core.cli.opening import app, note, output_to, store
from usage_core.cli.printing import out
from usage_core.errors import UsageError
from usage_core.export import manifest as manifests
from usage_core.export.formats import CODECS, FORMATS, File, file, file_named, of_sums, provable
from usage_core.export.stream import file_stream
from usage_core.export.sums import BY, PERIODS, Summed, summed
from usage_core.selection import Selection
from usage_core.store.lake import Lake


@app.command()
@options.about_calls
def export(
    asked: options.Asked,
    by: Annotated[str, typer.Option(help=f"Instead of calls, sums, one row for each {' or '.join(BY)}")] = "",
    per: Annotated[str, typer.Option(help=f"With --by: for each {', '.join(PERIODS)} of --tz")] = "",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; - for standard output")] = None,
    kind_of_file: Annotated[
        str, typer.Option("--format", help=f"{', '.join(FORMATS)}; else what the file's name says")
    ] = "",
    compress: Annotated[str, typer.Option(help=f"{' or '.join(CODECS)}; likewise")] = "",
    since_last: Annotated[
        bool,
        typer.Option("--since-last", help="To --to-dir: a file for each complete day that is not there yet"),
    ] = False,
    to_dir: Annotated[
        str, typer.Option(help="With --since-last: a folder, or an address such as s3://bucket/exports")
    ] = "",
    also_fewer: Annotated[
        bool,
        typer.Option("--also-fewer", help="With --since-last: days, too, that have lost calls since"),
    ] = False,
    manifest: Annotated[
        bool, typer.Option("--manifest", help="Write rows, sums and SHA-256 beside the file, for `verify`")
    ] = False,
) -> None:
    """Write the calls of a timeframe, or sums of them, to a file: the bytes of the console's download."""
    if since_last or to_dir:
        if not (since_last and to_dir) or by or output or asked.end:
            raise UsageError("--since-last goes with --to-dir, and without --to, --by and -o.")
        export_days(asked, provable(file(kind_of_file, compress)), to_dir, also_fewer)
        return
    of = _summed(by, per)
    _check_manifest(manifest, of, output)
    written = _file(kind_of_file, compress, output)
    written = of_sums(written) if of else written
    written = provable(written) if manifest else written
    with store() as lake:
        selection = asked.selection(lake)
        rows = _write(lake, selection, written, output, of)
        if manifest and output:
            made = manifests.manifest(lake, selection, written, manifests.written(output, rows))
            with output_to(manifests.beside(output)) as target:
                target.write(made.written())


def _summed(by: str, per: str) -> Summed | None:
    if per and not by:
        raise UsageError(
            "--per says how long the periods of sums are. Say what the sums are of, too: --by key."
        )
    return summed(by, per) if by else None


def _check_manifest(wanted: bool, of: Summed | None, output: Path | None) -> None:
    if wanted and of:
        raise UsageError("A manifest tells of calls, not of sums. Leave --by or --manifest out.")
    if wanted and (output is None or str(output) == "-"):
        raise UsageError("A manifest stands beside a file. Name one with -o.")


def _file(kind: str, codec: str, output: Path | None) -> File:
    """The file that is asked for by name; else the one that its name's ending stands for."""
    return file_named(output.name) if output and not (kind or codec) else file(kind, codec)


def _write(lake: Lake, selection: Selection, kind: File, output: Path | None, of: Summed | None) -> int:
    """Write the file; returns its rows."""
    counted: list[int] = []
    what = f"sums {of.name}" if of else kind.what
    noted = partial(note, lake, Event.EXPORTED, f"{what}: {selection.query}")

    def sent(rows: int) -> None:
        counted.append(rows)
        noted(None if of or kind.format.content else rows)

    with output_to(output) as target:
        for piece in file_stream(lake, selection, kind, sent, of.content if of else None):
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
