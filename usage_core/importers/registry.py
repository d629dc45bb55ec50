"""Every known format, and which one a file is of."""

import importlib
import pkgutil
from collections.abc import Sequence
from functools import lru_cache

from usage_core import importers
from usage_core.errors import UnrecognisedFile, printed
from usage_core.importers.format import Format, Layout
from usage_core.importers.refused import KNOWN


@lru_cache(maxsize=1)
def formats() -> tuple[Format, ...]:
    """The formats of every module in this package that has one."""
    names = sorted(module.name for module in pkgutil.iter_modules(importers.__path__))
    modules = (importlib.import_module(f"{importers.__name__}.{name}") for name in names)
    return tuple(module.FORMAT for module in modules if hasattr(module, "FORMAT"))


def recognise(file_name: str, header: Sequence[str], layout: Layout = Layout.CSV) -> Format:
    """The one format a header is of.

    Raises:
        UnrecognisedFile: no format knows the header.
    """
    known = [candidate for candidate in formats() if candidate.recognises(header, layout)]
    if len(known) == 1:
        return known[0]
    _refuse_sums(file_name, header)
    described = (_described(each) for each in formats() if layout in each.layouts)
    raise UnrecognisedFile(
        f"{file_name} is not in a format the console knows, so nothing was imported.\n"
        f"{layout} formats known: {'; '.join(described)}.\n"
        f"{_FOUND[layout]} found: {listed(header)}.\n"
        "If it has a row for each call, say what its columns mean: on the Imports page, under Files in other "
        "formats."
    )


def _refuse_sums(file_name: str, header: Sequence[str]) -> None:
    found = {heading.strip().casefold() for heading in header}
    for each in KNOWN:
        if each.headings <= found:
            raise UnrecognisedFile(
                f"{file_name} holds {each.what}, which are sums and no calls, so nothing was imported.\n"
                f"{each.instead}"
            )


_FOUND = {Layout.CSV: "Header", Layout.JSON: "Keys", Layout.PARQUET: "Columns"}


def listed(headings: Sequence[str], most: int = 20) -> str:
    """Headings as a sentence names them, however many and whatever is in them."""
    found = ", ".join(printed(heading.strip()[:60]) for heading in headings[:most]) or "nothing"
    return f"{found} and {len(headings) - most} more" if len(headings) > most else found


def _described(known: Format) -> str:
    named = [headings[0] for name, headings in known.columns.items() if name in known.fingerprint]
    return f"{known.label} ({', '.join(named)})"
