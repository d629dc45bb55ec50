"""The command that deletes calls for good."""

import sys
from datetime import datetime
from typing import Annotated

import typer

from usage_core import wording
from usage_core.access.journal import Event
from usage_core.cli import opening
from usage_core.cli.opening import app, store
from usage_core.cli.printing import err, out
from usage_core.errors import UsageError
from usage_core.intake import retention
from usage_core.intake.retention import Doomed, Loss


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
    with store() as lake:
        loss = retention.preview(lake, doomed)
        out.print(_said(loss), markup=False, soft_wrap=True)
        if not loss.calls:
            return
        if not yes and not sys.stdin.isatty():
            raise UsageError("Nothing was deleted. Add --yes to delete without being asked.")
        if not yes and not typer.confirm("Delete them for good?"):
            out.print("Nothing was deleted.")
            return
        retention.delete(lake, doomed, lambda: err.print("Waiting for another import"))
        of = " ".join(
            [*([f"before {before:%Y-%m-%d}"] if before else []), *([f"of key {key}"] if key else [])]
        )
        opening.note(lake, Event.DELETED, f"calls {of}", loss.calls)
    out.print(
        "Deleted. Their files leave the disk within a day or two, while the console runs.", soft_wrap=True
    )


def _said(loss: Loss) -> str:
    if loss.first is None or loss.last is None:
        return "There are no such calls."
    first, last = (wording.moment(each, "UTC") for each in (loss.first, loss.last))
    return (
        f"{wording.plural(loss.calls, 'call')} from {first} to {last} UTC, {wording.money_exact(loss.cost)} "
        f"as far as it is known. {wording.plural(loss.stay, 'call')} stay. Receipts of imports stay, too; "
        "importing a file again brings its calls back."
    )
