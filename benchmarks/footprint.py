"""What the console needs: time to start, memory, room on disk, and a first import of a million calls.

    python -m benchmarks.footprint [--calls N] [--import-calls 1000000] [--json FILE]

Start: a server over an existing store, a fresh process each time, until it says that it is well, and until
a browser that is already open has drawn the start page (see benchmarks/browser.py). Memory: what the
server's process holds when it has started and nobody has come, and when every page has been visited for
three timeframes. Disk: what the store's live files hold; and the whole folder, with what old states still
need. Import: a made-up log into a new store, a fresh process each time. Medians of five.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from benchmarks import browser, printed, serving, store
from benchmarks.visitors import Visitor
from usage_core.store.lake import open_lake

RUNS = 5
SETTLE_SECONDS = 3
LAST_DAY = store.UNTIL.date() - timedelta(days=1)
TIMEFRAMES = tuple((LAST_DAY - timedelta(days=days - 1), LAST_DAY) for days in (7, 30, 365))
CALLS_TABLE, ROLLUP = "calls", "rollup_"


def starts(folder: Path) -> dict[str, Any]:
    """Seconds to health and to the first page drawn, and the memory a server holds."""
    health, chart, idle, used = [], [], [], []
    link = urlencode([("tz", "UTC"), ("tf", "Custom"), *(("range", str(day)) for day in TIMEFRAMES[1])])
    with browser.opened() as first:
        for _ in range(RUNS):
            page = browser.visit(first.context.browser)
            with serving.running(folder) as server:
                page.goto(f"{server.url}/?{link}")
                drawn, pictures = browser.drawn(page, "Overview")
                assert pictures, "the start page shows no chart"
                health.append(server.health_seconds)
                chart.append(server.health_seconds + drawn)
            page.context.close()
    for _ in range(RUNS):
        with serving.running(folder) as server:
            time.sleep(SETTLE_SECONDS)
            idle.append(server.rss_mb())
            asyncio.run(visit_all(server.url))
            time.sleep(SETTLE_SECONDS)
            used.append(server.rss_mb())
    return {
        "health_s": printed.median(health),
        "first_chart_s": printed.median(chart),
        "rss_after_start_mb": printed.median(idle),
        "rss_after_all_pages_mb": printed.median(used),
    }


async def visit_all(url: str) -> None:
    """Every page for every timeframe, by one visitor."""
    visitor = await Visitor.arrive(url, TIMEFRAMES[0])
    for days in TIMEFRAMES:
        for page in list(visitor.pages):
            await visitor.ask(page, days)
    await visitor.socket.close()


def disk(folder: Path) -> dict[str, float]:
    """Bytes a call takes in the store's live files, in calls and in rollups, and in the whole folder."""
    lake = open_lake(folder)
    try:
        with lake.reading() as connection:
            tables = connection.execute(
                sa.text("SELECT table_name, file_size_bytes FROM ducklake_table_info('lake')")
            ).all()
            calls = connection.execute(sa.text("SELECT count(*) FROM calls")).scalar_one()
    finally:
        lake.close()
    rollups = sum(size for name, size in tables if name.startswith(ROLLUP))
    whole = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {
        "calls": calls,
        "calls_bytes": sum(size for name, size in tables if name == CALLS_TABLE) / calls,
        "rollups_bytes": rollups / calls,
        "rollups_mb": rollups / 1e6,
        "folder_bytes": whole / calls,
    }


def imports(calls: int) -> dict[str, float]:
    """Seconds and peak memory of a first import by `python -m usage_core import`."""
    seconds, peak = [], []
    with tempfile.TemporaryDirectory() as home:
        log = Path(home) / "log.csv"
        command = [sys.executable, "-m", "usage_core"]
        made = [*command, "sample", f"--calls={calls}", "-o", str(log)]
        subprocess.run(made, cwd=serving.ROOT, check=True, capture_output=True)
        for run in range(RUNS):
            spent, memory = _measured([*command, "import", str(log)], Path(home) / f"store {run}")
            seconds.append(spent)
            peak.append(memory)
        size = log.stat().st_size / 1e6
    return {
        "calls": calls,
        "log_mb": size,
        "seconds": printed.median(seconds),
        "peak_rss_mb": printed.median(peak),
    }


def _measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds and peak memory (MB) of a command that fills a store."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=serving.ROOT, env=serving.environment(folder), stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    spent = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, others kilobytes
    return spent, usage.ru_maxrss * unit / 1e6


def _shown(start: dict[str, Any], room: dict[str, float], taken: dict[str, float]) -> str:
    return printed.table(
        ("Footprint", "median of five"),
        [
            ("Start to health", f"{start['health_s']:.2f} s"),
            ("Start to first page drawn", f"{start['first_chart_s']:.2f} s"),
            ("Memory after start", f"{start['rss_after_start_mb']:.0f} MB"),
            ("Memory after all pages", f"{start['rss_after_all_pages_mb']:.0f} MB"),
            ("Bytes per call, calls", f"{room['calls_bytes']:.1f}"),
            ("Bytes per call, rollups", f"{room['rollups_bytes']:.2f} ({room['rollups_mb']:.1f} MB)"),
            ("Bytes per call, whole folder", f"{room['folder_bytes']:.1f}"),
            (f"Import of {taken['calls']:,} calls ({taken['log_mb']:.0f} MB)", f"{taken['seconds']:.1f} s"),
            ("Its peak memory", f"{taken['peak_rss_mb']:.0f} MB"),
        ],
    )


def main() -> None:
    parser = printed.asked(__doc__)
    parser.add_argument("--import-calls", type=int, default=1_000_000, help="calls in the log (1,000,000)")
    asked = parser.parse_args()
    folder, machine = store.folder(asked.calls), printed.machine()
    printed.show(f"{asked.calls:,} calls over {store.DAYS} days", machine, "")
    start, room, taken = starts(folder), disk(folder), imports(asked.import_calls)
    printed.show(_shown(start, room, taken))
    printed.write(asked.json, {"machine": machine, "start": start, "disk": room, "import": taken})


if __name__ == "__main__":
    main()
