"""`reconcile`: is a provider's bill right?"""

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from usage_core import wording
from usage_core.access.journal import Event
from usage_core.bills import conclude, inquiry, periods, standing
from usage_core.bills.conclude import Reconciled
from usage_core.bills.evidence import evidence as evidence_csv
from usage_core.bills.formats.plain import TEMPLATE
from usage_core.bills.storing import Taken, take
from usage_core.cli.opening import COMMAND_LINE, app, note, output_to, store
from usage_core.cli.printing import err, out
from usage_core.errors import UsageError
from usage_core.store.lake import Lake


@app.command()
def reconcile(
    files: Annotated[list[Path] | None, typer.Argument(help="Bills", metavar="FILE...")] = None,
    evidence: Annotated[
        Path | None, typer.Option(help="Write every difference as CSV to this file; - for standard output")
    ] = None,
    rate: Annotated[
        list[str] | None,
        typer.Option(help="What one unit of a currency is worth in USD, as EUR=1.08", metavar="CURRENCY=USD"),
    ] = None,
    template: Annotated[bool, typer.Option(help="Print a template for a plain CSV instead")] = False,
) -> None:
    """Keep bills and say whether they are right; ends with 1 if one is not, or is not understood."""
    if template:
        typer.echo(TEMPLATE, nl=False)
        return
    if not files:
        raise UsageError("Give the files of one or more bills, or --template.")
    rates = dict(map(_rate, rate or ()))
    with store() as lake:
        taken = [kept for path in files if (kept := _taken(lake, path))]
        _enter_rates(lake, [bill for kept in taken for bill in kept.bills], rates)
        with lake.reading() as connection:
            months = standing.months_of(connection, [bill for kept in taken for bill in kept.bills])
            answers = [periods.reconcile(connection, provider, month) for provider, month in months]
    found = [each for each in answers if each is not None]
    for one in found:
        _print(one)
    if evidence:
        with output_to(evidence) as file:
            file.write("".join(evidence_csv(each, header=n == 0) for n, each in enumerate(found)).encode())
    if len(taken) < len(files) or not all(each.is_right for each in found):
        raise typer.Exit(1)


def _rate(text: str) -> tuple[str, Decimal]:
    """A currency and its rate, of "EUR=1.08"."""
    currency, _, given = text.partition("=")
    try:
        return currency.strip().upper(), Decimal(given.strip())
    except InvalidOperation:
        raise UsageError(f"--rate {text!r} is not a currency and its worth in USD, as EUR=1.08.") from None


def _enter_rates(lake: Lake, bills: Collection[str], rates: Mapping[str, Decimal]) -> None:
    if not rates:
        return
    with lake.writing() as connection:
        for bill in standing.every(connection):
            if bill.bill_id in bills and bill.currency in rates:
                standing.enter_rate(connection, bill.bill_id, rates[bill.currency], COMMAND_LINE)
    said = ", ".join(f"{currency} {worth}" for currency, worth in rates.items())
    note(lake, Event.BILLS_CHANGED, f"rates entered: {said}")


def _taken(lake: Lake, path: Path) -> Taken | None:
    try:
        taken = take(lake, path, by=COMMAND_LINE)
    except UsageError as error:
        err.print(str(error), style="red", markup=False)
        return None
    note(lake, Event.BILLS_CHANGED, f"taken: {taken.file_name}", taken.rows_stored)
    err.print(taken.sentence, markup=False, soft_wrap=True)
    return taken


def _print(found: Reconciled) -> None:
    out.print(f"\n{found.period.provider}, {wording.month(found.period.month)}", markup=False, style="bold")
    out.print(conclude.verdict(found), markup=False, soft_wrap=True)
    explained = found.explained
    if explained is None:
        said = " ".join(f"--rate {currency}=1.08" for currency in found.period.without_rate)
        out.print(f"For example by {said}", markup=False)
        return
    table = Table(show_header=False, box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    rows: list[tuple[str, Decimal]] = [
        ("Computed from the log", explained.computed),
        *explained.parts.items(),
    ]
    for name, usd in [*rows, ("Billed", explained.billed)]:
        table.add_row(escape(name), wording.money_exact(usd))
    out.print(table)
    for name in (*found.names.unknown_models, *found.names.unknown_keys):
        out.print(f"Not known in the log: {name}", markup=False)
    if explained.grains:
        out.print(f"Matched by {conclude.matched_by(explained)}", markup=False, soft_wrap=True)
    if asked := inquiry.to_ask(found):
        out.print(f"\n{asked}", markup=False, soft_wrap=True)
