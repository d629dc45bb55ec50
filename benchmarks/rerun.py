"""How long a page's rerun takes with its data known, in the server and in a browser.

    python -m benchmarks.rerun [--calls N] [--sessions 1 20 50] [--seconds 60] [--only server] [--json FILE]

Server: a real one, and so many sessions connected to it by websocket at once. Each asks for another page
or another timeframe, waits until the server says that the script has finished, and thinks for 2 to 5
seconds; a session on its own thinks for 0.2 to 0.5, since nobody can stand in its way. Every page has
been drawn for every timeframe before, so no figure is new. Counted is from sending the request until
that message has arrived.

Browser: Chromium, one visitor; from a click on a page's link or on a timeframe until everything is drawn
(see benchmarks/browser.py). "first" is the first time this visitor asks, "again" the median of five more.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks import browser, printed, serving, store
from benchmarks.visitors import Days, Rerun, Visitor, browse

SESSIONS = (1, 20, 50)
THINK, THINK_ALONE = (2.0, 5.0), (0.2, 0.5)
RUNS = 5
BARS = {"p50": 25, "p95": 150}
BAR_SESSIONS, BAR_BROWSER_MS = 20, 1000

LAST_DAY = store.UNTIL.date() - timedelta(days=1)
TIMEFRAMES: tuple[Days, ...] = tuple(
    (LAST_DAY - timedelta(days=days - 1), LAST_DAY) for days in (7, 30, 90, 365)
)
PILLS = ((3, ("7 days", "30 days")), (80, ("90 days", "12 months")))
"""Timeframes to change between while the store's last call is at most so many days ago."""


async def crowd(server: serving.Server, sessions: int, seconds: float) -> dict[str, Any]:
    """So many sessions at once; before, one of them has every page drawn for every timeframe."""
    visitors = [await Visitor.arrive(server.url, TIMEFRAMES[1]) for _ in range(sessions)]
    pages = list(visitors[0].pages)
    for days in TIMEFRAMES:
        for page in pages:
            await visitors[0].ask(page, days)
    used, start = server.cpu_seconds(), time.perf_counter()
    think = THINK if sessions > 1 else THINK_ALONE
    asked = (
        browse(visitor, TIMEFRAMES, think, start + seconds, seed) for seed, visitor in enumerate(visitors)
    )
    reruns = [rerun for found in await asyncio.gather(*asked) for rerun in found]
    elapsed = time.perf_counter() - start
    now = server.cpu_seconds()
    for visitor in visitors:
        await visitor.socket.close()
    busy = None if now is None or used is None else now - used
    return {
        "sessions": sessions,
        "think_seconds": think,
        "reruns_per_second": len(reruns) / elapsed,
        "server_cpu_ms_per_rerun": busy and 1000 * busy / len(reruns),
        "ms": _milliseconds(reruns),
        "ms_by_page": {
            page: _milliseconds([rerun for rerun in reruns if rerun.page == page]) for page in pages
        },
        "kb_per_rerun": sum(rerun.bytes for rerun in reruns) / len(reruns) / 1000,
    }


def _milliseconds(reruns: Sequence[Rerun]) -> dict[str, float | int]:
    return printed.summary([1000 * rerun.seconds for rerun in reruns])


def in_server(folder: Path, sessions: Sequence[int], seconds: float) -> list[dict[str, Any]]:
    """Each number of sessions against a server of its own."""
    found = []
    for number in sessions:
        with serving.running(folder) as server:
            found.append(asyncio.run(crowd(server, number, seconds)))
        _show_server(found[-1])
    return found


def _show_server(told: dict[str, Any]) -> None:
    think = " to ".join(f"{seconds:g}" for seconds in told["think_seconds"])
    cpu = told["server_cpu_ms_per_rerun"]
    printed.show(
        "",
        f"{told['sessions']} at once, each thinking {think} s: "
        f"{told['reruns_per_second']:.1f} reruns a second"
        + (f", {cpu:.0f} ms of processor time each" if cpu else ""),
        printed.table(
            ("Server, ms", "reruns", "p50", "p95", "most"),
            [
                (page, str(row["count"]), *(f"{row.get(name, 0):.0f}" for name in ("p50", "p95", "most")))
                for page, row in (*told["ms_by_page"].items(), ("All pages", told["ms"]))
            ],
        ),
    )


def in_browser(folder: Path) -> list[dict[str, Any]]:
    """Every page, by its link and by a change of the timeframe."""
    pills, found = _pills(), []
    with serving.running(folder) as server, browser.opened() as page:
        page.goto(server.url)
        browser.drawn(page, "Overview")
        titles = page.get_by_test_id("stSidebarNavLink").locator("span[label]").all_inner_texts()
        for title in titles:
            found.append({"page": title, "by": "link", **_links(page, title, titles)})
            found.append({"page": title, "by": " / ".join(pills), **_changes(page, title, pills)})
            _show_browser(found[-2:])
    return found


def _links(page: Any, title: str, titles: Sequence[str]) -> dict[str, Any]:
    other = next(name for name in titles if name != title)
    seconds = []
    for _ in range(RUNS + 1):
        browser.open_page(page, other)
        spent, pictures = browser.open_page(page, title)
        seconds.append(spent)
    return _first_and_again(seconds) | {"pictures": pictures}


def _changes(page: Any, title: str, pills: tuple[str, str]) -> dict[str, Any]:
    after, before = pills
    seconds = []
    for place, pill in zip(range(2 * (RUNS + 1)), cycle((after, before)), strict=False):
        spent, pictures = browser.pick_timeframe(page, title, pill)
        if place % 2 == 0:
            seconds.append(spent)
    return _first_and_again(seconds) | {"pictures": pictures}


def _first_and_again(seconds: list[float]) -> dict[str, Any]:
    first, *again = (1000 * spent for spent in seconds)
    return {"first_ms": first, "again_ms": printed.median(again), "most_ms": max(again)}


def _pills() -> tuple[str, str]:
    age = (datetime.now(UTC) - store.UNTIL).days
    for most, pills in PILLS:
        if age <= most:
            return pills
    raise SystemExit(
        f"The store's last call is {age} days ago; timeframes that end today show too little of it."
    )


def _show_browser(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        printed.show(
            f"{row['page']:<10} {row['by']:<20} pictures {row['pictures']}   "
            f"first {row['first_ms']:5.0f} ms   again {row['again_ms']:5.0f} ms   "
            f"most {row['most_ms']:5.0f} ms"
        )


def verdicts(server: list[dict[str, Any]], seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bars, as far as what they hold for was measured."""
    held = [
        printed.verdict(f"Server, {BAR_SESSIONS} sessions, {name}", told["ms"][name], bar, "ms")
        for told in server
        if told["sessions"] == BAR_SESSIONS
        for name, bar in BARS.items()
    ]
    if seen:
        slowest = max(seen, key=lambda row: row["again_ms"])
        what = f"Browser, slowest ({slowest['page']}, {slowest['by']})"
        held.append(printed.verdict(what, slowest["again_ms"], BAR_BROWSER_MS, "ms"))
    return held


def main() -> None:
    parser = printed.asked(__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=list(SESSIONS), help="at once")
    parser.add_argument("--seconds", type=float, default=60, help="for each number of sessions (60)")
    parser.add_argument("--only", choices=("server", "browser"), help="leave the other out")
    asked = parser.parse_args()
    folder, machine = store.folder(asked.calls), printed.machine()
    printed.show(f"{asked.calls:,} calls over {store.DAYS} days", machine)
    server = in_server(folder, asked.sessions, asked.seconds) if asked.only != "browser" else []
    if asked.only != "server":
        printed.show("", "Browser, from a click until drawn")
    seen = in_browser(folder) if asked.only != "server" else []
    held = verdicts(server, seen)
    printed.show("", *(row["text"] for row in held))
    printed.write(asked.json, {"machine": machine, "server": server, "browser": seen, "bars": held})


if __name__ == "__main__":
    main()
