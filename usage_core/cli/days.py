"""Exports by cron: a file for each complete day, kept up to date."""

from datetime import UTC, date, datetime
from functools import partial

from filelock import FileLock

from usage_core import wording
from usage_core.access.journal import Event
from usage_core.cli.opening import note, store
from usage_core.cli.options import Asked
from usage_core.cli.printing import out
from usage_core.errors import UsageError
from usage_core.export.daily import Wanted, write
from usage_core.export.formats import File
from usage_core.export.places import place
from usage_core.selection import Selection
from usage_core.store.scratch import scratch
from usage_core.timeframe import zone_info


def export_days(asked: Asked, kind: File, to_dir: str, also_fewer: bool) -> None:
    """Write what is missing of the complete days to a folder or an address, and say what."""
    zone_info(asked.tz)
    written = there = fewer = 0
    # One run at a time: two would write the same days.
    with store() as lake, FileLock(lake.folder / "days.lock"):

        def sent(selection: Selection, rows: int) -> None:
            note(lake, Event.EXPORTED, f"{kind.what}: {selection.query}", rows)

        wanted = Wanted(partial(asked.over, lake), asked.tz, kind, _since(asked.start), also_fewer)
        with scratch(lake.folder / "staging", "days") as folder:
            for done in write(lake, wanted, place(to_dir, folder.path), datetime.now(UTC), sent):
                written, there = written + done.is_written, there + (not done.is_written)
                fewer += done.fewer is not None
                if done.is_written:
                    out.print(
                        f"{done.name}: {wording.plural(done.calls, 'call')}", markup=False, soft_wrap=True
                    )
    out.print(f"{wording.plural(written, 'day')} written; {there:,} as they were.", soft_wrap=True)
    if fewer:
        out.print(
            f"{wording.plural(fewer, 'day')} of these have fewer calls in the store now. If that is because "
            "an import was undone, and not to keep them in the files alone, write them anew: --also-fewer.",
            soft_wrap=True,
        )


def _since(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else date.min
    except ValueError:
        raise UsageError(
            f"--since-last takes whole days: --from {text[:60]!r} is not written 2026-11-01."
        ) from None
