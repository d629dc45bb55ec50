"""A file for each complete day, kept up to date: what is there is seen from the manifests beside the files.

A day's file is written, then its manifest, each whole or not at all. A day without a manifest, or whose
calls are others than its manifest tells (a late import, a new price), is written anew under the same
name. So whenever a run ends early, the next one leaves nothing out, and no call is in two files.

A day that has fewer calls than its file is left as it is unless asked for: calls may have been deleted from
the store because they are in the files.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from usage_core.errors import UsageError
from usage_core.export import manifest as manifests
from usage_core.export.formats import File
from usage_core.export.manifest import Manifest
from usage_core.export.places import Place
from usage_core.export.stream import file_stream
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.question import MOST_ROWS, Question
from usage_core.selection import Selection
from usage_core.store.lake import Lake
from usage_core.timeframe import Timeframe, custom, midnight, zone_info

_SUMS = ("calls", "input_tokens", "output_tokens", "cost_usd", "unpriced_calls")
_EDGES = ("from", "to")
NOTHING: dict[str, Any] = dict.fromkeys(_SUMS, 0)
DAY = timedelta(days=1)

Sent = Callable[[Selection, int], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a day: whether its file was written, or was there already; and the file's calls."""

    name: str
    calls: int
    is_written: bool
    fewer: int | None = None
    """How many calls the store has of it, where these are fewer than those of a file that was left."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files: the selection of a timeframe, the zone of the days, the first day, and the kind."""

    over: Callable[[Timeframe], Selection]
    zone: str
    kind: File
    since: date = date.min
    also_fewer: bool = False
    """Whether days are written anew that have fewer calls than their files."""

    def name(self, day: date) -> str:
        """The name of a day's file."""
        return f"api-calls_{day}_{self.zone.replace('/', '-')}{self.kind.suffix}"

    def day(self, name: str) -> date | None:
        """The day of a file's name; None where it is not of these files."""
        try:
            found = date.fromisoformat(name.removeprefix("api-calls_")[:10])
        except ValueError:
            return None
        return found if self.name(found) == name else None


def write(lake: Lake, wanted: Wanted, place: Place, now: datetime, sent: Sent) -> Iterator[Done]:
    """Write the files of the complete days that are not there as they are now; a day is complete when it
    is over in its zone.

    Raises:
        UsageError: the place holds files of another selection, or cannot be written to.
    """
    today = now.astimezone(zone_info(wanted.zone)).date()
    there = {day: name for name in place.names() if (day := wanted.day(name))}
    found = dict.fromkeys(there, NOTHING) | _sums(lake, wanted, today)
    for day in sorted(each for each in found if wanted.since <= each < today):
        selection, name = wanted.over(custom(day, day, wanted.zone)), wanted.name(day)
        told = _told(place, name) if day in there else None
        if told is not None:
            _refuse_others(told, selection, wanted.kind)
        calls = found[day]["calls"]
        if told is not None and calls < told.rows and not wanted.also_fewer:
            yield Done(name, told.rows, is_written=False, fewer=calls)
        elif told is not None and _is_as_told(found[day], told):
            yield Done(name, told.rows, is_written=False)
        else:
            yield Done(name, _write(lake, selection, wanted.kind, place, name, sent), is_written=True)


def _sums(lake: Lake, wanted: Wanted, today: date) -> dict[date, dict[str, Any]]:
    """The sums of each day before today that has calls."""
    with lake.reading() as connection:
        covered = coverage(connection)
        if covered.first is None or covered.last is None:
            return {}
        first, last = (
            each.astimezone(zone_info(wanted.zone)).date() for each in (covered.first, covered.last)
        )
        begin, end = max(first, wanted.since), min(last + DAY, today)
        if begin >= end:
            return {}
        frame = Timeframe(midnight(begin, wanted.zone), midnight(end, wanted.zone), wanted.zone)
        sums = ask(connection, Question(wanted.over(frame), _SUMS, ("day",)), covered)
    if len(sums) >= MOST_ROWS:
        raise UsageError(f"There are {MOST_ROWS:,} days or more. Say from which on: --from 2026-01-01.")
    rows: list[dict[str, Any]] = [
        dict(zip(map(str, sums), each, strict=True)) for each in sums.itertuples(index=False)
    ]
    return {row["day"].date(): row for row in rows}


def _told(place: Place, name: str) -> Manifest | None:
    raw = place.read(name + manifests.SUFFIX)
    if raw is None:
        return None
    try:
        return manifests.parsed(raw, name)
    except UsageError:  # what ended early, or was changed: the day is written anew
        return None


def _refuse_others(told: Manifest, selection: Selection, kind: File) -> None:
    """No day may be replaced by the same day of other calls, or of other columns."""
    asked = manifests.by_name(selection)
    same = all(told.selection.get(name) == asked.get(name) for name in {*told.selection, *asked} - {*_EDGES})
    if not same or told.format != kind.format.name or told.compression != kind.codec:
        raise UsageError(
            f"{told.file} is there already, of another selection or format. Write to a folder of its own."
        )


def _is_as_told(sums: dict[str, Any], told: Manifest) -> bool:
    now = (sums["calls"], sums["input_tokens"] or 0, sums["output_tokens"] or 0, sums["unpriced_calls"])
    then = (told.rows, told.input_tokens, told.output_tokens, told.unpriced_calls)
    return now == then and (sums["cost_usd"] or Decimal(0)) == Decimal(told.cost_usd)


def _write(lake: Lake, selection: Selection, kind: File, place: Place, name: str, sent: Sent) -> int:
    counted: list[int] = []
    place.remove(name + manifests.SUFFIX)  # from here on nothing tells that the day is there
    with place.writing(name) as path:
        with path.open("wb") as target:
            for piece in file_stream(lake, selection, kind, counted.append):
                target.write(piece)
        made = manifests.manifest(lake, selection, kind, manifests.written(path, counted[-1], name))
    with place.writing(name + manifests.SUFFIX) as path:
        path.write_bytes(made.written())
    sent(selection, counted[-1])
    return counted[-1]
