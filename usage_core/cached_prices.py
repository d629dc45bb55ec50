"""What pages ask of the shown store's prices, kept as `cached` keeps figures."""

from datetime import datetime, time, timedelta

from usage_core import cached
from usage_core.intake import repricing, repricings
from usage_core.intake.price_drift import Drift, drift
from usage_core.intake.price_rules import Entered, every
from usage_core.intake.repricings import Change, Repricing
from usage_core.metrics.prices_seen import Seen, seen
from usage_core.selection import Selection


def prices_seen() -> list[Seen]:
    """The shown store's models with the prices of their calls."""
    return cached.of_shown("prices seen", seen)


def price_rules() -> list[Entered]:
    """All price rules of the shown store, the newest first."""
    return cached.of_shown("price rules", every)


@cached.shared
def price_changes() -> list[Change]:
    """What pricing anew would change in the shown store."""
    return repricing.preview(cached.shown().lake)


def every_repricing() -> list[Repricing]:
    """All repricings of the shown store, the newest first."""
    return cached.of_shown("repricings", repricings.every)


def repriced(number: int) -> list[Change]:
    """What a repricing of the shown store changed."""
    return cached.of_shown(("repriced", number), lambda connection: repricings.by_month(connection, number))


@cached.shared
def changes_taken_back(number: int) -> list[Change]:
    """What undoing a repricing of the shown store would change."""
    return repricing.undo_preview(cached.shown().lake, number)


@cached.shared
def price_drifts(selection: Selection) -> list[Drift]:
    """Where the rows of the days of a selection have other prices than those in force."""
    frame = selection.timeframe
    first, last = (datetime.combine(day, time()) for day in (frame.first_day, frame.last_day))
    return drift(cached.shown().lake, first, last + timedelta(days=1))
