"""What pricing costs an import, and whether its sums are exact: held against decimals added up by hand.

    python -m benchmarks.prices [--calls 1000000] [--json FILE]

The same made-up log is imported twice, into a new store each time and in a fresh process: as it is, with
a price on every row, and with its price columns emptied, so that every price has to be found. The second
takes longer by what finding prices takes. By hand means: the log read line by line with Python's csv
module, every cost computed and added up as a decimal.
"""

import csv
import os
import subprocess
import sys
import tempfile
from collections import Counter
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from benchmarks import printed, store
from usage_core.metrics.answer import ask, coverage
from usage_core.metrics.question import Question
from usage_core.sample import write_csv
from usage_core.schema import EXPORT_COLUMNS
from usage_core.selection import Selection
from usage_core.store.lake import open_lake
from usage_core.store.tables import CALLS
from usage_core.timeframe import Timeframe

KEY, INPUT, OUTPUT = (EXPORT_COLUMNS[place].label for place in (1, 5, 6))
PRICES = tuple(column.label for column in EXPORT_COLUMNS[-2:])
IMPORT = (
    "import sys, time; from pathlib import Path; from usage_core.store.lake import open_lake; "
    "from usage_core.intake.run import import_file; lake = open_lake(Path(sys.argv[1])); "
    "start = time.perf_counter(); import_file(lake, Path(sys.argv[2])); print(time.perf_counter() - start)"
)


def without_prices(log: Path, to: Path) -> None:
    """The same log with its price columns emptied."""
    rows = duckdb.read_csv(str(log), all_varchar=True)
    columns = [f'NULL AS "{name}"' if name in PRICES else f'"{name}"' for name in rows.columns]
    rows.project(", ".join(columns)).write_csv(str(to))


def imported(log: Path, folder: Path) -> float:
    """Seconds to import a log into a new store."""
    command = [sys.executable, "-c", IMPORT, str(folder), str(log)]
    root = Path(__file__).parents[1]
    told = subprocess.run(command, cwd=root, env=os.environ, capture_output=True, text=True, check=True)
    return float(told.stdout)


def by_hand(log: Path) -> dict[str, Decimal]:
    """Key -> the cost of its calls, from the lines of a log with a price on each row."""
    sums: dict[str, Decimal] = {}
    with localcontext(prec=60), log.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            cost = _cost(row[INPUT], row[PRICES[0]]) + _cost(row[OUTPUT], row[PRICES[1]])
            sums[row[KEY]] = sums.get(row[KEY], Decimal(0)) + cost
    return sums


def _cost(tokens: str, price: str) -> Decimal:
    return Decimal(tokens) * Decimal(price) / 1_000_000 if tokens and price else Decimal(0)


def by_console(folder: Path) -> tuple[dict[str, Decimal], Counter[str]]:
    """Key -> the cost of its calls as the pages show it; and how many calls have a price from where."""
    lake = open_lake(folder)
    with lake.reading() as connection:
        known = coverage(connection)
        assert known.first and known.last
        ever = Timeframe(known.first.replace(second=0, microsecond=0), store.UNTIL)
        found = ask(connection, Question(Selection(ever), ("cost_usd",), ("key",)), known)
        basis = sa.select(CALLS.c.cost_basis, sa.func.count()).group_by(CALLS.c.cost_basis)
        counted = Counter({name: int(calls) for name, calls in connection.execute(basis)})
    lake.close()
    costs = zip(found["key"], found["cost_usd"], strict=True)
    return {key: cost for key, cost in costs if cost is not None}, counted


def measure(calls: int) -> dict[str, Any]:
    """Import both logs and hold the first's sums against those by hand."""
    with tempfile.TemporaryDirectory() as home:
        log, bare = Path(home) / "log.csv", Path(home) / "bare.csv"
        write_csv(log, calls=calls, days=120, seed=store.SEED, until=store.UNTIL)
        without_prices(log, bare)
        seconds = {each.stem: imported(each, Path(home) / each.stem / "store") for each in (log, bare)}
        hand = {key: cost for key, cost in by_hand(log).items() if cost}
        shown, on_rows = by_console(Path(home) / "log" / "store")
        _, found = by_console(Path(home) / "bare" / "store")
    return {
        "calls": calls,
        "with_prices_s": seconds["log"],
        "prices_found_s": seconds["bare"],
        "keys": len(hand),
        "keys_that_differ": sum(hand.get(key) != shown.get(key) for key in {*hand, *shown}),
        "total_usd": str(sum(hand.values())),
        "basis_with_prices": on_rows,
        "basis_found": found,
    }


def main() -> None:
    """Measure and print."""
    given = printed.asked(__doc__, calls=1_000_000).parse_args()
    found = measure(given.calls)
    slower = printed.times(found["prices_found_s"], found["with_prices_s"])
    printed.show(
        printed.machine(),
        f"{found['calls']:,} calls with prices imported in {found['with_prices_s']:.1f} s, "
        f"with prices to find in {found['prices_found_s']:.1f} s ({slower})",
        f"Prices from: {dict(found['basis_with_prices'])}",
        f"without them on the rows: {dict(found['basis_found'])}",
        f"${found['total_usd']} by hand over {found['keys']} keys",
        f"Keys whose cost differs: {found['keys_that_differ']}",
    )
    printed.write(given.json, found)


if __name__ == "__main__":
    main()
