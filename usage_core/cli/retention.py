"""The commands that delete calls for good."""

import sys
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import typer

from usage_core import wording
from usage_core.access.journal import Event
from usage_core.cli import opening
from usage_core.cli.opening import app, store
from usage_core.cli.printing import out, print_waiting
from usage_core.errors import UsageError
from usage_core.intake import retention
from usage_core.intake.retention import Doomed, Loss
from usage_core.store.lake import Lake
from usage_core.store.settings import reporting_zone
from usage_core.timeframe import zone_info

BACK = "Receipts of imports stay, too; importing a file again brings its calls back."
SUMS = "Their sums by month, key and model are kept, and calls of these days are not taken in again."


@app.command("delete-calls")
def delete_calls(
    before: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Those before this day, as 2025-01-01")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Those of the API key with this id")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False,
) -> None:
    """Delete calls for good, by age or by key; says first what that takes away."""
    doomed = Doomed(before.date() if before else None, key)
    of = [*([f"before {before:%Y-%m-%d}"] if before else []), *([f"of key {key}"] if key else [])]
    with store() as lake:
        loss = retention.preview(lake, doomed)
        out.print(_said(loss, BACK), markup=False, soft_wrap=True)
        if loss.is_something and _is_meant(yes):
            retention.delete(lake, doomed, print_waiting)
            _done(lake, f"calls {' '.join(of)}", loss)


@app.command()
def retain(
    months: Annotated[int, typer.Option(min=0, max=1200, help="Whole months to keep besides this one")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for a schedule")] = False,
) -> None:
    """Delete the calls of older months for good, and keep their sums by month, key and model."""
    with store() as lake:
        with lake.reading() as connection:
            today = datetime.now(zone_info(reporting_zone(connection))).date()
        since = retention.months_ago(months, today)
        loss = replace(retention.preview(lake, Doomed(since)), kept=0, totals=0)
        out.print(_said(loss, SUMS), markup=False, soft_wrap=True)
        if loss.calls and _is_meant(yes):
            retention.retain(lake, since, print_waiting)
            _done(lake, f"calls before {since}; their sums by month are kept", loss)


def _is_meant(yes: bool) -> bool:
    if not yes and not sys.stdin.isatty():
        raise UsageError("Nothing was deleted. Add --yes to delete without being asked.")
    if yes or typer.confirm("Delete them for good?"):
        return True
    out.print("Nothing was deleted.")
    return False


def _done(lake: Lake, what: str, loss: Loss) -> None:
    opening.note(lake, Event.DELETED, what, loss.calls)
    out.print(
        "Deleted. Their files leave the disk within a day or two, while the console runs.", soft_wrap=True
    )


def _said(loss: Loss, after: str) -> str:
    if loss.totals:
        totals = wording.plural(loss.totals, "provider total")
        return f"{_said(replace(loss, totals=0), after)} {totals} would go, too."
    if loss.first is None or loss.last is None:
        kept = f"The sums by month of {wording.plural(loss.kept, 'call')} that went before."
        return kept if loss.kept else "There are no such calls."
    first, last = (wording.moment(each, "UTC") for each in (loss.first, loss.last))
    return (
        f"{wording.plural(loss.calls, 'call')} from {first} to {last} UTC, {wording.money_exact(loss.cost)} "
        f"as far as it is known. {wording.plural(loss.stay, 'call')} stay. {after}"
    )
