"""Every known format, and which one a file is of."""

import importlib
import pkgutil
from collections.abc import Sequence
from functools import lru_cache

from usage_core import importers
from usage_core.errors import UnrecognisedFile
from usage_core.importers.format import CsvFormat


@lru_cache(maxsize=1)
def formats() -> tuple[CsvFormat, ...]:
    """The formats of every module in this package that has one."""
    names = sorted(module.name for module in pkgutil.iter_modules(importers.__path__))
    modules = (importlib.import_module(f"{importers.__name__}.{name}") for name in names)
    return tuple(module.FORMAT for module in modules if hasattr(module, "FORMAT"))


def recognise(file_name: str, header: Sequence[str]) -> CsvFormat:
    """The one format a header is of.

    Raises:
        UnrecognisedFile: no format knows the header.
    """
    known = [candidate for candidate in formats() if candidate.recognises(header)]
    if len(known) == 1:
        return known[0]
    found = ", ".join(_printable(heading.strip()[:60]) for heading in header[:20]) or "nothing"
    more = f" and {len(header) - 20} more" if len(header) > 20 else ""
    raise UnrecognisedFile(
        f"{file_name} is not in a format the console knows, so nothing was imported.\n"
        f"Formats known: {'; '.join(f'{known.label} ({_headings(known)})' for known in formats())}.\n"
        f"Header found: {found}{more}."
    )


def _headings(known: CsvFormat) -> str:
    return ", ".join(headings[0] for headings in known.columns.values())


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
