"""The command line."""

# Their commands are added when they are loaded.
from usage_core.cli import (  # noqa: F401
    access,
    backup,
    bills,
    commands,
    exports,
    imports,
    retention,
    syncing,
    totals,
)
from usage_core.cli.opening import app
from usage_core.cli.running import main

__all__ = ["app", "main"]
