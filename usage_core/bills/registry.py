"""Every known format of bills, and which one a file is of."""

import importlib
import pkgutil
from functools import lru_cache

from usage_core.bills import formats as package
from usage_core.bills.format import BillFormat, BillRefused, Document
from usage_core.errors import printed


@lru_cache(maxsize=1)
def formats() -> tuple[BillFormat, ...]:
    """The formats of every module of the package that has one."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    return tuple(module.FORMAT for module in modules)


def recognised(document: Document) -> BillFormat:
    """The one format a file is of.

    Raises:
        BillRefused: no format knows it.
    """
    known = [each for each in formats() if each.recognises(document)]
    if len(known) == 1:
        return known[0]
    told = "; ".join(f"{each.label} ({each.known_by})" for each in formats())
    found = ", ".join(document.header[:20]) if document.json is None else _names(document.json)
    shown = printed(found[:400])
    raise BillRefused(
        f"{document.name} is not a bill in a format the console knows, so nothing was stored.\n"
        f"Formats known: {told}.\nFound: {shown or 'nothing'}.\n"
        "Any other bill can be entered with the template for a plain CSV."
    )


def _names(found: object) -> str:
    if isinstance(found, list):
        return f"a list of {_names(found[0])}" if found else "an empty list"
    return ", ".join(map(str, list(found)[:20])) if isinstance(found, dict) else repr(found)[:60]
