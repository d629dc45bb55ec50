"""What the benchmarks have in common in front of people: figures, tables, and a file of both."""

import argparse
import json
import math
import os
import platform
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb


def asked(doc: str | None, calls: int = 10_000_000) -> argparse.ArgumentParser:
    """A parser with what every benchmark takes; its description is the first line of the module's."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=calls, help=f"calls in the store ({calls:,})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file, too")
    return parser


def percentile(values: Sequence[float], percent: int) -> float:
    """By nearest rank, as the console has it: `percent` of 100 values are at most this."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def summary(values: Sequence[float]) -> dict[str, float | int]:
    """Count, median, p95 and the largest; of none, only the count."""
    if not values:
        return {"count": 0}
    return {
        "count": len(values),
        "p50": percentile(values, 50),
        "p95": percentile(values, 95),
        "most": max(values),
    }


def median(values: Sequence[float]) -> float:
    """The median; of an even number, the mean of the middle two."""
    return statistics.median(values)


def times(slower: float, faster: float) -> str:
    """How many times one duration is another, to three digits."""
    if not faster:
        return "–"
    ratio = slower / faster
    return f"{ratio:,.0f} ×" if ratio >= 99.5 else f"{ratio:#.3g} ×"


def verdict(what: str, value: float, bar: float, unit: str, *, at_least: bool = False) -> dict[str, Any]:
    """A figure held against its bar."""
    met = value >= bar if at_least else value <= bar
    sign = "≥" if at_least else "≤"
    text = f"{what}: {value:,.3g} {unit}; bar {sign} {bar:g} {unit}: {'met' if met else 'MISSED'}"
    return {"what": what, "value": value, "bar": bar, "unit": unit, "met": met, "text": text}


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need; the first at the left, the others at the right."""
    widths = [max(len(row[place]) for row in (headings, *rows)) for place in range(len(headings))]
    lines = []
    for row in (headings, ["-" * width for width in widths], *rows):
        first, *others = (
            text.rjust(width) if place else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *others]).rstrip())
    return "\n".join(lines)


def show(*parts: str) -> None:
    """Print at once, so that a long run can be watched."""
    print(*parts, sep="\n", flush=True)


def machine() -> str:
    """What the figures were measured on."""
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB, "
    return (
        f"{platform.system()}, {os.cpu_count()} cores, {memory}"
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}; "
        f"a loop of ten million additions takes {_pace():.2f} s now"
    )


def _pace() -> float:
    """How quick the machine is just now; others may be at work on it."""
    start, total = time.perf_counter(), 0
    for number in range(10_000_000):
        total += number
    return time.perf_counter() - start


def write(path: Path | None, figures: object) -> None:
    """Write figures as JSON where a file was asked for."""
    if path:
        path.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
