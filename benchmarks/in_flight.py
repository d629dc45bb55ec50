"""How long it takes to find the most calls in flight at once, beside what reading the calls takes.

    python -m benchmarks.in_flight --calls 10000000 [--days 30 365] [--json FILE]

Each row is one question over one timeframe, in a process of its own: the median of five, asked in turn
with a bare scan that adds up the same two columns of the same calls, so that both meet the same load.
"CPU" is processor time, over all threads. "memory" is the most the process ever held: after the scans
alone, and after the question, which should not grow with the timeframe.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import store
from usage_core.metrics.answer import coverage
from usage_core.metrics.covers import Coverage
from usage_core.metrics.in_flight import over_time, peak, peaks
from usage_core.selection import Selection
from usage_core.store.lake import open_lake
from usage_core.timeframe import Timeframe

RUNS = 5
WINDOWS = (1, 30, 365)
ZONE = "Europe/Berlin"

# Sums, as the largest and smallest would be read from statistics instead of from the calls.
BARE = sa.text(
    "SELECT sum(epoch_us(called_at)), sum(completion_time_ms) FROM calls "
    "WHERE called_at >= :start AND called_at < :end"
)

QUESTIONS: dict[str, Callable[[sa.Connection, Selection, Coverage], object]] = {
    "peak": peak,
    "peak by day": lambda connection, selection, known: over_time(connection, selection, "day", known),
    "peak by hour": lambda connection, selection, known: over_time(connection, selection, "hour", known),
    "each provider": lambda connection, selection, known: peaks(connection, selection, "provider", known),
    "each model": lambda connection, selection, known: peaks(connection, selection, "model", known),
}


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock and of the processor."""
    start, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - busy


def memory_mb() -> float:
    """The most memory this process ever held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def one(calls: int, question: str, days: int) -> dict[str, Any]:
    """The figures of one question over one timeframe, in this process."""
    selection = Selection(Timeframe(store.UNTIL - timedelta(days=days), store.UNTIL, ZONE))
    edges = {name: getattr(selection.timeframe, name).replace(tzinfo=None) for name in ("start", "end")}
    lake = open_lake(store.folder(calls))
    with lake.reading() as connection:
        known = coverage(connection)

        def scan() -> object:
            return connection.execute(BARE, edges).all()

        def ask() -> object:
            return QUESTIONS[question](connection, selection, known)

        scan()
        before = memory_mb()
        ask()
        pairs = [(timed(ask), timed(scan)) for _ in range(RUNS)]
    lake.close()
    seconds, cpu, bare, bare_cpu = (
        statistics.median(pair[which][clock] for pair in pairs) for which in (0, 1) for clock in (0, 1)
    )
    return {
        "days": days,
        "question": question,
        "seconds": seconds,
        "cpu": cpu,
        "bare": bare,
        "bare_cpu": bare_cpu,
        "memory_scanned": before,
        "memory": memory_mb(),
    }


def measure(calls: int, windows: list[int]) -> list[dict[str, Any]]:
    store.folder(calls)
    rows = []
    for days in windows:
        for question in QUESTIONS:
            command = [sys.executable, "-m", "benchmarks.in_flight", "--calls", str(calls)]
            command += ["--one", question, str(days)]
            told = subprocess.run(command, capture_output=True, text=True, check=True)
            rows.append(json.loads(told.stdout.splitlines()[-1]))
            show(rows[-1])
    return rows


def show(row: dict[str, Any]) -> None:
    print(
        f"{row['days']:>4} d  {row['question']:<13}  {row['seconds']:6.3f} s (CPU {row['cpu']:6.3f})   "
        f"bare scan {row['bare']:6.3f} s (CPU {row['bare_cpu']:6.3f})   "
        f"{row['seconds'] / row['bare']:5.2f} of the scan   "
        f"memory {row['memory_scanned']:4.0f} -> {row['memory']:4.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, nargs="+", default=list(WINDOWS))
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        question, days = asked.one
        print(json.dumps(one(asked.calls, question, int(days))))
        return
    rows = measure(asked.calls, asked.days)
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
