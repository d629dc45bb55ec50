"""The command line: import, export, summary, sample."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.table import Table

from usage_core import sample as sampling
from usage_core import settings, wording
from usage_core.errors import SelectionError, UsageError
from usage_core.export import set_aside
from usage_core.export.stream import csv_stream
from usage_core.intake.receipt import Receipt
from usage_core.intake.run import import_file
from usage_core.metrics.answer import ask
from usage_core.metrics.definitions import METRICS, SUMMARY, Unit
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.metrics.facts import directory
from usage_core.metrics.question import Question
from usage_core.prices.catalogue import names
from usage_core.schema import Kind
from usage_core.selection import UNKNOWN, Selection
from usage_core.store.lake import Lake, open_lake
from usage_core.timeframe import Timeframe, parse_edge

app = typer.Typer(help="API Usage Console on the command line.", no_args_is_help=True, add_completion=False)
out, err = Console(highlight=False), Console(stderr=True, highlight=False)

From = Annotated[str, typer.Option("--from", help="First day or minute, as 2026-11-01 or 2026-11-01T09:30")]
To = Annotated[str, typer.Option("--to", help="The day or minute just after the last")]
Zone = Annotated[str, typer.Option("--tz", help="Time zone of the two, as Europe/Berlin")]
Keys = Annotated[list[str] | None, typer.Option("--key", help="Only this API key, by id or name; repeatable")]
Providers = Annotated[list[str] | None, typer.Option("--provider", help="Only this provider; repeatable")]
Models = Annotated[list[str] | None, typer.Option("--model", help="Only this model; repeatable")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help=f"Only {', '.join(Kind)}; repeatable")]


@contextmanager
def _store() -> Iterator[Lake]:
    lake = open_lake(settings.load().folder)
    try:
        yield lake
    finally:
        lake.close()


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    """Standard output for "-" or nothing; else a file that appears only when it is complete."""
    if path is None or str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    handle, part = tempfile.mkstemp(
        prefix=f".{path.name}.", dir=path.parent if path.parent.is_dir() else None
    )
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


@app.command("import")
def import_command(files: Annotated[list[Path], typer.Argument(help="Log files", metavar="FILE...")]) -> None:
    """Import log files; prints a receipt for each."""
    failed = 0
    with _store() as lake:
        for path in files:
            try:
                receipt = _import_one(lake, path)
            except UsageError as error:
                failed += 1
                err.print(str(error), style="red", markup=False)
                continue
            out.print(receipt.sentence, markup=False, soft_wrap=True)
            if receipt.rows_rejected:
                _print_set_aside(lake, receipt)
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


def _print_set_aside(lake: Lake, receipt: Receipt, shown: int = 10) -> None:
    with lake.reading() as connection:
        rows = connection.execute(set_aside.rows(receipt.import_id).limit(shown)).all()
    for line, field, value, reason in rows:
        where = f"line {line}" + (f", {field}: {value!r}" if field else "")
        out.print(f"  {where}. {reason}", markup=False, soft_wrap=True)
    out.print(
        f"  All of them: python -m usage_core rejected {receipt.import_id}", markup=False, soft_wrap=True
    )


@app.command()
def rejected(
    import_id: Annotated[str, typer.Argument(help="The import's id, from its receipt")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; - for standard output")] = None,
) -> None:
    """Write the rows an import set aside as CSV."""
    with _store() as lake, _output(output) as file:
        for piece in set_aside.csv_stream(lake, import_id):
            file.write(piece)


@app.command()
def export(
    start: From = "",
    end: To = "",
    tz: Zone = "UTC",
    key: Keys = None,
    provider: Providers = None,
    model: Models = None,
    kind: Kinds = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File; - for standard output")] = None,
) -> None:
    """Write the calls of a timeframe as CSV, the same bytes the console's Download CSV gives."""
    with _store() as lake:
        selection = _selection(lake, (start, end, tz), key, provider, model, kind)
        with _output(output) as file:
            for piece in csv_stream(lake, selection):
                file.write(piece)


@app.command()
def summary(
    start: From = "",
    end: To = "",
    tz: Zone = "UTC",
    key: Keys = None,
    provider: Providers = None,
    model: Models = None,
    kind: Kinds = None,
    by: Annotated[str | None, typer.Option(help=f"One of {', '.join(DIMENSIONS)}")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Print the Overview's figures for a timeframe."""
    with _store() as lake:
        selection = _selection(lake, (start, end, tz), key, provider, model, kind)
        with lake.reading() as connection:
            frame = ask(connection, Question(selection, SUMMARY, (by,) if by else ()))
    if as_json:
        rows = [{name: _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]
        typer.echo(json.dumps(rows if by else rows[0], indent=2, ensure_ascii=False))
        return
    table = Table(*([DIMENSIONS[by].label] if by else []), *(METRICS[name].label for name in SUMMARY))
    for row in frame.to_dict("records"):
        label = [str(row[by]) if row[by] is not None else "unknown"] if by else []
        table.add_row(*map(escape, label), *(_shown(name, row[name]) for name in SUMMARY))
    out.print(table)


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
    with _output(output) as file, Progress(console=err, transient=True) as progress:
        task = progress.add_task("Writing calls", total=calls)
        sampling.write_csv(
            file,
            calls=calls,
            days=days,
            seed=seed,
            until=until,
            progress=lambda done: progress.update(task, completed=done),
        )


def _selection(
    lake: Lake,
    edges: tuple[str, str, str],
    key: list[str] | None,
    provider: list[str] | None,
    model: list[str] | None,
    kind: list[str] | None,
) -> Selection:
    start, end, tz = edges
    if not start or not end:
        raise SelectionError(
            "Say which timeframe: --from 2026-11-01 --to 2026-12-01 (the end is not part of it)."
        )
    frame = Timeframe(parse_edge(start, tz), parse_edge(end, tz), tz)
    return Selection(
        frame,
        key=_key_ids(lake, key or []),
        provider=tuple(names(text, "").provider or UNKNOWN for text in provider or []),
        model=tuple(names(None, text).model for text in model or []),
        kind=tuple(kind or []),
    )


def _key_ids(lake: Lake, wanted: list[str]) -> tuple[str, ...]:
    if not wanted:
        return ()
    with lake.reading() as connection:
        known = directory(connection).key
    found = {text: [id_ for id_, name in known.items() if text in (id_, name)] for text in wanted}
    missing = [text for text, ids in found.items() if not ids]
    if missing:
        raise SelectionError(f"No API key has the id or name {', '.join(map(repr, missing))}.")
    return tuple(id_ for ids in found.values() for id_ in ids)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return wording.plain_decimal(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _shown(name: str, value: Any) -> str:
    unit = METRICS[name].unit
    if unit is Unit.USD:
        return wording.money_exact(value) if value is not None else "–"
    return wording.duration_ms(value) if unit is Unit.MS else wording.count_exact(value)


def main() -> None:
    """Run the command line; an error a person can mend is one sentence, without a trace."""
    try:
        app(prog_name="python -m usage_core")
    except UsageError as error:
        err.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
