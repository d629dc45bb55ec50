"""How long the data of each page takes with an empty cache, beside a bare scan and naive statements.

    python -m benchmarks.refresh --calls 10000000 [--days 30 365] [--json FILE]

Each row is one page and timeframe: seconds the store spends on everything the page asks for as it is opened;
under it, what each of its other tabs asks for on top of that when it is chosen. "first" is the first time in
a fresh process, "again" the median of five more with the cache emptied before each, once the process has its
copy of the rollups in memory, which it makes behind the first.
"bare scan" reads the columns a year of figures needs, once, without grouping; "naive" asks the calls
themselves fourteen questions, one statement each. All of a timeframe are measured in one process.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import printed, store

PAGES = ("overview", "cost", "latency", "patterns", "export")
WINDOWS = (1, 7, 30, 90, 365)
RUNS = 5
BARS = {(10_000_000, 30): 0.12, (100_000_000, 30): 0.15, (100_000_000, 365): 0.4}
"""Seconds that a page may take without a filter, by calls and days."""

WHERE = "FROM calls WHERE called_at >= :start AND called_at < :end"
BARE = (
    "SELECT count(*), sum(cost_pico), sum(input_tokens), sum(output_tokens), max(completion_time_ms), "
    "max(api_key_id), max(model_name), max(provider_name) " + WHERE
)
SUMS = "count(*), sum(cost_pico), sum(input_tokens), sum(output_tokens)"
NAIVE = (
    f"SELECT {SUMS} {WHERE}",
    f"SELECT count(DISTINCT api_key_id) {WHERE}",
    f"SELECT quantile_disc(completion_time_ms, [0.5, 0.95, 0.99]) {WHERE}",
    *(
        f"SELECT {column}, {SUMS} {WHERE} GROUP BY 1"
        for column in ("api_key_id", "provider_name", "model_name", "kind")
    ),
    *(
        f"SELECT date_trunc('day', called_at), {column}, {SUMS} {WHERE} GROUP BY 1, 2"
        for column in ("api_key_id", "provider_name", "model_name")
    ),
    f"SELECT date_trunc('day', called_at), quantile_disc(completion_time_ms, [0.5, 0.95]) {WHERE} GROUP BY 1",
    f"SELECT model_name, quantile_disc(completion_time_ms, [0.5, 0.95]) {WHERE} GROUP BY 1",
    f"SELECT isodow(called_at), hour(called_at), {SUMS} {WHERE} GROUP BY 1, 2",
    f"SELECT floor(log2(greatest(completion_time_ms, 1)) * 4), count(*) {WHERE} GROUP BY 1",
)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def page_seconds(page: str, days: int, key: str | None, runs: int) -> dict[str, list[float]]:
    """Seconds in the store for each of `runs` first visits of a page (""), and, from the second on, for each
    of its other tabs after that."""
    from pages.parts.views import VIEW  # noqa: PLC0415 - only where a page is drawn
    from usage_core import cached  # noqa: PLC0415

    spent, app = spent_in_store(), opened(days, key)

    def drawn() -> float:
        spent.clear()
        app.run()
        assert not app.exception, app.exception
        return sum(spent)

    app.switch_page(f"pages/usage/{page}.py")
    totals = {"": [drawn()]}
    first, *others = [tab.label for tab in app.tabs] or [""]
    for _ in range(runs - 1):
        lake = cached.workspace().shown().lake
        while lake.hot and lake.hot.version != lake.version():
            time.sleep(0.1)
        cached.forget()
        for view in (first, *others):
            if others:
                app.session_state[VIEW] = view
            totals.setdefault("" if view == first else view, []).append(drawn())
    return totals


def spent_in_store() -> list[float]:
    """From now on, the seconds of each question that is asked of the store."""
    from usage_core import cached  # noqa: PLC0415 - only where a page is drawn

    spent: list[float] = []
    computed = cached.compute

    def measured(*asked: Any) -> object:
        start = time.perf_counter()
        try:
            return computed(*asked)
        finally:
            spent.append(time.perf_counter() - start)

    cached.compute = measured  # type: ignore[assignment]
    return spent


def opened(days: int, key: str | None) -> Any:
    """A visitor at a link to the last days, of all keys or one; nothing is drawn yet."""
    from streamlit.testing.v1 import AppTest, local_script_runner  # noqa: PLC0415 - only where a page is drawn

    from benchmarks import script  # noqa: PLC0415

    local_script_runner.require_widgets_deltas = script.ended
    app = AppTest.from_file(str(Path(__file__).parents[1] / "app.py"), default_timeout=600)
    last = store.UNTIL.date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    app.query_params.update({"tz": "UTC", "tf": "Custom", "range": [str(first), str(last)]})
    if key:
        app.query_params["key"] = key
    return app


def floor_seconds(folder: Path, days: int) -> dict[str, float]:
    """Medians of the bare scan and of the fourteen naive statements."""
    from usage_core.store.lake import open_lake  # noqa: PLC0415

    lake = open_lake(folder)
    edges = {
        "start": (store.UNTIL - timedelta(days=days)).replace(tzinfo=None),
        "end": store.UNTIL.replace(tzinfo=None),
    }
    with lake.reading() as connection:

        def ask(*statements: str) -> None:
            for statement in statements:
                connection.execute(sa.text(statement), edges).all()

        ask(BARE)
        bare = statistics.median(timed(lambda: ask(BARE)) for _ in range(RUNS))
        naive = statistics.median(timed(lambda: ask(*NAIVE)) for _ in range(3))
    return {"bare": bare, "naive": naive}


def measure(calls: int, windows: list[int]) -> list[dict[str, Any]]:
    folder, rows = store.folder(calls), []
    env = os.environ | {"USAGE_DATABASE_URL": "ducklake" + folder.resolve().as_uri().removeprefix("file")}
    for days in windows:
        floor = floor_seconds(folder, days)
        for page in PAGES:
            for key in (None, "code-assistant"):
                command = [sys.executable, "-m", "benchmarks.refresh", "--one", page, str(days), key or ""]
                told = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
                views = json.loads(told.stdout.splitlines()[-1])
                first = views[""].pop(0)
                for view, again in views.items():
                    of = {"days": days, "page": page, "view": view, "filter": key or ""}
                    spent = {"first": None if view else first, "again": statistics.median(again)}
                    rows.append(of | spent | floor)
                    show(rows[-1])
    return rows


def show(row: dict[str, Any]) -> None:
    if row["view"]:
        print(f"{'':>17} {row['view']:<30} and {row['again']:6.3f} s", flush=True)
        return
    print(
        f"{row['days']:>4} d  {row['page']:<9} {row['filter'] or '-':<15} first {row['first']:6.3f} s   "
        f"again {row['again']:6.3f} s   bare scan {row['bare']:6.3f} s   naive {row['naive']:7.3f} s   "
        f"{row['again'] / row['bare']:5.2f} of the scan",
        flush=True,
    )


def held_against_bars(calls: int, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The slowest page of each timeframe that has a bar, and of a year beside the scan."""
    verdicts = []
    for days in dict.fromkeys(row["days"] for row in rows):
        pages = [row for row in rows if row["days"] == days and not row["filter"] and not row["view"]]
        slowest = max(pages, key=lambda row: row["again"])
        what = f"{slowest['page']}, the slowest of {days} days"
        if (calls, days) in BARS:
            verdicts.append(printed.verdict(what, slowest["again"], BARS[calls, days], "s"))
        if (calls, days) == (100_000_000, 365):
            part = slowest["again"] / slowest["bare"]
            verdicts.append(printed.verdict(f"{what}, of the bare scan", part, 0.2, "times"))
    return verdicts


def main() -> None:
    parser = printed.asked(__doc__)
    parser.add_argument("--days", type=int, nargs="+", default=list(WINDOWS))
    parser.add_argument("--one", nargs=3, help="a page, days and a key, in this process alone")
    asked = parser.parse_args()
    if asked.one:
        page, days, key = asked.one
        print(json.dumps(page_seconds(page, int(days), key or None, RUNS + 1)))
        return
    printed.show(printed.machine())
    rows = measure(asked.calls, asked.days)
    verdicts = held_against_bars(asked.calls, rows)
    printed.show(*(verdict["text"] for verdict in verdicts))
    printed.write(asked.json, {"machine": printed.machine(), "pages": rows, "bars": verdicts})


if __name__ == "__main__":
    main()
