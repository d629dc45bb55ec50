"""Changes of a store as a whole that leave every answer as it is."""

from collections.abc import Callable

from usage_core.store import rollups
from usage_core.store.lake import Lake
from usage_core.store.settings import set_reporting_zone
from usage_core.timeframe import zone_info


def change_zone(lake: Lake, zone: str, report: Callable[[float], None] = lambda _part: None) -> None:
    """Cut days in another zone from now on. Whoever reads meanwhile sees the days as they were.

    Raises:
        SelectionError: the name is no time zone.
    """
    zone_info(zone)
    with lake.writing() as connection:
        set_reporting_zone(connection, zone)
        rollups.rebuild(connection, zone, report)


def merge_rollups(lake: Lake) -> None:
    """Add up what many imports have for the same period and groups; fewer rows, the same sums."""
    with lake.writing() as connection:
        rollups.merge(connection)
