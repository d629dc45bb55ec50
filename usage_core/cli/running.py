"""How the command line is run, and how it ends: in one sentence where a person can mend what is wrong."""

import os
import signal
import sys
from types import FrameType

from usage_core.cli.opening import app
from usage_core.cli.printing import err
from usage_core.errors import UsageError

ABORTED = 128 + signal.SIGINT


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; an error a person can mend is one sentence, without a trace. When it is stopped,
    what was begun is undone, as by Ctrl-C."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        _run()
    except KeyboardInterrupt:
        err.print("Stopped. What was begun is undone.")
        sys.exit(ABORTED)


def _run() -> None:
    try:
        app(prog_name="python -m usage_core")
    except SystemExit as ended:
        if ended.code == ABORTED:
            raise KeyboardInterrupt from None
        raise
    except RuntimeError as error:
        if str(error) != "Query interrupted":  # so DuckDB tells of a signal
            raise
        raise KeyboardInterrupt from None
    except UsageError as error:
        err.print(str(error), style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
