"""What pages ask of the workspace of real calls, whichever store is shown; kept as `cached` keeps figures."""

from typing import Any

from usage_core import cached
from usage_core.intake import mappings
from usage_core.intake.undoing import Taken, taken
from usage_core.metrics import facts
from usage_core.metrics.facts import Holdings
from usage_core.store.settings import reporting_zone


def days_zone() -> str:
    """The zone of the workspace's days."""
    return cached.of_real("days zone", reporting_zone)


def holdings() -> Holdings:
    """What the workspace holds."""
    return cached.of_real("holdings", facts.holdings)


def receipts() -> list[dict[str, Any]]:
    """The receipts of past imports, newest first; read them, do not change them."""
    return cached.of_real("receipts", facts.receipts)


def saved_mappings() -> list[str]:
    """The names of the mappings that were saved, in alphabetical order; read them, do not change them."""
    return cached.of_real("mappings", mappings.names)


def would_undo(import_id: str) -> Taken:
    """What undoing an import would take away.

    Raises:
        UndoRefused: see `intake.undoing.find`.
    """
    return cached.of_real(("would undo", import_id), lambda connection: taken(connection, import_id))
