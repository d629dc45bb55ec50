"""The command line."""

from usage_core.cli.commands import app, main

__all__ = ["app", "main"]
