"""An import with everything, against the engine's bare load of the same CSV file into a table.

    python -m benchmarks.ingest [--calls 10000000] [--json FILE]

Each in a fresh process, in turns, on the same made-up log in Langdock's columns: `bare` is DuckDB's
`CREATE TABLE ... AS SELECT * FROM read_csv(FILE)` into a database on disk, with nothing checked; `import`
is what `python -m usage_core import FILE` does, into a new store: every row checked, compared with what is
there, priced, stored, added to all sums, with a receipt; `again` imports the same file into that store
once more, and stores nothing: it is known by its checksum. `longer` imports it with one row more, which is
the only one that is new: every row is read and compared. Seconds by the clock, processor seconds, and the
most memory held.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import printed, store
from usage_core.intake.run import import_file
from usage_core.sample import write_csv
from usage_core.store.lake import open_lake

BAR_FIRST, BAR_AGAIN = 2.5, 1.5
TAIL_BYTES = 4096
ROOT = Path(__file__).parents[1]


def bare(log: Path, home: Path) -> dict[str, Any]:
    """Load a log by the engine alone."""
    database = duckdb.connect(str(home / "bare.duckdb"))
    start, used = time.perf_counter(), time.process_time()
    database.execute("CREATE TABLE calls AS SELECT * FROM read_csv($1)", [str(log)])
    database.execute("CHECKPOINT")
    took = {"seconds": time.perf_counter() - start, "processor_seconds": time.process_time() - used}
    rows = database.execute("SELECT count(*) FROM calls").fetchall()
    return took | {"rows_stored": rows[0][0], "rows_duplicate": 0}


def imported(log: Path, home: Path) -> dict[str, Any]:
    """Import a log into the store in a folder."""
    lake = open_lake(home / "store")
    start, used = time.perf_counter(), time.process_time()
    receipt = import_file(lake, log)
    took = {"seconds": time.perf_counter() - start, "processor_seconds": time.process_time() - used}
    lake.close()
    return took | {"rows_stored": receipt.rows_stored, "rows_duplicate": receipt.rows_duplicate}


def longer(log: Path, home: Path) -> dict[str, Any]:
    """Import the log with a row more."""
    with log.open("rb+") as file:
        file.seek(-TAIL_BYTES, os.SEEK_END)
        last = file.read().splitlines()[-1]
        file.write(re.sub(rb"^[^,]*,[^,]*", b"%s,one-more" % last.split(b",")[0], last) + b"\n")
    return imported(log, home)


STEPS = {"bare": bare, "import": imported, "again": imported, "longer": longer}


def in_a_process(step: str, log: Path, home: Path) -> dict[str, Any]:
    """A step's figures, with the most memory its process held, in MB."""
    command = [sys.executable, "-m", "benchmarks.ingest", "--step", step, str(log), str(home)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return found


def peak_mb() -> float | None:
    """The most memory this process held; None where the system does not tell."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage tells begins with what the parent held
        held = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(held.split()[1]) / 2**10
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def measure(calls: int) -> dict[str, Any]:
    """All steps on one log; the second import has to find every row of the first."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        log = home / "log.csv"
        write_csv(log, calls=calls, days=store.DAYS, seed=store.SEED, until=store.UNTIL)
        found = {step: in_a_process(step, log, home) for step in STEPS}
        size = log.stat().st_size
    assert found["bare"]["rows_stored"] == found["import"]["rows_stored"] == calls
    assert found["again"]["rows_duplicate"] == found["longer"]["rows_duplicate"] == calls
    assert found["longer"]["rows_stored"] == 1
    return {"calls": calls, "file_bytes": size, "steps": found}


def show(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Print the figures, and how they stand to the bars."""
    steps = found["steps"]
    once = steps["bare"]["seconds"]
    rows = [
        (
            name,
            f"{step['seconds']:.1f}",
            printed.times(step["seconds"], once),
            f"{step['processor_seconds']:.1f}",
            "–" if step["peak_mb"] is None else f"{step['peak_mb']:,.0f}",
        )
        for name, step in steps.items()
    ]
    verdicts = [
        printed.verdict(what, steps[name]["seconds"] / once, bar, "times the bare load")
        for what, name, bar in (
            ("First import", "import", BAR_FIRST),
            ("The same file again", "again", BAR_AGAIN),
        )
    ]
    printed.show(
        printed.machine(),
        f"{found['calls']:,} calls, {found['file_bytes'] / 1e6:,.0f} MB",
        printed.table(("", "seconds", "times bare", "processor", "peak MB"), rows),
        *(verdict["text"] for verdict in verdicts),
    )
    return verdicts


def main() -> None:
    """Measure and print, or do one step for the process that measures."""
    parser = printed.asked(__doc__)
    parser.add_argument("--step", nargs=3, metavar=("STEP", "FILE", "FOLDER"), help="do one step alone")
    given = parser.parse_args()
    if given.step:
        name, log, home = given.step
        figures = STEPS[name](Path(log), Path(home))
        print(json.dumps(figures | {"peak_mb": peak_mb()}))
        return
    found = measure(given.calls)
    printed.write(given.json, found | {"machine": printed.machine(), "bars": show(found)})


if __name__ == "__main__":
    main()
