"""A store of made-up calls of any size, made once and kept in benchmarks/data/."""

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from usage_core.sample.into_store import fill
from usage_core.store.lake import open_lake
from usage_core.store.maintenance import merge_rollups

DATA = Path(__file__).parent / "data"
UNTIL = datetime(2026, 11, 22, tzinfo=UTC)
DAYS, SEED = 365, 7


def folder(calls: int) -> Path:
    """The folder of a store with so many calls over the year to UNTIL; made if it is not there yet."""
    home = DATA / f"{calls}"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        lake = open_lake(home)
        fill(
            lake,
            calls=calls,
            days=DAYS,
            seed=SEED,
            until=UNTIL,
            progress=lambda done: print(f"\r{done:,} of {calls:,} calls made", end="", file=sys.stderr),
        )
        merge_rollups(lake)
        lake.close()
        (home / "complete").touch()
        print(file=sys.stderr)
    return home
