"""What commands print for people, and for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, ProgressColumn
from rich.table import Table
from rich.text import Text

from usage_core import wording
from usage_core.export import set_aside
from usage_core.export.figures import records
from usage_core.intake.receipt import Receipt
from usage_core.intake.run import WAITING
from usage_core.metrics.definitions import METRICS, SUMMARY
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.names import visible_lines
from usage_core.store.lake import Lake
from usage_core.store.maintenance import Report

ID_SHOWN = 8
"""Characters of an import's id, enough to name it."""


class Terminal(Console):
    """Where people read: a text from data gives it no orders and turns nothing around."""

    def render_str(self, text: str, *args: Any, **options: Any) -> Text:
        """Every text and every cell of a table comes through here."""
        return super().render_str(visible_lines(text), *args, **options)


out, err = Terminal(highlight=False), Terminal(stderr=True, highlight=False)


def progress_bar(*columns: ProgressColumn) -> Progress:
    """Progress where somebody sees it, and nothing in a log or a mail."""
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def reporting(progress: Progress) -> Report:
    """A line of progress that says what is being done, and how far it is where that is known."""
    task = progress.add_task("", total=None)

    def report(doing: str, part: float | None) -> None:
        progress.update(task, description=doing, total=None if part is None else 1.0, completed=part or 0)

    return report


def print_waiting() -> None:
    """Say that the store is written to by another, as long as nothing else is said."""
    err.print(f"{WAITING}.")


def print_set_aside(lake: Lake, receipt: Receipt, shown: int = 10) -> None:
    """The first rows an import set aside, and how to get all of them."""
    with lake.reading() as connection:
        rows = connection.execute(set_aside.rows(receipt.import_id).limit(shown)).all()
    for line, field, value, reason in rows:
        where = f"line {line}" + (f", {field}" if field else "") + (f": {value!r}" if value else "")
        out.print(f"  {where}. {reason}", markup=False, soft_wrap=True)
    out.print(
        f"  All of them: python -m usage_core rejected {receipt.import_id}", markup=False, soft_wrap=True
    )


def print_imports(receipts: Sequence[Mapping[str, Any]]) -> None:
    """One row per import, with the beginning of its id."""
    shown = {"Read": "read", "Stored": "stored", "Double": "duplicate", "Aside": "rejected"}
    if any(each["rows_skipped"] for each in receipts):
        shown["Skipped"] = "skipped"
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Import", no_wrap=True, min_width=ID_SHOWN)
    table.add_column("At (UTC)", no_wrap=True, min_width=16)
    table.add_column("File", overflow="fold", min_width=8)
    for heading in shown:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for each in receipts:
        table.add_row(
            each["import_id"][:ID_SHOWN],
            f"{each['imported_at']:%Y-%m-%d %H:%M}",
            escape(each["file_name"]),
            *(wording.count(each[f"rows_{name}"]) for name in shown.values()),
            "undone" if each["undone_at"] else "",
        )
    out.print(table)


def print_json(frame: pd.DataFrame, by: str | None) -> None:
    """The figures as JSON, money as decimal strings: an object, or a list of them with a breakdown."""
    rows = records(frame)
    typer.echo(json.dumps(rows if by else rows[0], indent=2, ensure_ascii=False))


def print_figures(frame: pd.DataFrame, by: str | None) -> None:
    """One row per figure, or, with a breakdown, one row per value."""
    table = Table(show_header=bool(by), box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    rows = frame.to_dict("records")
    if not by:
        for name in SUMMARY:
            table.add_row(METRICS[name].label, wording.figure_exact(METRICS[name].unit, rows[0][name]))
    else:
        table.add_column(DIMENSIONS[by].label, overflow="fold", min_width=14)
        for name in SUMMARY:
            table.add_column(_HEADINGS[name], justify="right", no_wrap=True)
        for row in rows:
            figures = (wording.figure(METRICS[name].unit, row[name]) for name in SUMMARY)
            table.add_row(escape(str("–" if row[by] is None else row[by])), *figures)
    out.print(table)


_HEADINGS = dict(
    zip(SUMMARY, ("Calls", "Input", "Output", "Cost", "No price", "p50", "p95", "Keys"), strict=True)
)
