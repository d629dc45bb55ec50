"""The command about what providers have added up: provider-totals."""

import json
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from usage_core import wording
from usage_core.buckets import COUNTS
from usage_core.cli import options
from usage_core.cli.opening import app, store
from usage_core.cli.printing import out
from usage_core.export.provider_totals import breakdown, record
from usage_core.metrics.provider_totals import BREAKDOWNS, By, Total, Wanted, provider_totals


@app.command("provider-totals")
@options.about_calls
def provider_totals_command(
    asked: options.Asked,
    by: Annotated[str | None, typer.Option(help=f"One of {', '.join(BREAKDOWNS)}")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Print what providers have added up for a timeframe, and what of it is left out."""
    with store() as lake:
        wanted = Wanted(asked.selection(lake), breakdown(by))
        with lake.reading() as connection:
            found = provider_totals(connection, wanted)
    if as_json:
        typer.echo(json.dumps([record(each, wanted.by) for each in found], indent=2, ensure_ascii=False))
    else:
        _print(found, wanted.by)


def _print(found: list[Total], by: By | None) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    headings = (*([by] if by else []), "", "totals", "cost", *COUNTS)
    for number, heading in enumerate(headings):
        table.add_column(
            heading.replace("_tokens", "").replace("_", " ").capitalize(),
            justify="left" if number <= bool(by) else "right",
        )
    for each in found:
        named = record(each, by)
        table.add_row(
            *([escape(str(named[by] if named[by] is not None else wording.UNKNOWN))] if by else []),
            each.fate if each.fate == "counted" else f"left out: {each.fate}",
            wording.count_exact(each.totals),
            wording.money_exact(each.cost_usd),
            *(wording.count(getattr(each, name)) for name in COUNTS),
        )
    out.print(table)
