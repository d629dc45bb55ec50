"""The command line."""

from usage_core.cli import access as _access  # noqa: F401 - likewise
from usage_core.cli import backup as _backup  # noqa: F401 - likewise
from usage_core.cli import bills as _bills  # noqa: F401 - its command is added when it is loaded
from usage_core.cli import exports as _exports  # noqa: F401 - likewise
from usage_core.cli import imports as _imports  # noqa: F401 - its commands are added when it is loaded
from usage_core.cli import retention as _retention  # noqa: F401 - likewise
from usage_core.cli import syncing as _syncing  # noqa: F401 - likewise
from usage_core.cli import totals as _totals  # noqa: F401 - likewise
from usage_core.cli.commands import main
from usage_core.cli.opening import app

__all__ = ["app", "main"]
