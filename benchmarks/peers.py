"""An Overview's questions put to PostgreSQL, to pandas and to this console, all over the same calls.

    python -m benchmarks.peers [--calls N] [--days 30 365] [--json FILE]

All three get one file, the console's own export. PostgreSQL: one row per call in a plain table, loaded by
COPY, indexed by (called_at) and by (api_key_id, called_at), VACUUM ANALYZE; settings below; times as psql
has them. pandas: read_csv by its quickest engine, then groupby; loading is told apart. The console:
everything the Overview page asks for with an empty cache, as `benchmarks.refresh` measures it, which is
more than the questions: it compares with the period before and counts for filters and the export.

"first" is the first time in a fresh process, "again" the median of five more.
"""

import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks import postgres, printed, serving, store

RUNS = 5
BAR_DAYS, BAR = 365, 100

# In one transaction, so that nothing is written twice: psql runs the commands of one -c together.
LOAD = """
    CREATE TABLE calls (
        called_at timestamp NOT NULL, api_key_id text NOT NULL, api_key_name text, provider text,
        model text NOT NULL, input_tokens integer, output_tokens integer, completion_time_ms integer,
        input_price numeric(12, 6), output_price numeric(12, 6), cost_pico bigint GENERATED ALWAYS AS (
            ((input_tokens * input_price + coalesce(output_tokens * output_price, 0)) * 1000000)::bigint
        ) STORED);
    COPY calls (
        called_at, api_key_id, api_key_name, provider, model, input_tokens, output_tokens,
        completion_time_ms, input_price, output_price
    ) FROM STDIN (FORMAT csv, HEADER true)
"""
INDEXES = """
    CREATE INDEX ON calls (called_at);
    CREATE INDEX ON calls (api_key_id, called_at);
    VACUUM (FREEZE, ANALYZE) calls;
    CHECKPOINT;
"""
SUMS = "count(*), sum(cost_pico), sum(input_tokens), sum(output_tokens)"
DAY = "date_trunc('day', called_at)"
P = "percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY completion_time_ms)"
QUESTIONS = {
    "totals": (SUMS, ""),
    "active keys": ("count(DISTINCT api_key_id)", ""),
    "p50, p95": (P, ""),
    "by key": (f"api_key_id, {SUMS}", "GROUP BY 1"),
    "by model": (f"model, {SUMS}", "GROUP BY 1"),
    "by day and key": (f"{DAY}, api_key_id, {SUMS}", "GROUP BY 1, 2"),
    "by day and model": (f"{DAY}, model, {SUMS}", "GROUP BY 1, 2"),
    "p50, p95 by day": (f"{DAY}, {P}", "GROUP BY 1"),
    "by hour of the week": (
        f"extract(isodow FROM called_at), extract(hour FROM called_at), {SUMS}",
        "GROUP BY 1, 2",
    ),
}


def window(days: int) -> tuple[datetime, datetime]:
    """The timeframe so many days long at the store's end."""
    return store.UNTIL - timedelta(days=days), store.UNTIL


def export(folder: Path, path: Path) -> float:
    """Write the console's export of all calls; seconds."""
    start, end = window(store.DAYS)
    command = [
        sys.executable,
        "-m",
        "usage_core",
        "export",
        f"--from={start:%Y-%m-%d}",
        f"--to={end:%Y-%m-%d}",
    ]
    began = time.perf_counter()
    subprocess.run([*command, "-o", str(path)], cwd=serving.ROOT, env=serving.environment(folder), check=True)
    return time.perf_counter() - began


def load(cluster: postgres.Cluster, log: Path) -> dict[str, Any]:
    """Bring the export into a table with its indexes."""
    began = time.perf_counter()
    cluster.psql(LOAD, log)
    loaded = time.perf_counter()
    cluster.psql(INDEXES)
    return {
        "version": cluster.psql("SHOW server_version").strip(),
        "settings": postgres.SETTINGS | {"jit": cluster.psql("SHOW jit").strip()},
        "load_s": loaded - began,
        "index_s": time.perf_counter() - loaded,
        "mb": int(cluster.psql("SELECT pg_total_relation_size('calls')")) / 1e6,
    }


def side_by_side(cluster: postgres.Cluster, folder: Path, days: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """PostgreSQL and the console on one timeframe.

    PostgreSQL is asked three times before and three times after, so that a machine that is busier for a
    while is so for both.
    """
    rounds = _rounds(cluster, days, 3)
    ours = overview(folder, days)
    rounds += _rounds(cluster, days, RUNS + 1 - len(rounds))
    sums = [sum(one) / 1000 for one in rounds]
    by_question = [printed.median(column) for column in zip(*rounds[1:], strict=True)]
    calls, pico, *_ = cluster.psql(f"SELECT {SUMS} {_chosen(days)}").strip().split("|")
    theirs = {
        "first": sums[0],
        "again": printed.median(sums[1:]),
        "ms_by_question": dict(zip(QUESTIONS, by_question, strict=True)),
        "calls": int(calls),
        "cost_usd": str(Decimal(pico) / 10**12),
    }
    return theirs, ours


def _chosen(days: int) -> str:
    start, end = window(days)
    return f"FROM calls WHERE called_at >= '{start:%Y-%m-%d}' AND called_at < '{end:%Y-%m-%d}'"


def _rounds(cluster: postgres.Cluster, days: int, count: int) -> list[list[float]]:
    """Milliseconds of every question, as many times over, in one session."""
    statements = [f"SELECT {columns} {_chosen(days)} {groups}" for columns, groups in QUESTIONS.values()]
    each = cluster.milliseconds(statements * count)
    return [each[place : place + len(statements)] for place in range(0, len(each), len(statements))]


def of_pandas(log: Path, windows: list[int]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.dataframe", str(log), *map(str, windows)]
    found: dict[str, Any] = _told_by(command, None)
    return found | {"days": {int(days): row for days, row in found["days"].items()}}


def overview(folder: Path, days: int) -> dict[str, Any]:
    """The console's Overview in a fresh process; and its totals by the command line."""
    command = [sys.executable, "-m", "benchmarks.refresh", "--one", "overview", str(days), ""]
    first, *again = _told_by(command, folder)
    start, end = window(days)
    edges = [f"--from={start:%Y-%m-%d}", f"--to={end:%Y-%m-%d}", "--json"]
    totals = _told_by([sys.executable, "-m", "usage_core", "summary", *edges], folder)
    return {"first": first, "again": printed.median(again)} | {
        name: totals[name] for name in ("calls", "cost_usd")
    }


def _told_by(command: list[str], folder: Path | None) -> Any:
    """What a process of our own writes as JSON: all of its output, or the last line."""
    env = serving.environment(folder) if folder else None
    done = subprocess.run(command, cwd=serving.ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    text = done.stdout.strip()
    return json.loads(text if text.startswith("{") else text.splitlines()[-1])


def agreed(days: int, found: dict[str, Any]) -> None:
    """That all three count the same calls and cost; pandas adds up floats, the others exactly."""
    rows = {who: told["days"][days] for who, told in found.items()}
    counts = {who: row["calls"] for who, row in rows.items()}
    costs = {who: Decimal(row["cost_usd"]) for who, row in rows.items()}
    assert len(set(counts.values())) == 1, f"not the same calls: {counts}"
    assert costs["PostgreSQL"] == costs["console"], f"not the same cost: {costs}"
    assert abs(costs["pandas"] / costs["console"] - 1) < Decimal("1e-6"), f"not the same cost: {costs}"


def shown(found: dict[str, Any], windows: list[int]) -> str:
    rows = []
    for days in windows:
        ours = found["console"]["days"][days]
        for who, told in found.items():
            row = told["days"][days]
            ratios = [printed.times(row[name], ours[name]) for name in ("first", "again")]
            rows.append((f"{days} days, {who}", f"{row['first']:.3f}", f"{row['again']:.3f}", *ratios))
    return printed.table(("Seconds", "first", "again", "of our first", "of our again"), rows)


def of_postgres_and_console(
    home: Path, folder: Path, log: Path, windows: list[int]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A cluster with the export in it, and the two of them on every timeframe."""
    with postgres.running(home) as cluster:
        server = load(cluster, log)
        settings = ", ".join(f"{name} = {value}" for name, value in server["settings"].items())
        printed.show(
            f"PostgreSQL {server['version']}: COPY {server['load_s']:.0f} s, indexes and VACUUM ANALYZE "
            f"{server['index_s']:.0f} s, {server['mb']:,.0f} MB; {settings}"
        )
        both = {days: side_by_side(cluster, folder, days) for days in windows}
    server["days"] = {days: theirs for days, (theirs, _) in both.items()}
    return server, {"days": {days: ours for days, (_, ours) in both.items()}}


def measure(folder: Path, windows: list[int]) -> dict[str, Any]:
    """All three, one after the other; what loading took is printed as soon as it is known."""
    postgres.binaries()  # says what is missing before a long export
    with tempfile.TemporaryDirectory() as home:
        log = Path(home) / "export.csv"
        seconds = export(folder, log)
        printed.show(f"Export of all calls: {log.stat().st_size / 1e6:,.0f} MB in {seconds:.0f} s")
        server, console = of_postgres_and_console(Path(home), folder, log, windows)
        frame = of_pandas(log, windows)
        printed.show(
            f"pandas {frame['version']}: read_csv {frame['load_s']:.1f} s, not in the figures below; frame "
            f"{frame['frame_mb']:,.0f} MB, process at most {frame['peak_rss_mb']:,.0f} MB"
        )
    return {"PostgreSQL": server, "pandas": frame, "console": console}


def main() -> None:
    parser = printed.asked(__doc__)
    parser.add_argument("--days", type=int, nargs="+", default=[30, BAR_DAYS], help="timeframes (30 365)")
    asked = parser.parse_args()
    machine = printed.machine()
    printed.show(f"{asked.calls:,} calls over {store.DAYS} days", machine)
    found = measure(store.folder(asked.calls), asked.days)
    for days in asked.days:
        agreed(days, found)
    printed.show("", shown(found, asked.days), "")
    held = []
    if BAR_DAYS in asked.days:
        theirs, ours = (found[who]["days"][BAR_DAYS]["again"] for who in ("PostgreSQL", "console"))
        held.append(
            printed.verdict(f"PostgreSQL / ours, {BAR_DAYS} days", theirs / ours, BAR, "×", at_least=True)
        )
        printed.show(held[-1]["text"])
    printed.write(asked.json, {"machine": machine, "calls": asked.calls, **found, "bars": held})


if __name__ == "__main__":
    main()
