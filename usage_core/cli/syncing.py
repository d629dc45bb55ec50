"""Commands that read calls out of other systems: sync."""

import time
from typing import Annotated

import typer

from usage_core.access.journal import Event
from usage_core.cli import opening
from usage_core.cli.opening import app, store
from usage_core.cli.printing import err, out, print_set_aside
from usage_core.errors import UsageError
from usage_core.intake.litellm_sync import Sync
from usage_core.store.lake import Lake

sync = typer.Typer(help="Read new calls out of another system's database.", no_args_is_help=True)
app.add_typer(sync, name="sync")


@sync.callback()
def _several() -> None:
    """Read new calls out of another system's database."""


@sync.command()
def litellm(
    address: Annotated[
        str,
        typer.Option(
            "--from-database",
            envvar="LITELLM_DATABASE_URL",
            help="PostgreSQL URL of the proxy's database; a user who may only read the spend log is enough",
            metavar="URL",
        ),
    ],
    every: Annotated[
        float | None, typer.Option("--every", min=1, help="Go on, every so many seconds", metavar="SECONDS")
    ] = None,
) -> None:
    """Read what is new in a LiteLLM proxy's spend log; prints a receipt for each batch."""
    with store() as lake:
        rounds = Sync(lake, address)
        while True:
            try:
                _round(lake, rounds)
            except UsageError as error:
                if every is None:
                    raise
                err.print(str(error), style="red", markup=False, soft_wrap=True)
            if every is None:
                return
            time.sleep(every)


def _round(lake: Lake, rounds: Sync) -> None:
    found = 0
    for receipt in rounds.round():
        found += 1
        opening.note(lake, Event.IMPORTED, receipt.sentence, receipt.rows_stored)
        out.print(receipt.sentence, markup=False, soft_wrap=True)
        if receipt.rows_rejected:
            print_set_aside(lake, receipt)
    if not found:
        out.print("Nothing new.")
