"""Commands on who gets in."""

from typing import Annotated

import typer

from usage_core import settings
from usage_core.access.journal import Event, Journal
from usage_core.cli.opening import COMMAND_LINE, app
from usage_core.cli.printing import out


@app.command("sign-out")
def sign_out(email: Annotated[str, typer.Argument(help="The e-mail address they signed in with")]) -> None:
    """End all sign-ins of somebody at once; they can sign in again if they are still on the list."""
    journal = Journal(settings.load().folder)
    try:
        journal.end(email=email)
        journal.record(Event.SIGNED_OUT, COMMAND_LINE, email)
    finally:
        journal.close()
    out.print(f"Every sign-in of {email} has ended.", markup=False)
