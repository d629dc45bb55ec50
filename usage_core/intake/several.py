"""Imports whatever is given: files, folders, archives, addresses; each file in it has its own receipt."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from usage_core.errors import StoreUnavailable, UnrecognisedFile, UsageError
from usage_core.importers.format import Format
from usage_core.intake.finding import found
from usage_core.intake.receipt import Receipt
from usage_core.intake.run import import_file
from usage_core.intake.unpacking import Part, unpacked
from usage_core.store.lake import Lake
from usage_core.store.maintenance import Report
from usage_core.store.room import told_when_full
from usage_core.store.scratch import scratch

NOT_WHOLE = (
    "It ends in the middle, as a file does that is still being written: read as far as it is whole. "
    "Import it again later; that adds only what is new."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: its receipt and what else there is to say of it, or why it was refused."""

    name: str
    result: Receipt | UsageError
    note: str = ""

    @property
    def kind(self) -> Literal["refused", "set aside", "stored"]:
        """How it went."""
        if isinstance(self.result, UsageError):
            return "refused"
        return "set aside" if self.result.rows_rejected else "stored"

    @property
    def sentence(self) -> str:
        """What the audit log says of it."""
        return f"{self.name}: refused" if isinstance(self.result, UsageError) else self.result.sentence

    @property
    def rows(self) -> int | None:
        """How many calls it stored; None where it was refused."""
        return None if isinstance(self.result, UsageError) else self.result.rows_stored


def import_given(
    lake: Lake,
    given: str,
    *,
    name: str | None = None,
    mapped: Format | None = None,
    report: Report = lambda _doing, _part: None,
) -> Iterator[Outcome]:
    """Import all files of what `finding.found` understands, packed or not, as of a format if one is given; a
    file that cannot be read keeps none of the others from being imported."""
    with scratch(lake.folder / "staging", "given") as folder:
        try:
            for each in found(given, folder.path, name):
                if isinstance(each, UsageError):
                    yield Outcome(name or given, each)
                    continue
                with told_when_full(lake.folder):
                    for part in unpacked(each, folder.path):
                        if isinstance(part, UsageError):
                            yield Outcome(each.name, part)
                        else:
                            yield _imported(lake, part, report, name or Path(given).name, mapped)
        except StoreUnavailable as error:
            yield Outcome(name or given, error)


def _imported(lake: Lake, part: Part, report: Report, given: str, mapped: Format | None) -> Outcome:
    """Import a file; `given` is the name of what it is in, or its own."""
    among_others = part.name != given

    def named(doing: str, done: float | None) -> None:
        report(f"{part.name.removeprefix(f'{given}/')}: {doing}" if among_others else doing, done)

    try:
        receipt = import_file(lake, part.path, name=part.name, mapped=mapped, report=named, way=part.way)
    except UnrecognisedFile as error:
        # Among many files one line each is enough.
        first = str(error).splitlines()[0]
        return Outcome(part.name, UnrecognisedFile(first) if among_others else error)
    except UsageError as error:
        return Outcome(part.name, error)
    return Outcome(part.name, receipt, "" if part.whole else NOT_WHOLE)
