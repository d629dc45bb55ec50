"""The documents' reference tables, made from the code: `python -m usage_core.reference README.md …`."""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from usage_core.access.rules import Scope
from usage_core.api.endpoint import Endpoint
from usage_core.api.routes import ENDPOINTS
from usage_core.export.formats import FORMATS
from usage_core.importers.format import Format
from usage_core.importers.registry import formats
from usage_core.metrics.definitions import METRICS
from usage_core.metrics.dimensions import DIMENSIONS
from usage_core.schema import COLUMNS, EXPORT_COLUMNS, Column


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _columns(columns: Iterable[Column]) -> str:
    rows = ((c.label, c.meaning, c.written, c.empty if not c.required else "refused") for c in columns)
    return _table(("Column", "Meaning", "Written as", "Empty means"), rows)


def _formats(sums: bool) -> str:
    rows = (
        (
            known.label,
            ", ".join(sorted(known.layouts)),
            _must_be_there(known),
            str(known.input_count).capitalize(),
            _kept(known),
        )
        for known in formats()
        if known.sums == sums
    )
    return _table(
        ("Format", "As", "Recognised by its columns", "Counts input tokens", "Also kept, where there"), rows
    )


def _must_be_there(known: Format) -> str:
    names = (known.columns[name] for name in known.columns if name in known.fingerprint)
    return ", ".join(" or ".join(f"`{heading}`" for heading in dict.fromkeys(each)) for each in names)


def _kept(known: Format) -> str:
    return ", ".join(
        f"`{headings[0]}`" for name, headings in known.columns.items() if name not in known.fingerprint
    )


def _files() -> str:
    rows = ((f"`{each.name}`", each.label, f"`{each.suffix}`", each.meaning) for each in FORMATS.values())
    return _table(("Name", "File", "Ends with", "Holds"), rows)


def _figures() -> str:
    rows = ((f"`{m.name}`", m.label, m.unit.value, m.meaning) for m in METRICS.values())
    return _table(("Name", "Label", "Unit", "Meaning"), rows)


def _breakdowns() -> str:
    rows = ((f"`{d.name}`", d.label) for d in DIMENSIONS.values())
    return _table(("Name", "Breakdown"), rows)


def _addresses() -> str:
    rows = ((f"`{e.method} {e.path}`", e.summary, _may(e)) for e in ENDPOINTS)
    return _table(("Address", "Answers", "A token may"), rows)


def _may(endpoint: Endpoint) -> str:
    if endpoint.is_open:
        return "needs none"
    every = endpoint.scopes == frozenset(Scope)
    return "any" if every else " or ".join(f"`{each}`" for each in sorted(endpoint.scopes)) or "none may"


TABLES: dict[str, Callable[[], str]] = {
    "export": lambda: _columns(EXPORT_COLUMNS),
    "detail": lambda: _columns(COLUMNS[len(EXPORT_COLUMNS) :]),
    "files": _files,
    "formats": lambda: _formats(sums=False),
    "sums": lambda: _formats(sums=True),
    "figures": _figures,
    "breakdowns": _breakdowns,
    "addresses": _addresses,
}


def rewritten(text: str) -> str:
    """A document with the table behind each `<!-- table: NAME -->` mark made anew."""

    def made(mark: re.Match[str]) -> str:
        return f"<!-- table: {mark[1]} -->\n\n{TABLES[mark[1]]()}\n\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->.*?<!-- end -->", made, text, flags=re.DOTALL)


if __name__ == "__main__":
    for document in map(Path, sys.argv[1:]):
        document.write_text(rewritten(document.read_text(encoding="utf-8")), encoding="utf-8")
