"""An Overview's questions put to pandas, over the console's export; `benchmarks.peers` runs it.

    python -m benchmarks.dataframe EXPORT.CSV 30 365

A process of its own, so that its peak memory is its own; it writes what it measured as JSON.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import printed
from benchmarks.peers import window

RUNS = 5


def measure(log: Path, windows: list[int]) -> dict[str, Any]:
    """Load, then ask for each timeframe: once, and five times more."""
    began = time.perf_counter()
    calls = pd.read_csv(log, engine="pyarrow", parse_dates=["Date"])
    calls["cost"] = (
        calls["Input Tokens"] * calls["Input Token Price (USD/1M tokens)"]
        + (calls["Output Tokens"] * calls["Output Token Price (USD/1M tokens)"]).fillna(0)
    ) / 1e6
    told: dict[str, Any] = {
        "version": pd.__version__,
        "load_s": time.perf_counter() - began,
        "frame_mb": int(calls.memory_usage(deep=True).sum()) / 1e6,
        "days": {},
    }
    for days in windows:
        start, end = window(days)
        seconds = []
        for _ in range(RUNS + 1):
            began = time.perf_counter()
            _grouped(calls[(calls["Date"] >= start) & (calls["Date"] < end)])
            seconds.append(time.perf_counter() - began)
        chosen = calls[(calls["Date"] >= start) & (calls["Date"] < end)]
        told["days"][days] = {
            "first": seconds[0],
            "again": printed.median(seconds[1:]),
            "calls": len(chosen),
            "cost_usd": str(chosen["cost"].sum()),
        }
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, others kilobytes
    return told | {"peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6}


def _grouped(chosen: Any) -> None:
    """The questions of `benchmarks.peers`, in their order."""
    key, model, took = "API Key ID", "Model", "Completion Time (ms)"
    measures = ["cost", "Input Tokens", "Output Tokens"]
    half_and_most = [0.5, 0.95]
    day, hour = chosen["Date"].dt.floor("D"), (chosen["Date"].dt.dayofweek, chosen["Date"].dt.hour)
    len(chosen), chosen[measures].sum()
    chosen[key].nunique()
    chosen[took].quantile(half_and_most, interpolation="higher")
    for group in ([key], [model], [day, key], [day, model]):
        groups = chosen.groupby(group)[measures]
        groups.sum(), groups.size()
    chosen.groupby(day)[took].quantile(half_and_most, interpolation="higher")
    groups = chosen.groupby(list(hour))[measures]
    groups.sum(), groups.size()


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), [int(days) for days in sys.argv[2:]])))
