"""An export of all calls over HTTP, beside the engine's own ordered COPY and pandas' to_csv.

    python -m benchmarks.export [--calls 10000000] [--json FILE]

All write the same ten columns of the same calls in the same order as CSV, in turns, each five times (pandas
once); the median counts. `HTTP` is a real server and a client that reads and counts lines; its memory
is the most the server held above what it held when idle, seen every 50 ms. `COPY` is DuckDB's `COPY (SELECT …
ORDER BY …) TO FILE` from the same store, `pandas` the same SELECT as a data frame and its `to_csv`, each in a
fresh process. "first row" is when the first bytes after the header arrive.

Reruns: one visitor draws pages whose figures are known, without an export and while one runs after another.
"""

import asyncio
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks import printed, serving, store
from benchmarks.ingest import peak_mb
from benchmarks.visitors import Days, Visitor
from usage_core.schema import EXPORT_COLUMNS, EXPORT_HEADER
from usage_core.store.lake import open_lake

TURNS, PANDAS_TURNS, RERUNS = 5, 1, 40
ROOT = Path(__file__).parents[1]
BAR_FIRST_BYTE_S, BAR_MEMORY_MB, BAR_RERUN = 0.5, 400, 2
FIRST_DAY = (store.UNTIL - timedelta(days=store.DAYS)).date()
PATH = f"/api/v1/calls?from={FIRST_DAY}&to={store.UNTIL.date()}"
HEADER_BYTES = len(EXPORT_HEADER) + 1
LAST = store.UNTIL.date() - timedelta(days=1)
KNOWN: tuple[Days, ...] = tuple((LAST - timedelta(days=days - 1), LAST) for days in (7, 30))

_NAMES = ", ".join(f'{column.name} AS "{column.label}"' for column in EXPORT_COLUMNS)
SELECT = f"SELECT {_NAMES} FROM calls ORDER BY {', '.join(column.name for column in EXPORT_COLUMNS)}"  # noqa: S608


def download(port: int) -> dict[str, float]:
    """Read an export to its end."""
    connection = http.client.HTTPConnection(serving.HOST, port, timeout=3600)
    start = time.perf_counter()
    connection.request("GET", PATH)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    lines = size = 0
    first_byte = first_row = 0.0
    while piece := answer.read1(1 << 20):
        now = time.perf_counter() - start
        first_byte = first_byte or now
        lines, size = lines + piece.count(b"\n"), size + len(piece)
        if not first_row and size > HEADER_BYTES:
            first_row = now
    took = time.perf_counter() - start
    connection.close()
    return {
        "seconds": took,
        "rows": lines - 1,
        "bytes": size,
        "first_byte_s": first_byte,
        "first_row_s": first_row,
    }


@contextmanager
def watched(server: serving.Server) -> Iterator[list[float]]:
    """What a server's process holds, in MB, as long as the block lasts."""
    held, over = [server.rss_mb()], threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            held.append(server.rss_mb())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield held
    finally:
        over.set()
        thread.join()


def over_http(server: serving.Server) -> dict[str, Any]:
    """An export from a server, with the processor seconds and the most memory it took there."""
    used = server.cpu_seconds()
    with watched(server) as held:
        run = download(server.port)
    now = server.cpu_seconds()
    busy = None if now is None or used is None else now - used
    return run | {"cpu_seconds": busy, "peak_mb": max(held)}


def in_turns(folder: Path) -> dict[str, Any]:
    """Every way's runs, in turns, beside a server that has shown pages; then reruns during an export."""
    with serving.running(folder) as server:
        asyncio.run(_known(server))
        time.sleep(2)
        idle = server.rss_mb()
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in ("HTTP", *STEPS)}
        for turn in range(TURNS):
            runs["HTTP"].append(over_http(server))
            for step, (_, turns) in STEPS.items():
                if turn < turns:
                    runs[step].append(in_a_process(step, folder))
        reruns = asyncio.run(_reruns(server))
    return {"runs": runs, "idle_mb": idle, "reruns_ms": reruns}


async def _known(server: serving.Server) -> Visitor:
    """A visitor who has seen every page of every timeframe."""
    visitor = await Visitor.arrive(server.url, KNOWN[0])
    for days in KNOWN:
        for page in list(visitor.pages):
            await visitor.ask(page, days)
    return visitor


async def _reruns(server: serving.Server) -> dict[str, dict[str, float | int]]:
    visitor = await _known(server)
    found = {"alone": await _asked(visitor)}
    over = threading.Event()

    def keep_exporting() -> None:
        while not over.is_set():
            download(server.port)

    exporting = threading.Thread(target=keep_exporting)
    exporting.start()
    await asyncio.sleep(0.5)
    found["during an export"] = await _asked(visitor)
    over.set()
    await visitor.socket.close()
    await asyncio.to_thread(exporting.join)
    return found


async def _asked(visitor: Visitor) -> dict[str, float | int]:
    seconds = []
    pages = cycle((page, days) for days in KNOWN for page in list(visitor.pages))
    for _ in range(RERUNS):
        seconds.append((await visitor.ask(*next(pages))).seconds * 1000)
        await asyncio.sleep(0.2)
    return printed.summary(seconds)


def copied(folder: Path, home: Path) -> dict[str, Any]:
    """Have the engine write the file by itself."""
    lake = open_lake(folder)
    path = home / "copy.csv"
    with lake.reading() as connection:
        start, used = time.perf_counter(), time.process_time()
        connection.exec_driver_sql(f"COPY ({SELECT}) TO '{path}' (FORMAT csv, HEADER)")
        took, busy = time.perf_counter() - start, time.process_time() - used
    lake.close()
    return {"seconds": took, "cpu_seconds": busy, "bytes": path.stat().st_size, "rows": _lines(path) - 1}


def by_pandas(folder: Path, home: Path) -> dict[str, Any]:
    """Have pandas write it, from a data frame of all rows."""
    lake = open_lake(folder)
    path = home / "pandas.csv"
    with lake.reading() as connection:
        native: Any = connection.connection.driver_connection
        start, used = time.perf_counter(), time.process_time()
        native.execute(SELECT).df().to_csv(path, index=False)
        took, busy = time.perf_counter() - start, time.process_time() - used
    lake.close()
    return {"seconds": took, "cpu_seconds": busy, "bytes": path.stat().st_size, "rows": _lines(path) - 1}


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 24), b""))


STEPS = {"COPY": (copied, TURNS), "pandas": (by_pandas, PANDAS_TURNS)}


def in_a_process(step: str, folder: Path) -> dict[str, Any]:
    """A step's figures, with the most memory its process held, in MB."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "benchmarks.export", "--step", step, str(folder), home]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return found


def measure(calls: int) -> dict[str, Any]:
    """Everything on one store; all have to write the same rows."""
    found = in_turns(store.folder(calls))
    assert {run["rows"] for runs in found["runs"].values() for run in runs} == {calls}
    return {"calls": calls} | found


def _row(name: str, runs: list[dict[str, Any]], idle_mb: float) -> tuple[str, ...]:
    took = printed.median([run["seconds"] for run in runs])
    memory = max(run["peak_mb"] or 0 for run in runs) - idle_mb
    busy = printed.median([run["cpu_seconds"] or 0 for run in runs])
    rate, mb_a_second = runs[0]["rows"] / took, runs[0]["bytes"] / took / 1e6
    return name, f"{took:.1f}", f"{rate:,.0f}", f"{mb_a_second:,.0f}", f"{busy:.1f}", f"{memory:,.0f}"


def show(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Print the figures, and how they stand to the bars."""
    served, idle = found["runs"]["HTTP"], found["idle_mb"]
    rows = [_row(name, runs, idle if name == "HTTP" else 0) for name, runs in found["runs"].items()]
    took = {name: printed.median([run["seconds"] for run in runs]) for name, runs in found["runs"].items()}
    first = {name: max(run[f"{name}_s"] for run in served) for name in ("first_byte", "first_row")}
    alone, during = (found["reruns_ms"][name]["p50"] for name in ("alone", "during an export"))
    verdicts = [
        printed.verdict("Rows a second", took["COPY"] / took["HTTP"], 1, "times COPY's", at_least=True),
        printed.verdict("First byte", first["first_byte"], BAR_FIRST_BYTE_S, "s"),
        printed.verdict("First row", first["first_row"], BAR_FIRST_BYTE_S, "s"),
        printed.verdict(
            "Memory above idle", max(run["peak_mb"] for run in served) - idle, BAR_MEMORY_MB, "MB"
        ),
        printed.verdict("Median rerun during an export", during / alone, BAR_RERUN, "times one without"),
    ]
    printed.show(
        printed.machine(),
        f"{found['calls']:,} calls, {served[0]['bytes'] / 1e6:,.0f} MB",
        printed.table(("", "seconds", "rows/s", "MB/s", "CPU s", "memory MB"), rows),
        "Memory is above idle for HTTP, all of a process for the others.",
        *(verdict["text"] for verdict in verdicts),
    )
    return verdicts


def main() -> None:
    """Measure and print, or do one step for the process that measures."""
    parser = printed.asked(__doc__)
    parser.add_argument("--step", nargs=3, metavar=("STEP", "STORE", "FOLDER"), help="do one step alone")
    given = parser.parse_args()
    if given.step:
        name, folder, home = given.step
        print(json.dumps(STEPS[name][0](Path(folder), Path(home)) | {"peak_mb": peak_mb()}))
        return
    found = measure(given.calls)
    printed.write(given.json, found | {"machine": printed.machine(), "bars": show(found)})


if __name__ == "__main__":
    main()
